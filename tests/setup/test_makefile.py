"""`make help` explains every target."""

import re
import subprocess

from tests.setup.project import PROJECT

INTERNAL = {"again"}


def test_help_lists_every_target() -> None:
    phony = re.search(r"^\.PHONY: (.+)$", (PROJECT / "Makefile").read_text(), re.MULTILINE)
    assert phony is not None
    explained = dict(re.findall(r"^  make (\S+) +(.+)$", make("help"), re.MULTILINE))
    assert set(explained) == set(phony.group(1).split()) - INTERNAL


def test_readme_targets_exist() -> None:
    explained = make("help")
    for target in ("setup", "demo", "test", "test-tools", "check", "help", "try-contoso", "bench", "clean", "docs"):
        assert f"make {target} " in explained


def make(*arguments: str) -> str:
    """What make prints."""
    return subprocess.run(["make", *arguments], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
