"""Which files were delivered when, and in which order their rows count."""

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.errors import DeliveryRefused
from lakehouse.rows import frame_of
from pipelines.mapping import Delivery
from pipelines.readers.refusal import refused

ROWS_PER_FILE = 2**40
"""Room for row numbers in a position: position = file's place * ROWS_PER_FILE + row number."""


@dataclass(frozen=True)
class Arrival:
    """One delivered file that was taken.

    Units: place counts the files of a delivery from the oldest; snapshot counts its snapshots (several files of one
           night and one date in the name are one snapshot), 0 for other loads.
    """

    file_name: str
    sha256: str
    night: date
    rows: int
    place: int
    snapshot: int


@dataclass(frozen=True)
class Arrivals:
    """The files of one delivery up to a night, oldest first, and those that are to be conformed.

    Units: fresh are the files of the night, or those since an earlier one, or all, when they are conformed anew.
    """

    files: tuple[Arrival, ...]
    fresh: tuple[Arrival, ...]

    @property
    def first_night(self) -> date:
        """The night of the delivery's first load."""
        return self.files[0].night

    @property
    def newest_snapshot(self) -> int:
        """The snapshot that says what exists."""
        return self.files[-1].snapshot

    @property
    def has_past(self) -> bool:
        """Whether earlier files stand behind the fresh ones."""
        return len(self.files) > len(self.fresh)


TakenFiles = dict[tuple[str, str], list[tuple[date, str, str, int]]]
"""(night, file name, hash, rows) of every file taken, by source and delivery."""


def arrivals(files: Iterable[tuple[date, str, str, int]], delivery: Delivery, *, since: date) -> Arrivals:
    """The files in the order in which their rows count: by night, by the date in the name, by name.

    Units: since is the night from which on files are fresh.
    """
    ordered = sorted((taken, _known_date(name, delivery.dated), name, sha, rows) for taken, name, sha, rows in files)
    moments = dict.fromkeys(file[:2] for file in ordered) if delivery.load == "snapshot" else {}
    snapshots = {moment: place for place, moment in enumerate(moments)}
    listed = tuple(
        Arrival(name, sha, taken, rows, place, snapshots.get((taken, dated), 0))
        for place, (taken, dated, name, sha, rows) in enumerate(ordered)
    )
    return Arrivals(listed, tuple(file for file in listed if file.night >= since))


def placed(rows: DataFrame, files: Iterable[Arrival]) -> DataFrame:
    """The raw rows with _place, _snapshot and _position, by which later rows are told from earlier ones."""
    known = [(file.sha256, file.place, file.snapshot) for file in files]
    places = frame_of(rows.sparkSession, known, "_file_sha256 string, _place int, _snapshot int")
    position = F.col("_place").cast("bigint") * ROWS_PER_FILE + F.col("_row_number")
    return rows.join(F.broadcast(places), "_file_sha256").withColumn("_position", position)


def file_date(name: str, pattern: str | None) -> str:
    """The date that a file's name carries, as ISO text; empty where it carries none.

    Raises: DeliveryRefused if the digits that stand there are no day of the calendar.
    """
    if pattern is None:
        return ""
    signs = {"%Y": r"\d{4}", "%y": r"\d{2}", "%m": r"\d{2}", "%d": r"\d{2}"}
    parts = [signs.get(part, re.escape(part)) for part in re.findall(r"%.|[^%]+", pattern)]
    found = re.search("".join(parts), name)
    try:
        return datetime.strptime(found[0], pattern).date().isoformat() if found else ""  # noqa: DTZ007 - a date alone
    except ValueError:
        raise refused(
            f"{found[0] if found else ''} in its name is no day of the calendar, as `dated: {pattern}` reads it",
            file_name=name,
            fix="Rename the file, or let `dated` hold the text before the date too.",
        ) from None


def _known_date(name: str, pattern: str | None) -> str:
    """The date of a file that was taken long ago: a `dated` that was changed since holds no night up."""
    with suppress(DeliveryRefused):
        return file_date(name, pattern)
    return ""
