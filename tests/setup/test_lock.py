"""The lock pins every package by hash, for every supported Python, and names no host."""

import re
import tomllib
from collections.abc import Mapping

from packaging.requirements import Requirement

from orchestration.doctor import pinned
from tests.setup.project import PROJECT

LOCK = (PROJECT / "requirements.lock").read_text()
ENTRIES = [entry for entry in re.split(r"\n(?=\S)", LOCK) if not entry.startswith("#")]


def test_every_package_is_pinned_with_a_hash() -> None:
    assert [entry for entry in ENTRIES if not re.match(r"[\w.\[\]-]+==[^\s]+.*\\\n\s+--hash=sha256:", entry)] == []


def test_lock_names_no_host() -> None:
    assert "://" not in LOCK


def test_lock_holds_everything_that_pyproject_asks_for() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    asked = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    locked = {requirement.name: requirement.specifier for requirement in pinned(PROJECT / "requirements.lock")}
    unmet = [text for text in asked if not is_met(Requirement(text), locked=locked)]
    assert unmet == [], "write the lock again: the command stands in its second line"


def is_met(asked: Requirement, *, locked: Mapping[str, object]) -> bool:
    """True if the lock pins a version that this requirement allows."""
    pin = str(locked.get(asked.name, "")).removeprefix("==")
    return bool(pin) and asked.specifier.contains(pin)
