"""What the retailer file may say about each type of destination, found when it is loaded."""

from typing import Any

import pytest
from pydantic import ValidationError

from activation.settings import Activation

SFTP = {"type": "sftp", "host": "h", "user": "u", "path": "/in"}
TABLE = {"type": "table", "credentials": "BI", "url": "postgresql://bi@db.example/shop"}
LISTMONK = {"type": "listmonk", "credentials": "LISTMONK", "url": "https://listmonk.example", "user": "u"}


def loaded(entry: dict[str, Any]) -> Activation:
    return Activation.model_validate({"destinations": {"there": {"source": "crm"} | entry}})


@pytest.mark.parametrize(
    "entry", [SFTP, SFTP | {"host_key": f"SHA256:{'A' * 43}"}, TABLE | {"table": "scores"}, LISTMONK]
)
def test_a_whole_entry_is_loaded(entry: dict[str, Any]) -> None:
    assert loaded(entry).destinations["there"].type == entry["type"]


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (SFTP | {"host_key": "ssh-ed25519 AAAA"}, "host_key"),
        (SFTP | {"host_key": f"SHA256:{'A' * 43}", "known_hosts": "k"}, "not both"),
        (SFTP | {"port": 0}, "port"),
        (TABLE | {"url": "postgresql://bi:secret@db.example/shop"}, "hold no password"),
        (TABLE | {"url": "postgresql://bi@db.example/shop?password=secret"}, "hold no password"),
        (TABLE | {"url": "jdbc:postgresql://db.example/shop"}, "must read postgresql://"),
        ({name: value for name, value in TABLE.items() if name != "credentials"}, "credentials is missing"),
    ],
)
def test_what_is_wrong_is_named_without_the_value(entry: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError) as refused:
        loaded(entry)
    messages = [error["msg"] for error in refused.value.errors()]
    assert any(problem in message for message in messages)
    assert not any("secret" in message for message in messages)
