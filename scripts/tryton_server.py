"""A Tryton server on this machine: databases in one folder, JSON-RPC and the web client on one port of 127.0.0.1."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from activation.destinations.tryton_rpc import Rpc
from scripts.tryton import PROGRAMS, WEB_ROOT

SETTINGS = """[database]
uri = sqlite://
path = {folder}
[web]
listen = 127.0.0.1:{port}
root = {web}
[session]
max_attempt = {most_wrong_passwords}
"""
READY_WITHIN = 60.0
STOPS_WITHIN = 10.0
"""Seconds."""

Group = Literal["Habitué sync", "Habitué marketing"]


class NotStarted(Exception):
    """The server ended or did not answer in time; its log says why."""


def make_database(folder: Path, name: str, *, password: str) -> None:
    """A database with customers and Habitué's module, whose user `admin` has this password.

    Raises: CalledProcessError.
    """
    secret = folder / ".password"
    (folder / f"{name}.sqlite").touch()
    secret.touch(mode=0o600)
    secret.write_text(password)
    account = ("--activate-dependencies", "--email", "admin@crm.example", "--password")
    try:
        _administer(folder, name, "party", "habitue", *account, environment={"TRYTONPASSFILE": str(secret)})
    finally:
        secret.unlink()


def update_module(folder: Path, name: str) -> None:
    """Bring a database in line with the module as it is now.

    Raises: CalledProcessError.
    """
    _administer(folder, name, "habitue", environment={})


def _administer(folder: Path, name: str, *modules_and_options: str, environment: dict[str, str]) -> None:
    command: list[str | Path] = [PROGRAMS / "trytond-admin", "-c", _settings(folder, port=1), "-d", name, "-u"]
    subprocess.run([*command, *modules_and_options], env={**os.environ, **environment}, check=True)


@contextmanager
def running(folder: Path, name: str, *, port: int, most_wrong_passwords: int = 5) -> Iterator[str]:
    """The address of a server for this database of the folder, up while the block runs.

    Raises: NotStarted.
    """
    if _answers(port):
        raise NotStarted(f"port {port} is in use")
    settings = _settings(folder, port=port, most_wrong_passwords=most_wrong_passwords)
    with (folder / "server.log").open("ab") as log:
        # Loaded at the start: trytond 8.0.12 fails a log-in to a database that no call has loaded before.
        command: list[str | Path] = [PROGRAMS / "trytond", "-c", settings, "-d", name]
        # A session of its own: Ctrl-C ends this program, which then stops the server.
        server = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        try:
            _wait(server, port, folder)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            try:
                server.wait(STOPS_WITHIN)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def add_user(admin: Rpc, login: str, *, name: str, password: str, group: Group) -> None:
    """A user of the CRM in one of the module's groups."""
    (found,) = admin.call("model.res.group.search_read", [["name", "=", group]], 0, None, None, ["id"], {})
    user: dict[str, Any] = {"login": login, "name": name, "password": password, "groups": [["add", [found["id"]]]]}
    admin.call("model.res.user.create", [user], {})


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _settings(folder: Path, *, port: int, most_wrong_passwords: int = 5) -> Path:
    path = folder / "trytond.conf"
    path.write_text(SETTINGS.format(folder=folder, port=port, web=WEB_ROOT, most_wrong_passwords=most_wrong_passwords))
    return path


def _wait(server: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    until = time.monotonic() + READY_WITHIN
    while time.monotonic() < until:
        if server.poll() is not None:
            raise NotStarted(f"the server ended with status {server.returncode}; see {folder / 'server.log'}")
        if _answers(port):
            return
        time.sleep(0.1)
    raise NotStarted(f"the server gave no answer within {READY_WITHIN:.0f} s; see {folder / 'server.log'}")


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
