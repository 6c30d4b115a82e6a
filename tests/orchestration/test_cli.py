"""The command line: exit status, and errors that say what to type next."""

import json
from pathlib import Path

import pytest

from orchestration import cli, docs
from tests.end_to_end.small_shop import FIRST, write_shop


def place(folder: Path, **other: str) -> list[str]:
    given = {"retailer": folder / "shop.yaml", "landing": folder / "landing", "lake": folder / "lake", **other}
    return [part for name, value in given.items() for part in (f"--{name}", str(value))]


def test_missing_landing_folder_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_shop(tmp_path)
    assert cli.main(["night", *place(tmp_path, landing="nowhere"), "--date", str(FIRST)]) == 2
    assert "nowhere: there is no such landing folder" in capsys.readouterr().err


def test_lake_folder_that_cannot_be_written_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_shop(tmp_path)
    (tmp_path / "file").write_text("a file is no folder")
    assert cli.main(["night", *place(tmp_path, lake=str(tmp_path / "file" / "lake")), "--date", str(FIRST)]) == 2
    assert "the lake folder cannot be written" in capsys.readouterr().err


def test_night_in_the_future_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_shop(tmp_path)
    assert cli.main(["night", *place(tmp_path), "--date", "2999-01-01"]) == 2
    assert "this night lies in the future" in capsys.readouterr().err


def test_error_is_one_json_object_when_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["night", *place(tmp_path), "--date", str(FIRST), "--json"]) == 2
    said = json.loads(capsys.readouterr().out)
    assert said["error"].keys() == {"what", "where", "still_true", "next"}


def test_unknown_command_is_a_wrong_call() -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(["nights"])
    assert stopped.value.code == 2


def test_reference_pages_are_up_to_date() -> None:
    assert docs.main(["--check"]) == 0
