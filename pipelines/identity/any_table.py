"""Who is who in any one table of people: a CSV or Parquet file in, the same rows with a customer id out."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from time import monotonic

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.errors import WrongCall
from lakehouse.names import nearest
from pipelines.canonical import ENTITIES
from pipelines.identity.candidates import identified, keyed, ties
from pipelines.identity.cluster import clusters
from pipelines.identity.handover import Handover, handover
from pipelines.identity.match import FEWEST_RECORDS, Matched, match
from pipelines.identity.phones import phone_forms
from pipelines.identity.records import records

CANONICAL = (
    *("source", "source_contact_id", "loyalty_id", "email", "phone", "first_name", "last_name", "full_name"),
    *("born_on", "gender", "street", "postcode", "city", "country"),
)
"""What a column can say about a person; names as in conformed.contacts."""
ONE_SOURCE = "table"
SHARED_BY_AT_MOST = 10
ADDED = ("customer_id", "match_probability")
DATE_FORMS = ("yyyy-MM-dd", "yyyyMMdd", "yyyy/M/d", "d.M.yyyy", "d.M.yy")
DAY_FIRST, MONTH_FIRST = ("d/M/yyyy", "d/M/yy"), ("M/d/yyyy", "M/d/yy")
"""Tried in the order in which the column itself shows more impossible dates for the other one."""


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

    Units: seconds by step; largest are the numbers of records of the largest customers; cut, precision and recall are
           expected ones, without labels, None where there were too few records to learn from.
    """

    table: pa.Table
    records: int
    customers: int
    largest: tuple[int, ...]
    pairs_looked_at: int
    cut: float | None
    expected_precision: float | None
    expected_recall: float | None
    seconds: Mapping[str, float]


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
    found = clusters(
        people, tied, shared_by_at_most=SHARED_BY_AT_MOST, matched=matched, duplicate_free=call.unique_sources
    )
    told = _with_customers(rows, found.members, matched)
    clock.append(("group", monotonic()))
    seconds = {name: round(at - before, 1) for (_, before), (name, at) in pairwise(clock)}
    sizes = Counter(told.column("customer_id").to_pylist())
    return Told(
        table=told,
        records=told.num_rows,
        customers=len(sizes),
        largest=tuple(size for _, size in sizes.most_common(5)),
        pairs_looked_at=matched.looked_at if matched else 0,
        cut=found.cut.height if found.cut else None,
        expected_precision=found.cut.precision if found.cut else None,
        expected_recall=found.cut.recall if found.cut else None,
        seconds=seconds,
    )


def checked(call: Call) -> pa.Table:
    """The rows of the file, all of the call's columns there and each meaning one thing."""
    rows = _read(call)
    unknown = [name for name in call.columns if name not in CANONICAL]
    _refuse(call, unknown, "no such meaning of a column", CANONICAL)
    missing = [name for name in (*call.columns.values(), *call.extras) if name not in rows.column_names]
    _refuse(call, missing, "the file has no column", rows.column_names)
    twice = [name for name, times in Counter((*call.columns.values(), *call.extras)).items() if times > 1]
    _refuse(call, twice, "a column is mapped twice", ())
    taken = [name for name in ADDED if name in rows.column_names]
    _refuse(call, taken, "the file has a column of the name that is to be added", ())
    if not call.columns:
        raise _wrong(call, "no column of the file is known to say anything about a person")
    ids = call.columns.get("source_contact_id")
    if ids and "source" not in call.columns and len(pc.unique(rows[ids])) < rows.num_rows:
        raise _wrong(call, f"the ids in column {ids} are not unique")
    return rows


def _refuse(call: Call, names: list[str], what: str, known: Sequence[str]) -> None:
    if names:
        told = ", ".join(f"{name}{nearest(name, known) if known else ''}" for name in names)
        raise _wrong(call, f"{what}: {told}")


def _wrong(call: Call, what: str) -> WrongCall:
    return WrongCall(
        what,
        where=str(call.file),
        still_true="Nothing was written.",
        next_step="Say which column is what: `habitue resolve --records FILE --map email=EMail,last_name=Surname"
        f" --out FILE`. Meanings: {', '.join(CANONICAL)}.",
    )


def _read(call: Call) -> pa.Table:
    if not call.file.is_file():
        raise _wrong(call, "there is no such file")
    if call.file.suffix == ".parquet":
        return pyarrow.parquet.read_table(call.file)
    if call.file.suffix not in (".csv", ".txt"):
        raise _wrong(call, f"{call.file.suffix or 'a file without an ending'} cannot be read: CSV or Parquet can")
    try:
        with pyarrow.csv.open_csv(call.file) as head:
            texts = {name: pa.string() for name in head.schema.names}
        options = pyarrow.csv.ConvertOptions(column_types=texts, strings_can_be_null=True)
        return pyarrow.csv.read_csv(call.file, convert_options=options)
    except pa.ArrowInvalid as error:
        # Arrow quotes the row; its first words name the fault.
        raise _wrong(call, f"the file is no sound CSV: {str(error).split(':')[0]}") from None


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
    texts = {name: rows[column].cast(pa.string()) for name, column in call.columns.items()}
    texts |= {f"_extra_{place}": rows[column].cast(pa.string()) for place, column in enumerate(call.extras)}
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
    return rows.append_column("customer_id", ids).append_column("match_probability", _mean_probability(groups, matched))


def _mean_probability(groups: NDArray[np.int64], matched: Matched | None) -> pa.Array:
    others = np.bincount(groups, minlength=len(groups))[groups] - 1
    if matched is None:
        return pa.nulls(len(groups), pa.float64())
    row = _row_numbers(matched.record_keys.to_pylist())
    left, right = row[matched.pairs.left], row[matched.pairs.right]
    together = groups[left] == groups[right]
    summed = np.zeros(len(groups))
    for side in (left, right):
        np.add.at(summed, side[together], matched.pairs.probability[together])
    mean = np.round(summed / np.maximum(others, 1), 6)
    return pa.array(mean, mask=others == 0)


def _row_numbers(keys: Iterable[object]) -> NDArray[np.int64]:
    """The rows that record keys stand for: the contact id at their end."""
    return np.array([int(str(key).rsplit(":", 1)[1]) for key in keys], dtype=np.int64)
