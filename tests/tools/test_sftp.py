"""The `sftp` destination and OpenSSH's own server."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from activation.destination import Batch, DestinationSettings, Operation, Record
from activation.destinations.csv_file import CsvFile
from activation.destinations.sftp import Sftp
from lakehouse.errors import DestinationUnavailable, WrongCall
from tests.tools.openssh import OpenSSH

FILE = "win_back_2026-03-01.csv"


def record(contact_id: str, operation: Operation = "add", **fields: object) -> Record:
    payload = None if operation == "remove" else json.dumps(fields)
    return Record(f"contact:crm:{contact_id}", contact_id, "c", operation, payload, "h", None, 1)


def batch(*records: Record) -> Batch:
    return Batch("crm", "win_back", date(2026, 3, 1), ("band",), records)


def destination(server: OpenSSH, folder: Path = Path(), **keys: Any) -> Sftp:
    login = {"host": server.host, "port": server.port, "user": server.user, "key_file": str(server.own_key)}
    entry = {"type": "sftp", "source": "crm", "path": str(server.upload), **login, "host_key": server.fingerprint}
    entry = {name: value for name, value in (entry | keys).items() if value is not None}
    return Sftp.opened(DestinationSettings.model_validate(entry), folder=folder, secret=None)


@pytest.fixture
def server(openssh: OpenSSH) -> Iterator[OpenSSH]:
    """The server with an empty folder."""
    yield openssh
    openssh.upload.chmod(0o755)
    for path in openssh.upload.iterdir():
        path.unlink()


def test_two_sends_of_a_night_leave_the_file_that_csv_writes(server: OpenSSH, tmp_path: Path) -> None:
    there, here = destination(server), CsvFile(tmp_path)
    there.check()
    for sent in (
        batch(record("1", band="Ça va\r\n"), record("2", band="=1"), record("3")),
        batch(record("3", "remove"), record("2", "update", band="low"), record("=4")),
    ):
        assert there.send(sent) == here.send(sent)
    assert [path.name for path in server.upload.iterdir()] == [FILE]
    assert (server.upload / FILE).read_bytes() == (tmp_path / FILE).read_bytes()


def test_a_server_that_was_never_told_of_is_refused_with_what_to_type(server: OpenSSH) -> None:
    with pytest.raises(WrongCall, match="host key is not known") as refused:
        destination(server, host_key=None).check()
    assert f"`host_key: {server.fingerprint}`" in refused.value.next_step
    assert not list(server.upload.iterdir())


def test_another_host_key_than_the_pinned_one_gets_neither_login_nor_records(server: OpenSSH) -> None:
    with pytest.raises(WrongCall, match="another one than the pinned one"):
        destination(server, host_key=f"SHA256:{'A' * 43}").send(batch(record("1")))
    assert not list(server.upload.iterdir())


def test_a_known_hosts_file_pins_as_well(server: OpenSSH, tmp_path: Path) -> None:
    server.known_hosts(tmp_path / "known")
    destination(server, tmp_path, host_key=None, known_hosts="known").check()
    (tmp_path / "known").write_text("elsewhere.example ssh-ed25519 AAAA\n")
    with pytest.raises(WrongCall, match="not known"):
        destination(server, tmp_path, host_key=None, known_hosts="known").check()


def test_a_login_that_is_refused_is_wrong_credentials(server: OpenSSH) -> None:
    with pytest.raises(WrongCall, match="refuses the login"):
        destination(server, key_file=str(server.folder / "host_key")).check()


def test_a_folder_that_is_not_there_is_found_by_the_check(server: OpenSSH) -> None:
    with pytest.raises(WrongCall, match="`path` is not there or cannot be written"):
        destination(server, path=str(server.upload / "nowhere")).check()


def test_a_server_that_does_not_answer_is_unavailable(server: OpenSSH) -> None:
    with pytest.raises(DestinationUnavailable, match="ConnectionRefusedError"):
        destination(server, port=1).check()
