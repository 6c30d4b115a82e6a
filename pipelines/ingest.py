"""Take what a source has delivered into its raw tables: each content once, exactly as it came.

A file that cannot be read is refused and recorded with its reason; everything else of the night goes on. Only a
delivery marked `if_missing: block` stops the night, and only after every other delivery of its source was taken.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from py4j.protocol import Py4JJavaError
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.delta import Lakehouse
from lakehouse.errors import ContractBroken, DeliveryRefused
from lakehouse.settings import credential
from pipelines.identity.handover import handover
from pipelines.known_files import FileBook, KnownFile, KnownFiles, Status
from pipelines.landing import Fingerprint, FoundFile, fingerprint, found_files, portions
from pipelines.mapping import Delivery, Source
from pipelines.raw import raw_rows, raw_table
from pipelines.raw_fit import columns_needed
from pipelines.readers import batches
from pipelines.readers.tables import content_hash, database_rows, delta_rows, not_taken, numbered, unreadable
from pipelines.staging import Staged, localised, stage, staged_frame
from pipelines.tray import Tray


@dataclass(frozen=True)
class DeliveredFile:
    """What became of one file, table or query of a delivery on this night.

    Units: rows are data rows, corrupt ones among them; reason says why nothing was taken, or what to look at.
    """

    source: str
    delivery: str
    file_name: str
    sha256: str | None
    rows: int | None
    status: Status
    reason: str | None = None


@dataclass(frozen=True)
class Desk:
    """What the taking of one delivery works with."""

    lake: Lakehouse
    source_name: str
    source: Source
    name: str
    landing: Path
    night: date
    known: KnownFiles
    credentials: Callable[..., str]

    @property
    def delivery(self) -> Delivery:
        """The delivery's section of the retailer file."""
        return self.source.deliveries[self.name]

    @property
    def place(self) -> str:
        """How messages name the delivery."""
        return f"{self.source_name}.{self.name}"

    def file(self, name: str, status: Status, content: str, *, rows: int | None = None) -> KnownFile:
        """What raw.files is to know of a file of this delivery."""
        return KnownFile(self.night, self.source_name, self.name, name, content, content, status, rows=rows)

    def with_file(self, file: KnownFile) -> "Desk":
        """The desk once a file is known too, so that its twin is recognised on the same night."""
        if file.status == "refused":
            return self
        return replace(self, known=KnownFiles((*self.known.files, file), self.known.refused))


Outcome = tuple[DeliveredFile, KnownFile | None]


def ingest(
    lake: Lakehouse,
    source_name: str,
    source: Source,
    landing: Path,
    *,
    night: date,
    credentials: Callable[..., str] = credential,
    files: FileBook | None = None,
) -> list[DeliveredFile]:
    """What became of every file that the source has delivered for this night; a rerun takes what arrived since.

    Reads:  raw.files, and writes it; not where the run's `files` are given: they are written once for all sources.
    Raises: LandingMissing; MissingCredentials; DeliveryRefused if a delivery marked `if_missing: block` was refused or
            did not come, after everything else was taken.
    """
    book = files or FileBook(lake)
    known = book.known()
    outcomes: list[Outcome] = []
    for name, delivery in source.deliveries.items():
        desk = Desk(
            lake, source_name, source, name, landing, night, known.get((source_name, name), KnownFiles()), credentials
        )
        found = list(_files(desk) if delivery.files else _table(desk))
        outcomes += found or [(_missing(desk), None)]
    book.add(file for _, file in outcomes if file is not None)
    if files is None:
        book.write()
    delivered = [outcome for outcome, _ in outcomes]
    _check_blocking(source, delivered)
    return delivered


