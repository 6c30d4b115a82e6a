"""What is installed, what is missing, and the command that repairs it."""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import KW_ONLY, asdict, dataclass
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory

from packaging.requirements import Requirement

from lakehouse.settings import PROJECT, Settings, settings
from scripts import environment, jars, java, tools

SETUP = "make setup"
NEW_PYTHON = "make clean-all setup PYTHON=/path/to/python3.11"


@dataclass(frozen=True)
class Check:
    """One thing that Habitué needs: what was found, and the command that repairs it when it is not well."""

    name: str
    _: KW_ONLY
    ok: bool
    found: str
    fix: str = ""
    optional: bool = False


def diagnose(lake: str | None = None, *, deep: bool = False) -> list[Check]:
    """Every check, in the order in which to repair them; `deep` starts Spark and writes a Delta table as well."""
    here = settings()
    checks = [
        python_version(sys.version_info[:3]),
        python_packages(PROJECT / "requirements.lock"),
        java_runtime(here.java_home),
        java_archives(here.jars_folder, hashes=PROJECT / "jars.sha256"),
        writable_state(here.state_folder(lake) if lake else here.state or Path.cwd()),
    ]
    return [*checks, *([delta_session(here)] if deep else []), *programs_for_tests()]


def is_healthy(checks: Sequence[Check]) -> bool:
    """True if everything that a night needs is there; what only tests need may be missing."""
    return all(check.ok or check.optional for check in checks)


def render(checks: Sequence[Check]) -> str:
    """The checks as text, one line each, and the commands to type at the end."""
    width = max(len(check.name) for check in checks)
    lines = [f"{mark(check)}  {check.name:<{width}}  {check.found}" for check in checks]
    fixes = dict.fromkeys(check.fix for check in checks if not check.ok and check.fix)
    verdict = (
        "Everything that a night needs is here." if is_healthy(checks) else "Something that a night needs is missing."
    )
    return "\n".join([*lines, verdict, *(f"To repair: {fix}" for fix in fixes)])


def as_json(checks: Sequence[Check]) -> str:
    """The checks for programs: `ok` for the whole and one object per check."""
    return json.dumps({"ok": is_healthy(checks), "checks": [asdict(check) for check in checks]})


def mark(check: Check) -> str:
    """Two signs before a line of the report."""
    return "ok" if check.ok else "--" if check.optional else "!!"


def python_version(version: tuple[int, ...]) -> Check:
    """Whether this Python is one that the lock was made for."""
    found = ".".join(str(part) for part in version)
    return Check("Python", ok=version[:2] in environment.SUPPORTED, found=found, fix=NEW_PYTHON)


def python_packages(lock: Path) -> Check:
    """Whether what is installed is what the lock pins."""
    differences = [text for requirement in pinned(lock) if (text := difference(requirement))]
    if not differences:
        return Check("Python packages", ok=True, found=f"as pinned in {lock.name}")
    shown = "; ".join(differences[:3]) + (f"; and {len(differences) - 3} more" if len(differences) > 3 else "")
    return Check("Python packages", ok=False, found=shown, fix=SETUP)


def pinned(lock: Path) -> Iterator[Requirement]:
    """The requirements of a lock that apply to this machine."""
    for line in lock.read_text().splitlines():
        if line and not line.startswith((" ", "#")):
            requirement = Requirement(line.rstrip("\\ "))
            if requirement.marker is None or requirement.marker.evaluate():
                yield requirement


def difference(requirement: Requirement) -> str:
    """How the installed package differs from what is pinned, in words; empty when it does not."""
    try:
        installed = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return f"{requirement.name} is missing"
    return (
        ""
        if requirement.specifier.contains(installed)
        else f"{requirement.name} is {installed}, not {requirement.specifier}"
    )


def java_runtime(home: Path | None) -> Check:
    """Whether the Java that set-up recorded runs Spark; None when it recorded none."""
    if home is None:
        return Check("Java", ok=False, found="set-up has recorded none in .java", fix=SETUP)
    found = java.inspect(home / "bin" / "java", source=".java")
    problem = "" if found.version and is_wrapper(home) else found.problem
    shown = problem or f"{found.version} at {found.home}"
    return Check("Java", ok=not problem, found=shown, fix=f"rm -rf .java && {SETUP}")


def is_wrapper(home: Path) -> bool:
    """True if set-up wrote a wrapper around the packaged Java, which does without the module that it lacks."""
    return not home.is_symlink() and (home / "bin" / "java").read_bytes().startswith(b"#!/bin/sh")


def java_archives(folder: Path, *, hashes: Path) -> Check:
    """Whether the Delta and PostgreSQL archives are the committed ones."""
    problems = jars.problems(folder, hashes=hashes)
    found = "; ".join(problems) or f"{len(jars.listed(hashes))} verified in {folder}"
    return Check("Java archives", ok=not problems, found=found, fix=f"rm -rf .jars && {SETUP}")


def writable_state(folder: Path) -> Check:
    """Whether state (lock, Dagster, MLflow) can be written here, or where the folder would have to be made."""
    existing = next(path for path in (folder, *folder.resolve().parents) if path.exists())
    ok = existing.is_dir() and os.access(existing, os.W_OK)
    fix = "export HABITUE_STATE=/a/folder/that/you/may/write"
    return Check("State folder", ok=ok, found=f"{folder} {'can' if ok else 'cannot'} be written", fix=fix)


def delta_session(here: Settings) -> Check:
    """Whether Spark starts and writes and reads a Delta table."""
    from lakehouse.spark import spark_session

    try:
        spark = spark_session(here)
        with TemporaryDirectory() as folder:
            spark.range(3).write.format("delta").save(f"{folder}/three")
            rows = spark.read.format("delta").load(f"{folder}/three").count()
    except Exception as failure:  # noqa: BLE001 - whatever stops Spark is the finding
        return Check("Spark with Delta", ok=False, found=f"{type(failure).__name__}: {first_line(failure)}", fix=SETUP)
    return Check(
        "Spark with Delta", ok=rows == 3, found=f"Spark {spark.version} wrote and read a Delta table", fix=SETUP
    )


def first_line(failure: Exception) -> str:
    """The first line of an error's message, without the Java stack below it."""
    return next(iter(str(failure).splitlines()), "")


def programs_for_tests() -> list[Check]:
    """Whether the programs for `make test-tools` are there; no night needs them."""
    found = [(tool, tool.find()) for tool in tools.TOOLS]
    return [
        Check(
            f"{tool.name} (tests only)",
            ok=path is not None,
            found=str(path or "not found"),
            fix="make test-tools",
            optional=True,
        )
        for tool, path in found
    ]
