"""The Python environment: `.boot/` holds uv, `.venv/` what requirements.lock pins.

Run by whatever `python3` is on PATH, so the syntax stays old and the imports come from the standard library.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
BOOT = PROJECT / ".boot"
VENV = PROJECT / ".venv"
LOCK = PROJECT / "requirements.lock"
UV_VERSION = "0.13.8"
SUPPORTED = ((3, 11), (3, 12))

WRONG_PYTHON = """habitue set-up: Python {found} at {executable} cannot be used; 3.11 or 3.12 is needed.
Nothing was installed or changed.
Install one of them, then `make setup PYTHON=/path/to/python3.11`."""

NO_PIP = """habitue set-up: {executable} has neither ensurepip nor pip, so uv {uv} could not be installed into {boot}.
Nothing else was changed.
Install pip or venv for this Python (on Debian: `apt-get install python3-venv`), then `make setup`."""

FAILED = """habitue set-up: `{command}` failed with status {status} in {project}; the reason stands above.
{state}
Remove the cause (network, proxy, disk), then `make setup`."""


def main() -> int:
    """Exit status of bringing `.venv/` in line with the lock; says what is wrong instead of a traceback."""
    use_supported_python()
    try:
        uv = installed_uv()
        install_locked_packages(uv)
    except subprocess.CalledProcessError as failure:
        command = " ".join(str(part) for part in failure.cmd[:4])
        state = ".venv is not complete; installed data, jars and Java are untouched."
        print(FAILED.format(command=command, status=failure.returncode, project=PROJECT, state=state), file=sys.stderr)
        return 1
    return 0


def use_supported_python() -> None:
    """Continue under Python 3.11 or 3.12, found on PATH when the caller's is another version; stop otherwise."""
    if sys.version_info[:2] in SUPPORTED:
        return
    for major, minor in SUPPORTED:
        other = shutil.which(f"python{major}.{minor}")
        if other and runs_as(other, version=(major, minor)):
            os.execv(other, [other, *sys.argv])
    found = ".".join(str(part) for part in sys.version_info[:3])
    sys.exit(WRONG_PYTHON.format(found=found, executable=sys.executable))


def runs_as(executable: str, *, version: tuple[int, int]) -> bool:
    """True if the executable starts and is of that version (a version manager's stand-in may exist and not run)."""
    probe = [executable, "-c", f"import sys; sys.exit(sys.version_info[:2] != {version!r})"]
    return subprocess.run(probe, check=False, capture_output=True).returncode == 0


def installed_uv() -> Path:
    """Path of the pinned uv in `.boot/`, installed from the package registry that pip is configured for."""
    uv = BOOT / "bin" / "uv"
    if uv.exists() and uv_version(uv) == UV_VERSION:
        return uv
    shutil.rmtree(BOOT, ignore_errors=True)
    requirement = f"uv=={UV_VERSION}"
    if has_module("ensurepip"):
        run(sys.executable, "-m", "venv", BOOT)
        run(BOOT / "bin" / "python", "-m", "pip", "install", "-qq", requirement)
    elif has_module("pip"):
        run(sys.executable, "-m", "pip", "install", "-qq", "--target", BOOT, requirement)
    else:
        sys.exit(NO_PIP.format(executable=sys.executable, uv=UV_VERSION, boot=BOOT))
    return uv


def uv_version(uv: Path) -> str:
    """Version that this uv reports, or an empty string when it does not run."""
    try:
        answer = subprocess.run([str(uv), "--version"], check=False, capture_output=True, text=True)
    except OSError:
        return ""
    words = answer.stdout.split()
    return words[1] if len(words) > 1 else ""


def has_module(name: str) -> bool:
    """True if this Python can import the module (Debian ships Python with ensurepip taken out)."""
    return subprocess.run([sys.executable, "-c", f"import {name}"], check=False, capture_output=True).returncode == 0


def install_locked_packages(uv: Path) -> None:
    """Make `.venv/` hold exactly what the lock pins, every file checked by its hash, plus this project, editable."""
    environment = uv_environment()
    python = VENV / "bin" / "python"
    if not python.exists() or not any(runs_as(str(python), version=version) for version in SUPPORTED):
        run(uv, "venv", "--quiet", "--clear", "--python", sys.executable, VENV, environment=environment)
    sync = ["pip", "sync", "--quiet", "--require-hashes", "--compile-bytecode", "--python", python, LOCK]
    run(uv, *sync, environment=environment)
    # compat: one .pth line with the project folder, so that a folder added later needs no new installation.
    editable = ["pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--offline"]
    compatible = ["--config-settings", "editable_mode=compat"]
    run(uv, *editable, *compatible, "--python", python, "--editable", PROJECT, environment=environment)


def uv_environment() -> dict[str, str]:
    """Environment for uv with the registry and certificates of pip's configuration, which uv does not read."""
    environment = {"UV_PYTHON_DOWNLOADS": "never", **os.environ}
    settings = pip_settings()
    for variable, setting in (("UV_DEFAULT_INDEX", "index-url"), ("UV_INDEX", "extra-index-url")):
        if setting in settings:
            environment.setdefault(variable, settings[setting])
    if "cert" in settings:
        environment.setdefault("SSL_CERT_FILE", settings["cert"])
    return environment


def pip_settings() -> dict[str, str]:
    """pip's own configuration by bare option name, files and environment together; empty where there is no pip."""
    python = BOOT / "bin" / "python"
    command = [str(python if python.exists() else sys.executable), "-m", "pip", "config", "list"]
    answer = subprocess.run(command, check=False, capture_output=True, text=True)
    settings = {}
    for line in answer.stdout.splitlines():
        name, _, value = line.partition("=")
        settings[name.rpartition(".")[2]] = value.strip("'\"")
    return settings


def run(*command: object, environment: dict[str, str] | None = None) -> None:
    """Run a command with its output shown; a failure raises CalledProcessError."""
    subprocess.run([str(part) for part in command], check=True, env=environment)


if __name__ == "__main__":
    sys.exit(main())
