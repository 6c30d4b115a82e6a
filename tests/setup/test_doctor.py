"""The doctor names what is missing and the command that repairs it."""

import json
from pathlib import Path

import pytest

from orchestration import doctor
from orchestration.doctor import Check
from tests.setup.project import PROJECT

WELL = Check("Python", ok=True, found="3.11.7")
ILL = Check("Java", ok=False, found="too old", fix="make setup")
UNUSED = Check("Chromium (tests only)", ok=False, found="not found", fix="make test-tools", optional=True)


def test_report_ends_with_the_commands_that_repair() -> None:
    report = doctor.render([WELL, ILL, UNUSED])
    assert "!!  Java" in report
    assert report.endswith("To repair: make setup\nTo repair: make test-tools")


def test_what_only_tests_need_may_be_missing() -> None:
    assert doctor.is_healthy([WELL, UNUSED])
    assert not doctor.is_healthy([WELL, ILL])


def test_json_holds_the_same_for_programs() -> None:
    answer = json.loads(doctor.as_json([WELL, ILL]))
    assert answer["ok"] is False
    assert answer["checks"][1] == {
        "name": "Java",
        "ok": False,
        "found": "too old",
        "fix": "make setup",
        "optional": False,
    }


def test_this_installation_is_diagnosed_without_starting_spark() -> None:
    names = [check.name for check in doctor.diagnose()]
    assert names[:5] == ["Python", "Python packages", "Java", "Java archives", "State folder"]


def test_package_of_another_version_is_named(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("pytest==0.1 \\\n    --hash=sha256:00\nno-such-package==1.0 \\\n    --hash=sha256:00\n")
    check = doctor.python_packages(lock)
    assert (check.ok, check.fix) == (False, "make setup")
    assert "pytest is" in check.found
    assert "no-such-package is missing" in check.found


def test_package_for_another_system_is_not_asked_for(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("no-such-package==1.0 ; python_full_version < '3.0' \\\n    --hash=sha256:00\n")
    assert doctor.python_packages(lock).ok


def test_missing_archives_name_set_up(tmp_path: Path) -> None:
    check = doctor.java_archives(tmp_path, hashes=PROJECT / "jars.sha256")
    assert not check.ok
    assert check.fix == "rm -rf .jars && make setup"


@pytest.mark.parametrize("home", [None, Path("/nonexistent")])
def test_missing_java_names_set_up(home: Path | None) -> None:
    check = doctor.java_runtime(home)
    assert not check.ok
    assert check.fix.endswith("make setup")


def test_state_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    file = tmp_path / "a-file"
    file.write_text("")
    check = doctor.writable_state(file / "state")
    assert not check.ok
    assert check.fix.startswith("export HABITUE_STATE=")
