"""listmonk 1.1.0 for the tests: built from its Go module into `.tools/`, checked by the hash of its source."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

PROJECT = Path(__file__).resolve().parent.parent
FOLDER = PROJECT / ".tools" / "listmonk"
MODULE = "github.com/knadh/listmonk@v1.1.0"
SUM = "h1:X5qIOKuyC3OxfKGf82C1yTIMHwsjWxvf1gzn2ulbXOo="
AT_RUN_TIME = ("static", "i18n", "queries.sql", "schema.sql", "config.toml.sample")
"""What the program reads from the folder that it is started in."""

FAILED = """habitue test-tools: listmonk could not be built: {what}.
Nothing else was changed; `make test` does not need it.
Look whether `go env GOPROXY` names a module proxy that this machine reaches, then `make test-tools`."""


def listmonk_program() -> Path | None:
    """The program that was built here; None when there is none."""
    program = FOLDER / "listmonk"
    return program if program.exists() else None


def go_program() -> Path | None:
    """The Go tool on PATH; None when there is none."""
    found = shutil.which("go")
    return Path(found) if found else None


def install_listmonk() -> int:
    """Exit status of downloading and building it (about a minute the first time)."""
    with TemporaryDirectory(prefix="habitue-listmonk-") as name:
        try:
            build(Path(name) / "source")
        except (subprocess.CalledProcessError, ValueError) as failure:
            what = failure if isinstance(failure, ValueError) else f"`{' '.join(failure.cmd[:3])}` failed"
            print(FAILED.format(what=what), file=sys.stderr)
            return 1
    return 0


def build(source: Path) -> None:
    """The program and what it reads, in FOLDER.

    Raises: ValueError if the source is not the one that we know.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    told = subprocess.run(["go", "mod", "download", "-json", MODULE], cwd=FOLDER, stdout=subprocess.PIPE, check=True)
    found = json.loads(told.stdout)
    if found["Sum"] != SUM:
        raise ValueError("its source has another hash than the known one")
    # The folder of Go's cache is read-only, and the old go.mod needs an addition.
    shutil.copytree(found["Dir"], source, copy_function=shutil.copy)
    for path in (source, *source.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    subprocess.run(["go", "build", "-mod=mod", "-o", str(FOLDER / "draft"), "./cmd"], cwd=source, check=True)
    for name in AT_RUN_TIME:
        part = source / name
        shutil.copytree(part, FOLDER / name, dirs_exist_ok=True) if part.is_dir() else shutil.copy(part, FOLDER / name)
    # The pages of the administration are not built; the program only asks whether they are there.
    pages = FOLDER / "frontend" / "dist"
    (pages / "frontend").mkdir(parents=True, exist_ok=True)
    (pages / "favicon.png").write_bytes(b"")
    (FOLDER / "draft").rename(FOLDER / "listmonk")
