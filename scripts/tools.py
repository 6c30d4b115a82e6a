"""The servers and programs that `make test-tools` needs: from the system's packages, or made in `.tools/`."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.listmonk import go_program, install_listmonk, listmonk_program
from scripts.openssh import install_openssh, openssh_folder

CANNOT_INSTALL = """habitue test-tools: {missing} not found, and this user cannot install system packages ({reason}).
Nothing was changed; `make test` needs neither.
As root type `apt-get install {packages}` (elsewhere: the packages of your system), then `make test-tools`."""

NOT_INSTALLED = """habitue test-tools: `{command}` failed with status {status}; the reason stands above.
{missing} still missing; `make test` needs neither.
Repair the package manager, then `make test-tools`."""


@dataclass(frozen=True)
class Tool:
    """A program outside Python: how to find it, and the Debian package that brings it, or how it is made here."""

    name: str
    find: Callable[[], Path | None]
    package: str | None = None
    make: Callable[[], int] | None = None


def main() -> int:
    """Exit status of having every tool; installs what is missing with apt-get when run as root."""
    missing = [tool for tool in TOOLS if tool.package and tool.find() is None]
    if missing and (status := install(missing, environ=os.environ)):
        return status
    for tool in TOOLS:
        if tool.make and tool.find() is None and (status := tool.make()):
            return status
    for tool in TOOLS:
        print(f"{tool.name}: {tool.find()}")
    return 0


def install(missing: list[Tool], *, environ: Mapping[str, str]) -> int:
    """Exit status of installing these tools from the system's packages."""
    names, packages = " and ".join(tool.name for tool in missing), [tool.package for tool in missing if tool.package]
    apt = shutil.which("apt-get", path=environ.get("PATH"))
    if apt is None or os.geteuid() != 0:
        reason = "apt-get is not here" if apt is None else "not root"
        print(CANNOT_INSTALL.format(missing=names, reason=reason, packages=" ".join(packages)), file=sys.stderr)
        return 2
    quiet = {**environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in ([apt, "update", "-qq"], [apt, "install", "-qq", "--yes", "--no-install-recommends", *packages]):
        done = subprocess.run(command, env=quiet, stdout=subprocess.DEVNULL, check=False)
        if done.returncode:
            facts = {"command": " ".join(command), "status": done.returncode, "missing": names}
            print(NOT_INSTALLED.format(**facts), file=sys.stderr)
            return 1
    return 0


def postgresql_programs() -> Path | None:
    """Folder with initdb, pg_ctl and psql of the newest PostgreSQL here; None when there is none."""
    found = shutil.which("initdb")
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    initdb = packaged[-1] if packaged else Path(found).resolve() if found else None
    return initdb.parent if initdb else None


def chromium_program() -> Path | None:
    """The Chromium or Chrome executable on PATH; None when there is none."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = next(filter(None, (shutil.which(name) for name in names)), None)
    return Path(found) if found else None


TOOLS = (
    Tool("PostgreSQL", postgresql_programs, "postgresql"),
    Tool("Chromium", chromium_program, "chromium"),
    Tool("Go", go_program, "golang-go"),
    Tool("OpenSSH's server", openssh_folder, make=install_openssh),
    Tool("listmonk", listmonk_program, make=install_listmonk),
)


if __name__ == "__main__":
    sys.exit(main())