def _files(desk: Desk) -> Iterator[Outcome]:
    """What became of every file; the new ones of a portion are appended together."""
    for files in portions(found_files(desk.landing, desk.delivery, night=desk.night)):
        tray = _tray(desk)
        with handover(_absolute(desk.lake.path), f"ingest-{desk.source_name}") as place:
            for position, found in enumerate(files):
                outcome = _one_file(desk, found, tray, f"{place.folder}/{position:05}")
                if outcome is None:
                    continue
                if outcome[1] is not None:
                    desk = desk.with_file(outcome[1])
                yield outcome
            tray.append()


def _one_file(desk: Desk, found: FoundFile, tray: Tray, folder: str) -> Outcome | None:
    """What became of one file, staged in the folder if it is new; None if an earlier night took it."""
    if found.waiting:
        return _told(desk, found.name, "waiting", reason=found.waiting), None
    if found.refused:
        return _refused(desk, found.name, None, found.refused)
    now = found.path.stat()
    known = desk.known.unchanged(found.name, size=now.st_size, modified_ns=now.st_mtime_ns)
    if known is None:
        prints = fingerprint(found.path)
        if prints is None:
            return _told(desk, found.name, "waiting", reason="it changed while it was read"), None
        known = desk.known.same_content(found.name, prints)
        if known is None:
            return _new_content(desk, found, prints, tray=tray, folder=folder)
    return (_known(desk, known), None) if known.night == desk.night else None


def _new_content(desk: Desk, found: FoundFile, prints: Fingerprint, *, tray: Tray, folder: str) -> Outcome:
    """What became of a file whose content was not seen under this name before."""
    twin = desk.known.repeats(prints.sha256, desk.delivery)
    if twin is not None:
        file = _sized(desk.file(found.name, "repeated", prints.sha256), prints)
        return _told(desk, found.name, "repeated", reason=f"same content as {twin}"), replace(file, repeated_as=twin)
    try:
        staged = stage(
            batches(found.path, desk.delivery.format), folder, drop=desk.delivery.drop, file_name=found.path.name
        )
        rows = staged_frame(desk.lake.spark, staged, layout=desk.delivery.format)
        file = _sized(desk.file(found.name, "new", prints.sha256, rows=staged.rows), prints)
        return _put(desk, tray, localised(rows, timezone=desk.source.timezone), file, reason=_set_aside(staged))
    except (DeliveryRefused, ContractBroken) as refusal:
        return _refused(desk, found.name, prints.sha256, refusal)


def _sized(file: KnownFile, prints: Fingerprint) -> KnownFile:
    return replace(file, bytes=prints.bytes, modified_ns=prints.modified_ns)


def _tray(desk: Desk) -> Tray:
    table = raw_table(desk.source_name, desk.name)
    stored = desk.lake.read(table).schema if desk.lake.exists(table) else None
    needed = columns_needed(desk.lake.spark, desk.source, desk.name)
    return Tray(desk.lake, table, desk.delivery.format, needed, stored)


def _put(desk: Desk, tray: Tray, rows: DataFrame, file: KnownFile, *, reason: str | None = None) -> Outcome:
    """The file, taken once the tray is appended; how its columns differ from those before is told."""
    taken = replace(file, sha256=desk.known.hash_to_take(file.content_sha256, desk.night))
    added = tray.put(rows, taken)
    news = f"columns that were not there before: {', '.join(added)}" if added else None
    taken = replace(taken, reason="; ".join(filter(None, [reason, news])) or None)
    return _told(desk, taken.file_name, "new", file=taken, reason=taken.reason), taken


def _table(desk: Desk) -> Iterator[Outcome]:
    """What became of a delivery that is a table; nothing if it holds nothing new."""
    jdbc, delta, spark = desk.delivery.jdbc, desk.delivery.delta, desk.lake.spark
    name = (jdbc.table or "query") if jdbc else str(delta)
    try:
        if jdbc:
            there = database_rows(spark, jdbc, credentials=desk.credentials, where=desk.place)
            kept, before = there.drop(*desk.delivery.drop), _taken_before(desk)
            frame = not_taken(kept, jdbc, taken=before, timezone=desk.source.timezone)
        else:
            there = delta_rows(spark, str(delta), landing=desk.landing, where=desk.place)
            frame = there.drop(*desk.delivery.drop)
        outcome = _one_table(desk, frame, name)
    except (DeliveryRefused, ContractBroken) as refusal:
        outcome = _refused(desk, name, None, refusal)
    except Py4JJavaError as failure:
        outcome = _refused(desk, name, None, unreadable(failure, where=desk.place))
    if outcome is not None:
        yield outcome


