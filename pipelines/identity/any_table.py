"""Who is who in any one table of people: a CSV or Parquet file in, the same rows with a customer id out."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from time import monotonic

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.errors import WrongCall
from lakehouse.names import nearest
from pipelines.canonical import ENTITIES
from pipelines.identity.blocking import KeyYield
from pipelines.identity.candidates import identified, keyed, ties
from pipelines.identity.cluster import clusters
from pipelines.identity.crowds import shared_by_at_most
from pipelines.identity.handover import Handover, handover
from pipelines.identity.match import FEWEST_RECORDS, Matched, match
from pipelines.identity.mixture import DIGITS
from pipelines.identity.people_file import holds_values, no_header, read_people
from pipelines.identity.phones import phone_forms
from pipelines.identity.records import records
from pipelines.regions import known_region

CANONICAL = (
    *("source", "source_contact_id", "loyalty_id", "email", "phone", "first_name", "last_name", "full_name"),
    *("born_on", "gender", "street", "postcode", "city", "country"),
)
"""What a column can say about a person; names as in conformed.contacts."""
ONE_SOURCE = "table"
SHARED_BY_AT_LEAST = 10
"""Records that one value may join, also where fewer are usual."""
ADDED = ("customer_id", "match_probability")
DATE_FORMS = ("yyyy-MM-dd", "yyyyMMdd", "yyyy/M/d", "d.M.yyyy", "d.M.yy")
DAY_FIRST, MONTH_FIRST = ("d/M/yyyy", "d/M/yy"), ("M/d/yyyy", "M/d/yy")
"""Tried in the order in which the column itself shows more impossible dates for the other one."""
FILLINGS = ("#N/A", "N/A", "n/a", "NA", "NULL", "null", "(null)", "NaN", "nan", "None")
"""What exports write where a value is missing; somebody called Null or Na is left alone."""
SOURCE_NEEDED = "Leave the column of ids out, or map the one that tells sources apart: --map source=System,email=EMail"
LARGEST_WHOLE = 1e15
"""Beyond it a floating number no longer holds every digit."""
MOST_SOURCES = 20
"""Where a column of sources has more values, it is none, and they are not told."""


@dataclass(frozen=True)
class Call:
    """A table of people and what its columns mean.

    Units: columns maps canonical names to columns of the file; extras are further columns to compare; country is the
           ISO code of phones and addresses that carry none; unique_sources hold no person twice; nobody of the file
           was born after as_of; thorough learns from the groups of records as well (rescore.py).
    """

    file: Path
    columns: Mapping[str, str]
    as_of: date
    extras: tuple[str, ...] = ()
    unique_sources: tuple[str, ...] = ()
    country: str | None = None
    seed: int = 1
    thorough: bool = False


@dataclass(frozen=True)
class Told:
    """The table with its customers, and what is to be said of them.

    Units: seconds by step; largest are the customers of most records, with their number; cut, precision and recall are
           expected ones, without labels, None where there were too few records to learn from; keys are what each way
           of finding pairs gave and left out.
    """

    table: pa.Table
    records: int
    customers: int
    largest: Mapping[str, int]
    pairs_looked_at: int
    cut: float | None
    expected_precision: float | None
    expected_recall: float | None
    seconds: Mapping[str, float]
    keys: tuple[KeyYield, ...] = ()


def resolve_table(spark: SparkSession, call: Call, *, work: str) -> Told:
    """Which rows of the file are one person.

    Raises: WrongCall if the file or a column is not there, a column is mapped twice, or ids are not unique.
    Units: work is a folder for hand-overs between engines; it is empty again afterwards.
    """
    clock = [("", monotonic())]
    rows = checked(call)
    clock.append(("read", monotonic()))
    with handover(work, "resolve") as folder:
        people, tied = _handed_over(spark, call, rows, folder)
    clock.append(("normalise", monotonic()))
    is_enough = people.num_rows >= FEWEST_RECORDS
    matched = match(people, thorough=call.thorough, seed=call.seed) if is_enough else None
    clock.append(("match", monotonic()))
    limit = shared_by_at_most(people, floor=SHARED_BY_AT_LEAST)
    found = clusters(people, tied, shared_by_at_most=limit, matched=matched, duplicate_free=call.unique_sources)
    told = _with_customers(rows, found.members, matched)
    clock.append(("group", monotonic()))
    seconds = {name: round(at - before, 1) for (_, before), (name, at) in pairwise(clock)}
    sizes = Counter(told.column("customer_id").to_pylist())
    return Told(
        table=told,
        records=told.num_rows,
        customers=len(sizes),
        largest=dict(sizes.most_common(5)),
        pairs_looked_at=matched.looked_at if matched else 0,
        cut=found.cut.height if found.cut else None,
        expected_precision=found.cut.precision if found.cut else None,
        expected_recall=found.cut.recall if found.cut else None,
        seconds=seconds,
        keys=_named(matched.yields, call.extras) if matched else (),
    )


def _named(keys: Iterable[KeyYield], extras: Collection[str]) -> tuple[KeyYield, ...]:
    """The keys by the names that the file gives its columns."""
    names = {f"extra__extra_{place}": name for place, name in enumerate(extras)}
    said = [(key, key.key.split(", ")) for key in keys]
    return tuple(replace(key, key=", ".join(names.get(part, part) for part in parts)) for key, parts in said)


def checked(call: Call) -> pa.Table:
    """The rows of the file, all of the call's columns there and each meaning one thing.

    Raises: WrongCall as `resolve_table` does.
    """
    rows = read_people(call.file)
    used = (*call.columns.values(), *call.extras)
    _refuse(call, [name for name in call.columns if name not in CANONICAL], "no such meaning of a column", CANONICAL)
    missing = [name for name in used if name not in rows.column_names]
    if missing and holds_values(rows.column_names):
        raise no_header(call.file)
    _refuse(call, missing, "the file has no column", rows.column_names)
    _refuse(call, [name for name, times in Counter(used).items() if times > 1], "a column is mapped twice", ())
    taken = [name for name in ADDED if name in rows.column_names]
    _refuse(call, taken, "the file has a column of the name that is to be added", ())
    if not call.columns:
        raise _wrong(call, "no column of the file is known to say anything about a person")
    _refuse(call, [name for name in used if not _is_plain(rows[name])], "no text, number or date stands in", ())
    _check_sources(call, rows)
    _check_country(call)
    return rows


def _check_sources(call: Call, rows: pa.Table) -> None:
    """No id comes twice within its source, and each source that is free of duplicates is one of the file."""
    column = call.columns.get("source")
    source = pc.coalesce(as_text(rows[column]), ONE_SOURCE) if column else pa.repeat(ONE_SOURCE, rows.num_rows)
    known = {str(name) for name in pc.unique(source).to_pylist()} | {ONE_SOURCE}
    shown = known if len(known) <= MOST_SOURCES else ()
    _refuse(call, [name for name in call.unique_sources if name not in known], "no record is of the source", shown)
    ids = call.columns.get("source_contact_id")
    if ids is None:
        return
    named = pa.table({"source": source, "id": as_text(rows[ids])}).filter(pc.is_valid(as_text(rows[ids])))
    if named.group_by(["source", "id"]).aggregate([]).num_rows < named.num_rows:
        within = f" within their source ({column})" if column else ""
        raise _wrong(call, f"the ids in column {ids} are not unique{within}", SOURCE_NEEDED)


def _check_country(call: Call) -> None:
    if call.country is None:
        return
    try:
        known_region(call.country)
    except ValueError as error:
        raise _wrong(call, str(error), "Pass the ISO code of the country: --country BE") from None


def _refuse(call: Call, names: list[str], what: str, known: Collection[str]) -> None:
    if names:
        told = ", ".join(f"{name}{nearest(name, known) if known else ''}" for name in names)
        raise _wrong(call, f"{what}: {told}")


def _wrong(call: Call, what: str, next_step: str = "") -> WrongCall:
    how = (
        "Say which column is what: `habitue resolve --records FILE --map email=EMail,last_name=Surname"
        f" --out FILE`. Meanings: {', '.join(CANONICAL)}."
    )
    return WrongCall(what, where=str(call.file), still_true="Nothing was written.", next_step=next_step or how)


def _is_plain(column: pa.ChunkedArray) -> bool:
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    return not (pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The values as text; whole numbers without a point or an exponent, as ids and phones are written."""
    if not pa.types.is_floating(column.type):
        return column.cast(pa.string())
    number = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    is_whole = pc.and_(pc.equal(number, pc.round(number)), pc.less(pc.abs(number), LARGEST_WHOLE))
    if pc.all(is_whole).as_py() is False:
        return number.cast(pa.string())
    return number.cast(pa.decimal128(38, 0)).cast(pa.string())


