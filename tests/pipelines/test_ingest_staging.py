"""On the way into raw: what waits, what is dropped, how names and types fit what lies there already."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from lakehouse.errors import DeliveryRefused, LandingMissing
from lakehouse.rows import frame_of
from pipelines import landing as landed
from pipelines.landing import FoundFile, found_files, portions
from pipelines.mapping import Delivery, Format
from pipelines.raw import delivered_name, stored_name
from pipelines.raw_fit import as_stored, check_columns
from pipelines.readers import batches
from pipelines.staging import Staged, localised, stage, staged_frame

NIGHT = date(2026, 3, 1)
ORDERS = "Id,Sold At,Card\n1,2026-02-27,4242\n"


def staged(folder: Path, content: str, *, layout: Format | None = None, drop: tuple[str, ...] = ()) -> Staged:
    path = folder / "orders.txt"
    path.write_text(content)
    return stage(batches(path, layout or Format()), str(folder / "staged"), drop=drop, file_name=path.name)


def waiting(landing: Path, delivery: Delivery) -> dict[str, bool]:
    return {file.name: file.waiting is not None for file in found_files(landing, delivery, night=NIGHT)}


def test_files_wait_until_they_are_whole(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv.part", "c.csv", "c.done"):
        (tmp_path / name).touch()
    delivery = Delivery(files=("*.csv", "*.part"), ready_when="*.done")
    assert waiting(tmp_path, delivery) == {"a.csv": True, "b.csv.part": True, "c.csv": False}
    (tmp_path / "a.csv.done").touch()
    assert not waiting(tmp_path, delivery)["a.csv"]


def test_a_night_knows_no_file_of_a_later_date(tmp_path: Path) -> None:
    for name in ("a_2026-03-02.csv", "a_2026-03-01.csv", "a.csv"):
        (tmp_path / name).touch()
    assert list(waiting(tmp_path, Delivery(files=("*.csv",), dated="%Y-%m-%d"))) == ["a.csv", "a_2026-03-01.csv"]


def test_files_are_staged_a_few_at_a_time_and_a_large_one_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(landed, "PORTION_FILES", 3)
    monkeypatch.setattr(landed, "PORTION_BYTES", 10)
    sizes = {"a": 4, "b": 4, "c": 4, "d": 50, "e": 0, "f": 0, "g": 0, "h": 0}
    for name, size in sizes.items():
        (tmp_path / name).write_bytes(b"x" * size)
    found = portions(FoundFile(name, tmp_path / name) for name in sizes)
    assert ["".join(file.name for file in portion) for portion in found] == ["ab", "c", "d", "efg", "h"]
    assert list(portions([])) == []


def test_a_landing_folder_that_is_not_there_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(LandingMissing):
        waiting(tmp_path / "nowhere", Delivery(files=("*.csv",)))


def test_a_dropped_column_is_nowhere_not_even_in_a_broken_row(tmp_path: Path) -> None:
    found = staged(tmp_path, ORDERS + "2,2026-02-28,4242-1111,x\n", drop=("card",))
    assert (found.columns, found.rows, found.corrupt) == (("Id", "Sold At"), 2, 1)
    assert b"4242" not in b"".join(part.read_bytes() for part in (tmp_path / "staged").iterdir())


def test_a_column_to_drop_that_is_not_there_refuses_the_file(tmp_path: Path) -> None:
    with pytest.raises(DeliveryRefused, match="did you mean Card"):
        staged(tmp_path, ORDERS, drop=("Crad",))


def test_times_without_zone_are_those_of_the_source(spark: SparkSession) -> None:
    frame = spark.sql("select timestamp_ntz'2026-02-28 13:00:00' as local, timestamp'2026-02-28 13:00:00' as instant")
    found = localised(frame, timezone="Europe/Brussels").selectExpr("cast(local as string)", "cast(instant as string)")
    assert [tuple(row) for row in found.collect()] == [("2026-02-28 12:00:00", "2026-02-28 13:00:00")]


def test_staged_rows_of_all_batches_have_the_same_columns(spark: SparkSession, tmp_path: Path) -> None:
    names = ["Id", "_row_number", "_corrupt"]
    first = pa.RecordBatch.from_pydict({"Id": ["1"], "_row_number": [1], "_corrupt": pa.nulls(1, pa.string())})
    second = pa.RecordBatch.from_pydict({"New": ["x"], "_row_number": [2], "_corrupt": pa.nulls(1, pa.string())})
    found = stage([first, second], str(tmp_path / "staged"), drop=(), file_name="a.jsonl")
    rows = staged_frame(spark, found, layout=Format(type="json")).select("_row_number", "Id", "New")
    assert sorted(tuple(row) for row in rows.collect()) == [(1, "1", None), (2, None, "x")]
    assert first.schema.names == names


def test_a_declared_json_field_has_its_type_and_broken_ones_are_told(spark: SparkSession, tmp_path: Path) -> None:
    layout = Format(type="json", columns={"lines": "array<struct<sku:string>>"})
    found = staged(tmp_path, '{"Id":1,"lines":[{"sku":"A"}]}\n{"Id":2,"lines":"none"}\n', layout=layout)
    rows = staged_frame(spark, found, layout=layout).orderBy("Id").selectExpr("lines[0].sku", "_corrupt").collect()
    assert [tuple(row) for row in rows] == [("A", None), (None, '{"Id":"2","lines":"none"}')]


def test_a_json_field_may_be_left_out_where_it_is_known(spark: SparkSession) -> None:
    frame = frame_of(spark, [("1",)], "Id string")
    stored = frame_of(spark, [], "Id string, note string").schema
    layout = Format(type="json", columns={"tags": "array<string>"})
    complete = check_columns(frame, stored, ["Id", "note", "tags"], layout=layout, file_name="a.jsonl")
    assert dict(complete.dtypes) == {"Id": "string", "note": "string", "tags": "array<string>"}
    with pytest.raises(DeliveryRefused, match="did you mean Id"):
        check_columns(frame, stored, ["Idd"], layout=layout, file_name="a.jsonl")


def test_a_changed_type_is_taken_when_no_value_is_lost(spark: SparkSession) -> None:
    stored = frame_of(spark, [], "Id string, Quantity bigint").schema
    whole = frame_of(spark, [("x", 3.0, "y"), ("x", None, "y")], "ID string, quantity double, Shop string")
    fitting, added = as_stored(whole, stored, file_name="b.parquet")
    assert (fitting.dtypes, added) == ([("Id", "string"), ("Quantity", "bigint"), ("Shop", "string")], ["Shop"])
    split = frame_of(spark, [("x", 0.5)], "Id string, Quantity double")
    with pytest.raises(DeliveryRefused, match="uantity came as bigint so far and now as double"):
        as_stored(split, stored, file_name="c.parquet")


@pytest.mark.parametrize("name", ["Email Subscriber", "a.b", "50%", "x(y)=z;", "_night", "Größe"])
def test_every_delivered_name_can_be_stored_and_comes_back(name: str) -> None:
    assert not set(stored_name(name)) & set(" ,;{}()\n\t=.`")
    assert delivered_name(stored_name(name)) == ("delivered_night" if name == "_night" else name)