def _one_table(desk: Desk, frame: DataFrame, name: str) -> Outcome | None:
    held = frame.persist()
    try:
        content, rows = content_hash(held)
        repeated = desk.known.repeats(content, desk.delivery) and not desk.delivery.by_watermark
        if repeated or (rows == 0 and desk.delivery.load != "snapshot"):
            return _already(desk, name)
        numbers, tray = numbered(held, timezone=desk.source.timezone), _tray(desk)
        outcome = _put(desk, tray, numbers, desk.file(name, "new", content, rows=rows))
        tray.append()
        return outcome
    finally:
        held.unpersist()


def _already(desk: Desk, name: str) -> Outcome | None:
    taken = [file for file in desk.known.taken_on(desk.night) if file.file_name == name]
    return (_known(desk, taken[-1]), None) if taken else None


def _taken_before(desk: Desk) -> DataFrame | None:
    """The raw rows of all batches that were recorded; what a killed night left behind is read again."""
    hashes = [file.sha256 for file in desk.known.files if file.status == "new"]
    if not hashes:
        return None
    rows = raw_rows(desk.lake, desk.source_name, desk.name)
    return rows.where(F.col("_file_sha256").isin(hashes))


def _known(desk: Desk, file: KnownFile) -> DeliveredFile:
    status: Status = "known" if file.status == "new" else file.status
    return _told(desk, file.file_name, status, file=file, reason="recorded by an earlier run of this night")


def _refused(desk: Desk, name: str, content: str | None, refusal: Exception) -> Outcome:
    what = str(getattr(refusal, "what", refusal))
    reason = f"{what}. {getattr(refusal, 'next_step', '')}".strip()
    file = replace(desk.file(name, "refused", content or ""), reason=reason)
    return _told(desk, name, "refused", reason=reason), file


def _missing(desk: Desk) -> DeliveredFile:
    wanted = ", ".join(desk.delivery.files) or "the table"
    earlier = [file.night for file in desk.known.files if file.status == "new"]
    since = f"; the last delivery came on {max(earlier)}" if earlier else ""
    return _told(desk, wanted, "missing", reason=f"nothing new was delivered{since}")


def _told(
    desk: Desk, name: str, status: Status, *, reason: str | None = None, file: KnownFile | None = None
) -> DeliveredFile:
    sha256, rows = (file.sha256, file.rows) if file else (None, None)
    return DeliveredFile(desk.source_name, desk.name, name, sha256, rows, status, reason)


def _set_aside(staged: Staged) -> str | None:
    return (
        f"{staged.corrupt} of {staged.rows} rows are broken or have a wrong number of columns"
        if staged.corrupt
        else None
    )


def _check_blocking(source: Source, delivered: list[DeliveredFile]) -> None:
    for name, delivery in source.deliveries.items():
        of_it = [file for file in delivered if file.delivery == name]
        came = {file.status for file in of_it}
        if delivery.if_missing == "block" and ("refused" in came or not came & {"new", "known", "repeated"}):
            reasons = "; ".join(
                f"{f.file_name} {f.status}: {f.reason}" for f in of_it if f.status not in ("new", "known")
            )
            raise DeliveryRefused(
                f"a delivery without which no night may run has not come whole ({reasons})",
                where=f"{of_it[0].source}.{name}",
                still_true="Every other delivery of the source was taken; the tables still hold the last night.",
                next_step="Deliver it and run the same night again, or set `if_missing: warn`.",
            )


def _absolute(path: str) -> str:
    return path if "://" in path else str(Path(path).resolve())
