"""What `raw.files` remembers of a delivery, and what that makes of a file that lies there now."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from threading import RLock
from typing import Literal

from lakehouse.delta import Lakehouse
from lakehouse.rows import frame_of
from pipelines.arrivals import TakenFiles
from pipelines.landing import Fingerprint
from pipelines.mapping import Delivery
from pipelines.raw import FILES

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


@dataclass
class FileBook:
    """raw.files as one run knows it: read once, added to by every source, written in one commit.

    Mutable on purpose, and by one thread at a time: sources are taken beside one another. Files that a killed run took
    and did not write are taken again by its rerun, whose rows lie in the raw table once (`tray.py`).
    """

    lake: Lakehouse
    _found: list[KnownFile] | None = None
    _added: list[KnownFile] = field(default_factory=list)
    _lock: RLock = field(default_factory=RLock)

    def files(self) -> list[KnownFile]:
        """Every file known by now, oldest first."""
        with self._lock:
            if self._found is None:
                self._found = [KnownFile(**row.asDict()) for row in self.lake.read(FILES).collect()]
            return sorted([*self._found, *self._added], key=_order)

    def known(self) -> Known:
        """What is known by now of every delivery of every source."""
        found: dict[tuple[str, str], list[KnownFile]] = {}
        for file in self.files():
            found.setdefault((file.source, file.delivery), []).append(file)
        return {place: _told_apart(files) for place, files in found.items()}

    def taken(self, night: date) -> TakenFiles:
        """Every file taken up to the night.

        A file that was replaced under its name before the night ran again counts as it stands now.
        """
        new = [file for file in self.files() if file.status == "new" and file.night <= night]
        newest = {(file.source, file.delivery, file.night, file.file_name): file.modified_ns for file in new}
        found: TakenFiles = {}
        for file in new:
            if file.modified_ns == newest[file.source, file.delivery, file.night, file.file_name]:
                one = (file.night, file.file_name, file.sha256, file.rows or 0)
                found.setdefault((file.source, file.delivery), []).append(one)
        return found

    def add(self, files: Iterable[KnownFile]) -> None:
        """Note what became of files; a refusal that an earlier try of the night noted is not noted again."""
        with self._lock:
            there = {_key(file) for file in self.files() if file.status == "refused"}
            self._added += [file for file in files if _key(file) not in there]

    def write(self) -> None:
        """Add what was noted since the last time to raw.files."""
        with self._lock:
            rows = [tuple(getattr(file, name) for name in FILES.column_names) for file in self._added]
            if rows:
                batch = hashlib.sha256(repr(sorted(map(repr, rows))).encode()).hexdigest()
                frame = frame_of(self.lake.spark, rows, FILES.schema).coalesce(1)
                self.lake.append_once(FILES, frame, batch=batch)
                self._found, self._added = [*(self._found or []), *self._added], []


def _told_apart(files: list[KnownFile]) -> KnownFiles:
    taken, refused = [[f for f in files if (f.status == "refused") is told] for told in (False, True)]
    return KnownFiles(tuple(taken), tuple(refused))


def _key(file: KnownFile) -> tuple[object, ...]:
    return tuple(getattr(file, name) for name in FILES.key)


def _order(file: KnownFile) -> tuple[date, str, int]:
    return file.night, file.file_name, file.modified_ns or 0
