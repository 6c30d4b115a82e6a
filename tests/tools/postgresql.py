"""A PostgreSQL of its own for the tests: a temporary folder, a free port, another user than root."""

import os
import pwd
import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp

SETTINGS = "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"


@dataclass(frozen=True)
class PostgreSQL:
    """A running server with one empty database and one user that may do everything in it."""

    programs: Path
    port: int
    password: str = field(repr=False)
    host: str = "127.0.0.1"
    user: str = "habitue"
    database: str = "postgres"

    @property
    def jdbc_url(self) -> str:
        """The address as Spark's JDBC reader takes it, without user and password."""
        return f"jdbc:postgresql://{self.host}:{self.port}/{self.database}"

    def execute(self, statements: str) -> list[list[str]]:
        """The rows of the last query, as text, after running the statements through psql."""
        address = ["-h", self.host, "-p", str(self.port), "-U", self.user, "-d", self.database]
        command = [str(self.programs / "psql"), *address, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]
        environment = {**os.environ, "PGPASSWORD": self.password}
        done = subprocess.run(command, input=statements, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise AssertionError(f"PostgreSQL refused the statements: {done.stderr.strip()}")
        return [line.split("|") for line in done.stdout.splitlines()]


@contextmanager
def running_postgresql(programs: Path) -> Iterator[PostgreSQL]:
    """A server that is up while the block runs; its files are deleted afterwards."""
    server = PostgreSQL(programs, free_port(), secrets.token_hex(16))
    folder = Path(mkdtemp(prefix="habitue-postgresql-"))
    owner = unprivileged_owner(folder)
    try:
        start(server, folder, owner=owner)
        yield server
    finally:
        run(programs / "pg_ctl", "-D", folder / "data", "-m", "immediate", "stop", owner=owner, check=False)
        shutil.rmtree(folder)


def start(server: PostgreSQL, folder: Path, *, owner: str | None) -> None:
    """Make an empty cluster in the folder and wait until it answers."""
    secret = folder / "password"
    secret.write_text(server.password)
    shutil.chown(secret, owner) if owner else None
    login = ("-U", server.user, "-A", "scram-sha-256", f"--pwfile={secret}")
    run(
        server.programs / "initdb", "-D", folder / "data", *login, "-E", "UTF8", "--no-locale", "--no-sync", owner=owner
    )
    settings = SETTINGS.format(port=server.port, folder=folder)
    log = ("-l", folder / "log")
    run(server.programs / "pg_ctl", "-D", folder / "data", "-w", *log, "-o", settings, "start", owner=owner)


def unprivileged_owner(folder: Path) -> str | None:
    """The user to run the server as, now owner of the folder; None when this process is not root."""
    if os.geteuid() != 0:
        return None
    names = {user.pw_name for user in pwd.getpwall()}
    owner = "postgres" if "postgres" in names else "nobody"
    shutil.chown(folder, owner)
    return owner


def run(*command: object, owner: str | None, check: bool = True) -> None:
    """Run one of PostgreSQL's programs as that user, from a folder that it may enter."""
    text = [str(part) for part in command]
    # No pipes: the server inherits them, and waiting for their end would never end.
    done = subprocess.run(text, user=owner, cwd="/", stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, check=False)
    if check and done.returncode:
        raise AssertionError(f"`{' '.join(text[:3])}` failed with status {done.returncode}; its reason stands above")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
