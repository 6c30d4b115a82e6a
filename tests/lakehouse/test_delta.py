"""The laws of the lakehouse: writes are idempotent per night, contracts hold, personal values stay out of the log."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import MappingProxyType

import pytest
from pyspark.sql import DataFrame

from lakehouse import delta
from lakehouse.delta import NOT_THERE, Lakehouse, NightStart
from lakehouse.errors import ContractBroken
from lakehouse.rows import frame_of
from lakehouse.table import Column, Table, columns, personal, required

PEOPLE = Table(
    name="unified.people",
    grain="one row per person",
    key=("id",),
    columns=columns(required("id", "int", "id"), personal("email", "string", "e-mail"), ("town", "string", "town")),
    write="merge",
)
SCORES = Table(
    name="scores.people",
    grain="one row per night and person",
    key=("night", "id"),
    columns=columns(required("night", "date", "night"), required("id", "int", "id")),
    write="replace_night",
)
NIGHT = date(2024, 3, 2)


def people(lake: Lakehouse, *rows: tuple[int, str | None, str | None]) -> DataFrame:
    return frame_of(lake.spark, list(rows), PEOPLE.schema)


def held(lake: Lakehouse, table: Table) -> list[tuple[object, ...]]:
    return sorted(tuple(row) for row in lake.read(table).collect())


def began(night: date, versions: Mapping[str, int]) -> NightStart:
    return NightStart(night, MappingProxyType(dict(versions)))


def test_table_that_was_never_written_reads_as_no_rows_of_its_contract(lake: Lakehouse) -> None:
    assert lake.read(PEOPLE).columns == list(PEOPLE.column_names)
    assert lake.read(PEOPLE).isEmpty()
    assert lake.version(PEOPLE) == NOT_THERE


def test_merge_inserts_updates_and_deletes_by_key(lake: Lakehouse) -> None:
    lake.merge(PEOPLE, people(lake, (1, "a@x.org", "Ulm"), (2, None, "Bath")))
    gone = frame_of(lake.spark, [(2,)], "id int")
    lake.merge(PEOPLE, people(lake, (1, "a@x.org", "Lyon"), (3, None, None)), gone=gone)
    assert held(lake, PEOPLE) == [(1, "a@x.org", "Lyon"), (3, None, None)]


def test_merge_of_nothing_writes_nothing(lake: Lakehouse) -> None:
    lake.merge(PEOPLE, people(lake, (1, "a@x.org", "Ulm")))
    lake.merge(PEOPLE, people(lake))
    lake.merge(PEOPLE, people(lake), rows=0)
    assert lake.version(PEOPLE) == 0
    lake.merge(PEOPLE, people(lake, (2, None, "Bath")), rows=1)
    assert len(held(lake, PEOPLE)) == 2


def test_large_table_is_merged_into_and_ends_the_same(lake: Lakehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delta, "REWRITE_BYTES", 0)
    lake.merge(PEOPLE, people(lake, (1, "a@x.org", "Ulm"), (2, None, "Bath"), (4, None, None)))
    night = lake.for_night(began(NIGHT, lake.versions([PEOPLE])))
    gone = frame_of(lake.spark, [(2,)], "id int")
    for town in ("first try", "Lyon"):
        night.merge(PEOPLE, people(lake, (1, "a@x.org", town), (3, None, None)), gone=gone)
    assert held(lake, PEOPLE) == [(1, "a@x.org", "Lyon"), (3, None, None), (4, None, None)]


def test_rows_that_are_all_new_are_appended_to_a_table_of_some_size_and_end_the_same(
    lake: Lakehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delta, "APPEND_BYTES", 0)
    lake.merge(PEOPLE, people(lake, (1, "a@x.org", "Ulm")))
    (first,) = lake.read(PEOPLE).inputFiles()
    night = lake.for_night(began(NIGHT, lake.versions([PEOPLE])))
    nobody = frame_of(lake.spark, [(7,)], "id int")
    night.merge(PEOPLE, people(lake, (2, None, "Bath")), gone=nobody)
    assert first in lake.read(PEOPLE).inputFiles()
    for town in ("Lyon", "Metz"):
        night.merge(PEOPLE, people(lake, (3, None, town)), gone=nobody)
        assert held(lake, PEOPLE) == [(1, "a@x.org", "Ulm"), (3, None, town)]
    gone = frame_of(lake.spark, [(1,)], "id int")
    lake.merge(PEOPLE, people(lake, (4, None, "Bath")), gone=gone)
    assert held(lake, PEOPLE) == [(3, None, "Metz"), (4, None, "Bath")]
    before = set(lake.read(PEOPLE).inputFiles())
    lake.merge(PEOPLE, people(lake, (5, None, "Ulm")), adds=True)
    assert before < set(lake.read(PEOPLE).inputFiles())
    lake.merge(PEOPLE, people(lake, (5, None, "Bath")), adds=False)
    assert held(lake, PEOPLE) == [(3, None, "Metz"), (4, None, "Bath"), (5, None, "Bath")]


def test_rerun_merges_into_what_the_night_found_not_into_its_own_first_try(lake: Lakehouse) -> None:
    lake.merge(PEOPLE, people(lake, (1, "a@x.org", "Ulm")))
    night = lake.for_night(began(NIGHT, lake.versions([PEOPLE])))
    night.merge(PEOPLE, people(lake, (2, None, "row of a broken mapping")))
    night.merge(PEOPLE, people(lake, (3, None, "Bath")))
    assert held(lake, PEOPLE) == [(1, "a@x.org", "Ulm"), (3, None, "Bath")]


def test_rerun_of_the_night_that_made_the_table_starts_from_nothing(lake: Lakehouse) -> None:
    night = lake.for_night(began(NIGHT, {PEOPLE.name: NOT_THERE}))
    night.merge(PEOPLE, people(lake, (1, None, "first try")))
    assert night.read_as_night_began(PEOPLE).isEmpty()
    night.merge(PEOPLE, people(lake, (2, None, "second try")))
    assert held(lake, PEOPLE) == [(2, None, "second try")]


def test_step_reads_its_own_past_as_the_night_found_it(lake: Lakehouse) -> None:
    lake.merge(PEOPLE, people(lake, (1, None, "Ulm")))
    night = lake.for_night(began(NIGHT, lake.versions([PEOPLE])))
    night.merge(PEOPLE, people(lake, (1, None, "Lyon")))
    assert [row["town"] for row in night.read_as_night_began(PEOPLE).collect()] == ["Ulm"]


def test_replace_night_leaves_other_nights_alone(lake: Lakehouse) -> None:
    other = date(2024, 3, 1)
    for night, ids in ((other, [1]), (NIGHT, [1, 2]), (NIGHT, [3])):
        lake.replace_night(SCORES, frame_of(lake.spark, [(night, i) for i in ids], SCORES.schema), night)
    assert held(lake, SCORES) == [(other, 1), (NIGHT, 3)]


def test_batch_of_one_name_is_appended_once(lake: Lakehouse) -> None:
    log = replace(PEOPLE, write="append_once")
    for batch in ("file-1", "file-1", "file-2"):
        lake.append_once(log, people(lake, (1, None, batch)), batch=batch)
    assert [row[2] for row in held(lake, log)] == ["file-1", "file-2"]


def test_contract_may_gain_a_column(lake: Lakehouse) -> None:
    lake.merge(PEOPLE, people(lake, (1, None, "Ulm")))
    wider = replace(PEOPLE, columns=(*PEOPLE.columns, Column("age", "int", "age")))
    assert [row["age"] for row in lake.read(wider).collect()] == [None]
    lake.merge(wider, frame_of(lake.spark, [(2, None, "Bath", 7)], wider.schema))
    assert sorted((row["id"], row["age"]) for row in lake.read(wider).collect()) == [(1, None), (2, 7)]


def test_change_of_a_type_is_refused_and_the_table_stays(lake: Lakehouse) -> None:
    lake.merge(PEOPLE, people(lake, (1, None, "Ulm")))
    other = replace(PEOPLE, columns=(*PEOPLE.columns[:2], Column("town", "int", "town")))
    with pytest.raises(ContractBroken, match="town is stored as string and comes as int"):
        lake.merge(other, frame_of(lake.spark, [(1, None, 7)], other.schema))
    assert held(lake, PEOPLE) == [(1, None, "Ulm")]


def test_every_declared_type_can_be_written(lake: Lakehouse) -> None:
    kinds = ("string", "int", "bigint", "double", "boolean", "date", "timestamp", "decimal(18,2)", "array<string>")
    wide = tuple(Column(f"c{place}", kind, kind) for place, kind in enumerate(kinds))
    table = Table("unified.kinds", "one row", ("c0",), wide, "merge")
    lake.merge(table, frame_of(lake.spark, [(None,) * len(kinds)], table.schema))
    assert lake.read(table).schema.simpleString() == table.schema.simpleString()


def test_frame_with_an_undeclared_column_is_refused(lake: Lakehouse) -> None:
    frame = frame_of(lake.spark, [(1, None, "Ulm", "x")], "id int, email string, town string, secret string")
    with pytest.raises(ContractBroken, match="column secret is not declared"):
        lake.merge(PEOPLE, frame)


def test_personal_tables_lie_apart_and_their_values_are_not_in_the_log(lake: Lakehouse) -> None:
    lake.merge(PEOPLE, people(lake, (1, "zoe@example.org", "Ulm")))
    assert "/personal/" in lake.location(PEOPLE)
    assert "/pseudonymous/" in lake.location(SCORES)
    logs = list(Path(lake.location(PEOPLE)).glob("_delta_log/*.json"))
    assert logs
    assert not any("zoe@example.org" in path.read_text() for path in logs)


def test_deletion_vectors_are_off(lake: Lakehouse) -> None:
    lake.merge(PEOPLE, people(lake, (1, None, "Ulm")))
    detail = lake.spark.sql(f"DESCRIBE DETAIL delta.`{lake.location(PEOPLE)}`").first()
    assert detail is not None
    assert detail["properties"]["delta.enableDeletionVectors"] == "false"


def test_rows_are_told_without_a_query_and_with_one_where_delta_does_not_know(
    lake: Lakehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lake.rows(PEOPLE) == 0
    lake.merge(PEOPLE, people(lake, (1, "a@x.org", "Ulm"), (2, None, "Bath")))
    lake.merge(PEOPLE, people(lake, (2, None, "Lyon"), (3, None, None)))
    assert lake.rows(PEOPLE) == lake.read(PEOPLE).count() == 3
    monkeypatch.setattr(delta, "_rows_by_checksum", lambda _snapshot: None)
    assert lake.rows(PEOPLE) == 3


def test_newest_version_sees_what_another_process_wrote(lake: Lakehouse) -> None:
    assert lake.newest_version(PEOPLE) == NOT_THERE
    lake.merge(PEOPLE, people(lake, (1, "a@x", "Ghent")))
    assert lake.newest_version(PEOPLE) == lake.version(PEOPLE) == 0
    another = Path(lake.location(PEOPLE)) / "_delta_log" / f"{1:020}.json"
    another.write_text('{"commitInfo": {"timestamp": 1709337600000, "operation": "WRITE", "operationParameters": {}}}')
    assert lake.newest_version(PEOPLE) == 1
