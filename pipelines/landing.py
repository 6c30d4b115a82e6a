"""What lies in the landing folder for a delivery: which files are there, which are still being uploaded."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatch
from pathlib import Path

from lakehouse.errors import DeliveryRefused, LandingMissing
from pipelines.arrivals import file_date
from pipelines.mapping import Delivery

PORTION_FILES, PORTION_BYTES = 32, 256 << 20
"""What is staged at once: a plan of hundreds of files is slow to make, and staged rows take as much disk again."""
UPLOADING = (".part", ".partial", ".tmp", ".filepart", ".crdownload", ".uploading")
"""Endings that upload programs give to a file until it is whole."""


@dataclass(frozen=True)
class FoundFile:
    """A file of a delivery; `waiting` says why it is not taken yet, `refused` why it never is under this name.

    Units: name is the path below the landing folder.
    """

    name: str
    path: Path
    waiting: str | None = None
    refused: DeliveryRefused | None = None


@dataclass(frozen=True)
class Fingerprint:
    """What tells one content from another.

    Units: bytes; modified_ns is nanoseconds since 1970.
    """

    sha256: str
    bytes: int
    modified_ns: int


def found_files(landing: Path, delivery: Delivery, *, night: date) -> list[FoundFile]:
    """The delivery's files that a night may know: by date in the name (none comes first), then by name.

    Raises: LandingMissing if there is no such folder.
    """
    if not landing.is_dir():
        raise LandingMissing(
            "the landing folder does not exist",
            where=str(landing),
            still_true="No table was changed.",
            next_step="Create it or correct `--landing`.",
        )
    dated = [_dated(file, delivery.dated) for file in _matching(landing, delivery)]
    known = [(day, file.name, file) for day, file in dated if day <= night.isoformat()]
    return [file for _, _, file in sorted(known, key=lambda entry: entry[:2])]


def portions(files: Iterable[FoundFile]) -> Iterator[list[FoundFile]]:
    """The files in their order, as many at a time as are staged together: a large one goes alone."""
    portion: list[FoundFile] = []
    size = 0
    for file in files:
        size += file.path.stat().st_size
        if portion and (len(portion) == PORTION_FILES or size > PORTION_BYTES):
            yield portion
            portion, size = [], file.path.stat().st_size
        portion.append(file)
    if portion:
        yield portion


def fingerprint(path: Path) -> Fingerprint | None:
    """The hash of the file's content; None if it changed while it was read."""
    before = path.stat()
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    after = path.stat()
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        return None
    return Fingerprint(digest, after.st_size, after.st_mtime_ns)


def _dated(file: FoundFile, pattern: str | None) -> tuple[str, FoundFile]:
    try:
        return file_date(file.name, pattern), file
    except DeliveryRefused as refusal:
        return "", replace(file, refused=refusal)


def _matching(landing: Path, delivery: Delivery) -> Iterator[FoundFile]:
    for path in sorted({path for pattern in delivery.files for path in landing.glob(pattern) if path.is_file()}):
        marker = delivery.ready_when
        if marker is None or not fnmatch(path.name, marker):
            yield FoundFile(path.relative_to(landing).as_posix(), path, _waiting(path, marker))


def _waiting(path: Path, marker: str | None) -> str | None:
    if path.name.lower().endswith(UPLOADING) or path.name.startswith((".", "~")):
        return "it is still being uploaded, as its name says"
    if marker is None:
        return None
    markers = [marker.replace("*", name) for name in (path.name, path.name.split(".")[0], path.stem)]
    if any((path.parent / name).exists() for name in markers):
        return None
    return f"there is no marker {markers[0]} beside it yet"
