"""What `raw.files` remembers of a delivery, and what that makes of a file that lies there now."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from threading import Lock
from typing import Literal

from lakehouse.delta import Lakehouse
from pipelines.landing import Fingerprint
from pipelines.mapping import Delivery
from pipelines.raw import FILES

# Sources are taken at the same time, and of two first writes of one table Delta refuses the second.
ONE_AT_A_TIME = Lock()
Status = Literal["new", "known", "repeated", "waiting", "refused", "missing"]


@dataclass(frozen=True)
class KnownFile:
    """A row of raw.files."""

    night: date
    source: str
    delivery: str
    file_name: str
    sha256: str
    content_sha256: str
    status: Status
    rows: int | None = None
    bytes: int | None = None
    modified_ns: int | None = None
    repeated_as: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class KnownFiles:
    """The files of one delivery that were taken or recognised, oldest first; refused ones are tried again."""

    files: tuple[KnownFile, ...] = ()
    refused: tuple[KnownFile, ...] = ()

    def unchanged(self, name: str, *, size: int, modified_ns: int) -> KnownFile | None:
        """The file last recorded under this name, if size and time of change are still the same: no need to hash."""
        last = self._last_named(name)
        return last if last and (last.bytes, last.modified_ns) == (size, modified_ns) else None

    def same_content(self, name: str, found: Fingerprint) -> KnownFile | None:
        """The file last recorded under this name, if its content is still the same."""
        last = self._last_named(name)
        return last if last and last.content_sha256 == found.sha256 else None

    def repeats(self, content: str, delivery: Delivery) -> str | None:
        """The name under which this content was taken before; of snapshots only the newest one counts.

        A snapshot that returns to what it was days ago is news: it says what exists now.
        """
        taken = [file for file in self.files if file.status == "new"]
        counted = taken[-1:] if delivery.load == "snapshot" else taken
        return next((file.file_name for file in counted if file.content_sha256 == content), None)

    def hash_to_take(self, content: str, night: date) -> str:
        """What the raw rows are to bear: the content's hash, or one of its own where that content was taken before."""
        if all(file.sha256 != content for file in self.files):
            return content
        return hashlib.sha256(f"{content} on {night}".encode()).hexdigest()

    def taken_on(self, night: date) -> tuple[KnownFile, ...]:
        """The files that this night took."""
        return tuple(file for file in self.files if file.night == night and file.status == "new")

    def _last_named(self, name: str) -> KnownFile | None:
        return next((file for file in reversed(self.files) if file.file_name == name), None)


Known = Mapping[tuple[str, str], KnownFiles]
"""What is known of each delivery, by source and delivery."""


def known_files(lake: Lakehouse) -> Known:
    """What is known of every delivery of every source."""
    found: dict[tuple[str, str], list[KnownFile]] = {}
    for file in sorted((KnownFile(**row.asDict()) for row in lake.read(FILES).collect()), key=_order):
        found.setdefault((file.source, file.delivery), []).append(file)
    return {place: _told_apart(files) for place, files in found.items()}


def record_files(lake: Lakehouse, files: Iterable[KnownFile], *, known: Iterable[KnownFiles]) -> None:
    """Add the files to raw.files; a refusal that an earlier try of the night recorded is not recorded again."""
    there = {_key(file) for one in known for file in one.refused}
    rows = [tuple(getattr(file, name) for name in FILES.column_names) for file in files if _key(file) not in there]
    if rows:
        batch = hashlib.sha256(repr(sorted(map(repr, rows))).encode()).hexdigest()
        frame = lake.spark.createDataFrame(rows, FILES.schema).coalesce(1)
        with ONE_AT_A_TIME:
            lake.append_once(FILES, frame, batch=batch)


def _told_apart(files: list[KnownFile]) -> KnownFiles:
    taken, refused = [[f for f in files if (f.status == "refused") is told] for told in (False, True)]
    return KnownFiles(tuple(taken), tuple(refused))


def _key(file: KnownFile) -> tuple[object, ...]:
    return tuple(getattr(file, name) for name in FILES.key)


def _order(file: KnownFile) -> tuple[date, str, int]:
    return file.night, file.file_name, file.modified_ns or 0
