"""Only archives that the committed list names are ever used, and a refusal says why."""

import hashlib
from pathlib import Path

import pytest

from scripts.jars import JarsRefused, cause, listed, problems, verify
from tests.setup.project import PROJECT


@pytest.fixture
def hashes(tmp_path: Path) -> Path:
    """A list of two archives, and a folder `jars` that holds them."""
    folder = tmp_path / "jars"
    folder.mkdir()
    for name in ("delta.jar", "driver.jar"):
        (folder / name).write_text(name)
    lines = (f"{hashlib.sha256(name.encode()).hexdigest()}  {name}\n" for name in ("delta.jar", "driver.jar"))
    (tmp_path / "jars.sha256").write_text("".join(lines))
    return tmp_path / "jars.sha256"


def test_listed_archives_are_accepted(hashes: Path) -> None:
    assert problems(hashes.parent / "jars", hashes=hashes) == []


def test_altered_archive_is_refused_with_what_to_type(hashes: Path) -> None:
    (hashes.parent / "jars" / "delta.jar").write_text("something else")
    message = r"(?s)delta\.jar has another SHA-256.*not used; tables and Python packages are untouched.*make setup"
    with pytest.raises(JarsRefused, match=message):
        verify(hashes.parent / "jars", hashes=hashes)


def test_missing_and_unlisted_archives_are_named(hashes: Path) -> None:
    (hashes.parent / "jars" / "driver.jar").rename(hashes.parent / "jars" / "stranger.jar")
    expected = ["driver.jar is missing", "stranger.jar is not listed"]
    assert problems(hashes.parent / "jars", hashes=hashes) == expected


def test_committed_list_holds_delta_and_the_postgresql_driver() -> None:
    names = listed(PROJECT / "jars.sha256")
    assert any(name.startswith("io.delta_delta-spark_4.1_2.13-4.4.0") for name in names)
    assert any(name.startswith("org.postgresql_postgresql-") for name in names)
    assert all(len(digest) == 64 for digest in names.values())


def test_cause_is_the_line_that_explains_most() -> None:
    log = [
        ":: resolving dependencies ::",
        "\tunresolved dependency: io.delta#delta-spark_4.1_2.13;4.4.0: not found",
        "\tServer access error at url X (javax.net.ssl.SSLHandshakeException: PKIX path building failed)",
    ]
    assert cause(log) == log[2].strip()
    assert cause(["all is well"]) == "the log names none"