def _handed_over(spark: SparkSession, call: Call, rows: pa.Table, folder: Handover) -> tuple[pa.Table, pa.Table]:
    """Records and ties of the rows; the contact id of a record is the number of its row."""
    contacts = folder.written(_contacts(spark, call, rows), "contacts")
    links = _no_rows(spark, "identifier_links")
    carried = identified([_no_rows(spark, "orders")])
    phones = folder.written(phone_forms([contacts], call.country), "phones")
    extras = tuple(f"_extra_{place}" for place in range(len(call.extras)))
    found = records(contacts, key=call.file.name, region=call.country, phones=phones, extras=extras)
    keys = folder.written(keyed(carried, key=call.file.name, region=call.country, phones=phones), "keyed")
    tied = ties(links, keys, key=call.file.name, region=call.country, phones=phones)
    return folder.table(found, "records"), folder.table(tied, "ties")


def _no_rows(spark: SparkSession, entity: str) -> DataFrame:
    """The conformed table of an entity, without rows."""
    return spark.createDataFrame([], ENTITIES[entity].conformed.schema)


def _contacts(spark: SparkSession, call: Call, rows: pa.Table) -> DataFrame:
    texts = {name: _said(rows[column], name) for name, column in call.columns.items()}
    texts |= {f"_extra_{place}": _said(rows[column]) for place, column in enumerate(call.extras)}
    texts["_row"] = pa.array(range(rows.num_rows), pa.int64()).cast(pa.string())
    frame = spark.createDataFrame(pa.table(texts))
    missing = [name for name in CANONICAL if name not in texts]
    nothing = {name: F.lit(None).cast("string") for name in (*missing, "cookie_id", "contact_source")}
    whole = frame.withColumns(nothing).withColumns(
        {
            "source": F.coalesce("source", F.lit(ONE_SOURCE)),
            "source_contact_id": F.col("_row"),
            "is_test": F.lit(False),
            "is_deleted": F.lit(False),
            "event_at": F.lit(None).cast("timestamp"),
            "arrived": F.lit(call.as_of),
        }
    )
    return whole.withColumn("born_on", _date(F.col("born_on"), _forms(whole)))


