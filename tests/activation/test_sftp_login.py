"""The `sftp` destination's login by password, against a server of paramiko's own protocol."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paramiko
import pytest

from activation.destination import DestinationSettings
from activation.destinations.sftp import Sftp
from lakehouse.errors import DestinationUnavailable, WrongCall

PASSWORD = "shared between two"


class Door(paramiko.ServerInterface):  # type: ignore[misc]
    """Lets one password in, and notes what was tried."""

    def __init__(self) -> None:
        self.tried: list[str] = []

    def check_auth_password(self, username: str, password: str) -> int:
        """Whether it is the password."""
        self.tried.append(password)
        return int(paramiko.AUTH_SUCCESSFUL if password == PASSWORD else paramiko.AUTH_FAILED)

    def check_channel_request(self, kind: str, chanid: int) -> int:
        """Any channel: without a file system behind it."""
        return int(paramiko.OPEN_SUCCEEDED)


@contextmanager
def listening() -> Iterator[tuple[Door, paramiko.PKey, int]]:
    """A server that answers one caller."""
    door, key = Door(), paramiko.ECDSAKey.generate()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            line, _ = server.accept()
            with line:
                transport = paramiko.Transport(line)
                transport.add_server_key(key)
                # With an event it does not wait, nor raise where the caller hangs up while they greet each other.
                transport.start_server(event=threading.Event(), server=door)
                transport.join(5)
                transport.close()

        caller = threading.Thread(target=serve)
        caller.start()
        yield door, key, server.getsockname()[1]
        caller.join()


def destination(port: int, host_key: str, password: str) -> Sftp:
    entry = {"type": "sftp", "source": "crm", "host": "127.0.0.1", "port": port, "user": "u", "path": "/in"}
    settings = DestinationSettings.model_validate(entry | {"host_key": host_key, "credentials": "SFTP"})
    return Sftp.opened(settings, folder=Path(), secret=password)


def test_a_wrong_password_is_refused_and_not_told() -> None:
    with listening() as (door, key, port):
        with pytest.raises(WrongCall, match="refuses the login") as refused:
            destination(port, key.fingerprint, "another").check()
        assert door.tried == ["another"]
    assert "another" not in str(refused.value)


def test_no_password_goes_to_a_server_with_another_key() -> None:
    with listening() as (door, _, port):
        with pytest.raises(WrongCall, match="another one than the pinned one"):
            destination(port, f"SHA256:{'A' * 43}", PASSWORD).check()
        assert door.tried == []


def test_the_right_password_is_let_in_and_a_server_without_files_is_unavailable() -> None:
    with listening() as (door, key, port):
        with pytest.raises(DestinationUnavailable):
            destination(port, key.fingerprint, PASSWORD).check()
        assert door.tried == [PASSWORD]
