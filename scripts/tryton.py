"""Tryton for `make crm` and `make test-tools`: `.tryton/` holds its own Python environment and its web client.

It is GPL software in an environment and processes of its own; nothing of the product imports it.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.environment import PROJECT, installed_uv, run, uv_environment

TRYTON = PROJECT / ".tryton"
DISTRIBUTION = PROJECT / "integrations" / "tryton"
LOCK = DISTRIBUTION / "requirements.lock"
WEB = DISTRIBUTION / "web"
PROGRAMS = TRYTON / "venv" / "bin"
WEB_ROOT = TRYTON / "web" / "node_modules" / "tryton-sao"

FAILED = """habitue tryton: `{command}` failed with status {status}; the reason stands above.
.tryton is not complete; everything else is untouched.
Remove the cause (network, proxy, disk), then type the same command again."""


def main() -> int:
    """Exit status of having Tryton and its web client as their locks pin them."""
    try:
        install()
    except subprocess.CalledProcessError as failure:
        command = " ".join(str(part) for part in failure.cmd[:4])
        print(FAILED.format(command=command, status=failure.returncode), file=sys.stderr)
        return 1
    print(f"Tryton: {PROGRAMS}\nits web client: {WEB_ROOT if has_web_client() else 'not installed: there is no npm'}")
    return 0


def install() -> None:
    """Bring `.tryton/` in line with the two locks; nothing is done where it is.

    Raises: CalledProcessError.
    """
    if not _is_fresh(LOCK, DISTRIBUTION / "pyproject.toml"):
        _install_server()
        _stamp(LOCK, DISTRIBUTION / "pyproject.toml")
    lock = WEB / "package-lock.json"
    npm = shutil.which("npm")
    if npm and not _is_fresh(lock):
        _install_web_client(npm)
        _stamp(lock)


def has_web_client() -> bool:
    """Whether the client for browsers is there; the server works without it."""
    return (WEB_ROOT / "index.html").exists()


def _install_server() -> None:
    uv, environment, python = installed_uv(), uv_environment(), PROGRAMS / "python"
    run(uv, "venv", "--quiet", "--clear", "--python", sys.executable, TRYTON / "venv", environment=environment)
    locked = ["--quiet", "--require-hashes", "--compile-bytecode", "--python", python, LOCK]
    run(uv, "pip", "sync", *locked, environment=environment)
    # Editable, so that a changed form is seen at the next start.
    module = ["--quiet", "--no-deps", "--no-build-isolation", "--offline", "--python", python]
    run(uv, "pip", "install", *module, "--editable", DISTRIBUTION, environment=environment)


def _install_web_client(npm: str) -> None:
    web = TRYTON / "web"
    shutil.rmtree(web, ignore_errors=True)
    shutil.copytree(WEB, web)
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    run(npm, "ci", *quiet, "--prefix", web)
    # The client's page looks for the packages beside itself.
    (WEB_ROOT / "node_modules").symlink_to("..")


def _is_fresh(*locks: Path) -> bool:
    stamp = _stamp_of(*locks)
    return stamp.exists() and stamp.read_text() == _digest(*locks)


def _stamp(*locks: Path) -> None:
    _stamp_of(*locks).write_text(_digest(*locks))


def _stamp_of(*locks: Path) -> Path:
    return TRYTON / f".{locks[0].stem}.installed"


def _digest(*files: Path) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
