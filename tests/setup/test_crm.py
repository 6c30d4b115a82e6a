"""`make crm` before there is anything to show, and what it installs."""

import json
from pathlib import Path

import pytest

from scripts import crm
from scripts.tryton import LOCK, WEB


def test_without_a_demo_it_says_what_to_type(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert crm.main(["--lake", str(tmp_path / "lake")]) == 2
    assert "Type `make demo`" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_locks_of_the_crm_name_no_registry_and_check_every_file() -> None:
    server, client = LOCK.read_text(), (WEB / "package-lock.json").read_text()
    assert "://" not in server
    assert server.count("==") <= server.count("--hash=sha256:")
    packages = {name: one for name, one in json.loads(client)["packages"].items() if name}
    assert [name for name, one in packages.items() if "resolved" in one or not one.get("integrity")] == []