def _said(column: pa.ChunkedArray, name: str = "") -> pa.ChunkedArray:
    """What a column says of people: its texts, without what exports write where there is none."""
    text = as_text(column)
    fillings = [word for word in FILLINGS if name != "country" or word != "NA"]
    return pc.if_else(pc.is_in(text, pa.array(fillings)), pa.scalar(None, pa.string()), text)


def _forms(contacts: DataFrame) -> tuple[str, ...]:
    """The forms of dates in the order in which they are tried: day or month first, as more dates of the column fit."""
    parsed = [F.count(_date(F.col("born_on"), forms)).alias(forms[0]) for forms in (DAY_FIRST, MONTH_FIRST)]
    day_first, month_first = contacts.select(*parsed).collect()[0]
    either = (DAY_FIRST, MONTH_FIRST) if day_first >= month_first else (MONTH_FIRST, DAY_FIRST)
    return (*DATE_FORMS, *either[0], *either[1])


def _date(text: Column, forms: tuple[str, ...]) -> Column:
    plain = F.trim(F.substring_index(text, " ", 1))
    return F.coalesce(*(F.try_to_date(plain, form) for form in forms))


def _with_customers(rows: pa.Table, members: pa.Table, matched: Matched | None) -> pa.Table:
    """The rows with customer_id, and match_probability: the mean over a record's pairs within its customer.

    Units: a customer is named after its first row; the probability is null for customers of one record.
    """
    groups = np.arange(rows.num_rows)
    of_rows = members.filter(pc.equal(members["kind"], "contact"))
    first: dict[int, int] = {}
    row_numbers = _row_numbers(of_rows["key"].to_pylist()).tolist()
    for row, number in sorted(zip(row_numbers, of_rows["cluster"].to_pylist(), strict=True)):
        groups[row] = first.setdefault(number, row)
    width = len(str(rows.num_rows))
    ids = pa.array([f"p{row + 1:0{width}d}" for row in groups.tolist()])
    return rows.append_column("customer_id", ids).append_column("match_probability", mean_probability(groups, matched))


def mean_probability(groups: NDArray[np.int64], matched: Matched | None) -> pa.Array:
    """The mean probability of each row's pairs within its group; null for a row alone.

    Units: sums are rounded before they are divided, so that the order of pairs does not show in the last digit.
    """
    others = np.bincount(groups, minlength=len(groups))[groups] - 1
    if matched is None:
        return pa.nulls(len(groups), pa.float64())
    row = _row_numbers(matched.record_keys.to_pylist())
    left, right = row[matched.pairs.left], row[matched.pairs.right]
    together = groups[left] == groups[right]
    summed = np.zeros(len(groups))
    for side in (left, right):
        np.add.at(summed, side[together], matched.pairs.probability[together])
    mean = np.round(np.round(summed, DIGITS) / np.maximum(others, 1), DIGITS)
    return pa.array(mean, mask=others == 0)


def _row_numbers(keys: Iterable[object]) -> NDArray[np.int64]:
    """The rows that record keys stand for: the contact id at their end."""
    return np.array([int(str(key).rsplit(":", 1)[1]) for key in keys], dtype=np.int64)
