"""Ingest: each content once, exactly as it came; what cannot be read holds nothing else up."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from lakehouse.delta import Lakehouse
from lakehouse.errors import DeliveryRefused
from lakehouse.rows import frame_of
from pipelines.ingest import DeliveredFile, ingest
from pipelines.known_files import FileBook
from pipelines.mapping import Source
from pipelines.raw import FILES, new_rows, raw_rows, raw_table

NIGHT = date(2026, 3, 1)
NEXT = NIGHT + timedelta(days=1)
ORDERS = "Id,Sold At,Card\n1,2026-02-27,4242\n2,2026-02-28,4243\n"
COLUMNS = {"order_id": "Id", "ordered_at": "to_timestamp(`Sold At`)"}


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    folder = tmp_path / "landing"
    folder.mkdir()
    return folder


def shop(columns: dict[str, str] | None = None, **delivery: Any) -> Source:
    """A source with one delivery, `orders`, that is mapped to orders."""
    sections = {"deliveries": {"orders": {"files": "*.csv"} | delivery}}
    return Source.model_validate(sections | {"entities": {"orders": {"from": "orders", "columns": columns or COLUMNS}}})


def taken(lake: Lakehouse, source: Source, landing: Path, night: date = NIGHT) -> list[DeliveredFile]:
    return ingest(lake, "web", source, landing, night=night)


def statuses(files: list[DeliveredFile]) -> list[tuple[str, str]]:
    return [(file.file_name, file.status) for file in files]


def contents(lake: Lakehouse) -> list[tuple[Any, ...]]:
    rows = raw_rows(lake, "web", "orders")
    return sorted(tuple(row) for row in rows.select("_file_name", "_row_number", "Id").collect())


def test_rows_lie_in_raw_as_they_came_and_a_rerun_changes_nothing(lake: Lakehouse, landing: Path) -> None:
    (landing / "a.csv").write_text(ORDERS)
    source = shop(drop=["Card"])
    assert statuses(taken(lake, source, landing)) == [("a.csv", "new")]
    before = contents(lake), lake.read(FILES).collect()
    assert statuses(taken(lake, source, landing)) == [("a.csv", "known")]
    assert (contents(lake), lake.read(FILES).collect()) == before
    assert before[0] == [("a.csv", 1, "1"), ("a.csv", 2, "2")]
    rows = new_rows(lake, "web", "orders", NIGHT)
    assert {"Id", "Sold At"} <= set(rows.columns)
    assert "Card" not in rows.columns
    assert new_rows(lake, "web", "orders", NEXT).isEmpty()


def test_sources_taken_at_the_same_time_are_known_at_once_and_written_together(lake: Lakehouse, landing: Path) -> None:
    (landing / "a.csv").write_text(ORDERS)
    names, book = ["web", "till", "phone"], FileBook(lake)
    with ThreadPoolExecutor(len(names)) as pool:
        found = pool.map(lambda name: statuses(ingest(lake, name, shop(), landing, night=NIGHT, files=book)), names)
        assert list(found) == [[("a.csv", "new")]] * len(names)
    assert set(book.taken(NIGHT)) == {(name, "orders") for name in names}
    assert statuses(ingest(lake, "web", shop(), landing, night=NIGHT, files=book)) == [("a.csv", "known")]
    assert not lake.exists(FILES)
    for _ in range(2):
        book.write()
    assert sorted(row["source"] for row in lake.read(FILES).collect()) == sorted(names)
    assert lake.version(FILES) == 0
    assert FileBook(lake).files() == book.files()


def test_raw_rows_are_personal(lake: Lakehouse) -> None:
    assert raw_table("web", "orders").folder.startswith("personal/")


def test_a_night_takes_what_is_new_to_it(lake: Lakehouse, landing: Path) -> None:
    (landing / "a_2026-03-01.csv").write_text(ORDERS)
    (landing / "a_2026-03-02.csv").write_text("Id,Sold At,Card,Shop\n3,2026-03-01,1,Gent\n")
    source = shop(dated="%Y-%m-%d")
    assert statuses(taken(lake, source, landing)) == [("a_2026-03-01.csv", "new")]
    (landing / "b_2026-03-02.csv").write_text(ORDERS)
    second, copy = taken(lake, source, landing, NEXT)
    assert (second.status, second.reason) == ("new", "columns that were not there before: Shop")
    assert (copy.status, copy.reason) == ("repeated", "same content as a_2026-03-01.csv")
    assert [row["Shop"] for row in new_rows(lake, "web", "orders", NEXT).collect()] == ["Gent"]
    assert len(contents(lake)) == 3


def test_a_file_that_changed_is_a_new_delivery(lake: Lakehouse, landing: Path) -> None:
    (landing / "a.csv").write_text(ORDERS)
    taken(lake, shop(), landing)
    (landing / "a.csv").write_text("Id,Sold At,Card\n9,2026-02-27,4242\n")
    assert statuses(taken(lake, shop(), landing, NEXT)) == [("a.csv", "new")]
    assert [row["Id"] for row in new_rows(lake, "web", "orders", NEXT).collect()] == ["9"]


def test_a_snapshot_that_returns_to_an_older_state_is_taken_again(lake: Lakehouse, landing: Path) -> None:
    source, states = shop(load="snapshot"), [ORDERS, ORDERS.replace("4242", "1"), ORDERS]
    for day, state in enumerate(states):
        (landing / "a.csv").write_text(state)
        assert statuses(taken(lake, source, landing, NIGHT + timedelta(days=day))) == [("a.csv", "new")]
    assert taken(lake, source, landing, NIGHT + timedelta(days=3))[0].status == "missing"
    assert raw_rows(lake, "web", "orders").select("_file_sha256").distinct().count() == 3


def test_a_killed_night_takes_every_row_once(lake: Lakehouse, landing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (landing / "a.csv").write_text(ORDERS)

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(FileBook, "write", killed)
        with pytest.raises(KeyboardInterrupt):
            taken(lake, shop(), landing)
    assert statuses(taken(lake, shop(), landing)) == [("a.csv", "new")]
    assert len(contents(lake)) == 2
    assert not list(Path(lake.path).rglob("_tmp/*"))


def test_a_killed_night_and_a_file_that_came_since_take_every_row_once(
    lake: Lakehouse, landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (landing / "b.csv").write_text(ORDERS)

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(FileBook, "write", killed)
        with pytest.raises(KeyboardInterrupt):
            taken(lake, shop(), landing)
    (landing / "a.csv").write_text(ORDERS.replace("1,", "8,"))
    assert statuses(taken(lake, shop(), landing)) == [("a.csv", "new"), ("b.csv", "new")]
    assert contents(lake) == [("a.csv", 1, "8"), ("a.csv", 2, "2"), ("b.csv", 1, "1"), ("b.csv", 2, "2")]


def test_files_of_one_delivery_are_appended_together_and_keep_their_own_columns(lake: Lakehouse, landing: Path) -> None:
    (landing / "a.csv").write_text(ORDERS)
    (landing / "b.csv").write_text("ID,Sold At,Shop\n3,2026-02-28,Gent\n")
    (landing / "c.csv").write_text("Id;Sold At\n4;2026-02-28\n")
    (landing / "d.csv").write_text(ORDERS)
    (landing / "e.csv").write_text("Sold At,Id,Shop\n2026-02-28,5,Lier\n")
    told = taken(lake, shop(), landing)
    assert [file.status for file in told] == ["new", "new", "refused", "repeated", "new"]
    assert told[1].reason == "columns that were not there before: Shop"
    rows = raw_rows(lake, "web", "orders").select("_file_name", "_row_number", "Id", "Card", "Shop", "_file_sha256")
    found = {(row["_file_name"], row["_row_number"]): row for row in rows.collect()}
    assert {place: (row["Id"], row["Card"], row["Shop"]) for place, row in found.items()} == {
        ("a.csv", 1): ("1", "4242", None),
        ("a.csv", 2): ("2", "4243", None),
        ("b.csv", 1): ("3", None, "Gent"),
        ("e.csv", 1): ("5", None, "Lier"),
    }
    assert {row["_file_sha256"] for row in found.values()} == {f.sha256 for f in told if f.status == "new"}
    assert lake.version(raw_table("web", "orders")) == 0


def test_a_repaired_file_is_taken_by_a_rerun(lake: Lakehouse, landing: Path) -> None:
    (landing / "a.csv").write_text("")
    assert statuses(taken(lake, shop(), landing)) == [("a.csv", "refused")]
    assert statuses(taken(lake, shop(), landing)) == [("a.csv", "refused")]
    assert lake.read(FILES).count() == 1
    (landing / "a.csv").write_text(ORDERS)
    assert statuses(taken(lake, shop(), landing)) == [("a.csv", "new")]


def test_a_row_cut_in_the_middle_is_kept_apart_and_told(lake: Lakehouse, landing: Path) -> None:
    (landing / "a.csv").write_text(ORDERS + "3,2026-0")
    [file] = taken(lake, shop(), landing)
    assert file.reason == "1 of 3 rows are broken or have a wrong number of columns"
    corrupt = raw_rows(lake, "web", "orders").where("_corrupt is not null").select("_row_number", "_corrupt")
    assert [tuple(row) for row in corrupt.collect()] == [(3, "3,2026-0")]


def test_a_missing_delivery_warns_or_blocks_as_the_file_says(lake: Lakehouse, landing: Path) -> None:
    assert statuses(taken(lake, shop(), landing)) == [("*.csv", "missing")]
    (landing / "other.txt").write_text(ORDERS)
    late = {"files": "late*.csv", "if_missing": "block"}
    source = Source.model_validate({"deliveries": {"late": late, "other": {"files": "other.txt"}}})
    with pytest.raises(DeliveryRefused, match="Deliver it and run the same night again") as refused:
        taken(lake, source, landing)
    assert refused.value.where == "web.late"
    assert lake.read(raw_table("web", "other")).count() == 2


def test_a_delta_table_is_taken_when_it_changed(lake: Lakehouse, landing: Path) -> None:
    place = str(landing / "orders")
    source = shop(files=(), delta="orders", load="snapshot")
    assert statuses(taken(lake, source, landing)) == [("orders", "refused")]
    frame_of(lake.spark, [("1", "2026-02-27")], "Id string, `Sold` string").write.format("delta").save(place)
    source = shop({"order_id": "Id"}, files=(), delta="orders", load="snapshot")
    assert statuses(taken(lake, source, landing)) == [("orders", "new")]
    assert statuses(taken(lake, source, landing)) == [("orders", "known")]
    assert statuses(taken(lake, source, landing, NEXT)) == [("the table", "missing")]


def test_unreadable_files_are_refused_with_their_reason_and_hold_no_other_up(lake: Lakehouse, landing: Path) -> None:
    bad = {
        "empty.csv": (b"", "the file is empty"),
        "delimiter.csv": (b"Id;Sold At\n1;2026-02-27\n", "it looks like ';'"),
        "encoding.csv": (b"Id,Sold At\n1,\xff\n", "no utf-8 text"),
        "column.csv": (b"Id,SoldAt\n1,2026-02-27\n", "Sold At (did you mean SoldAt?)"),
        "width.csv": (b"Id,Sold At\n1\n2\n", "none of its 2 rows fits"),
    }
    for name, (content, _) in bad.items():
        (landing / name).write_bytes(content)
    (landing / "good.csv").write_text(ORDERS)
    told = {file.file_name: file for file in taken(lake, shop(), landing)}
    assert {name for name, file in told.items() if file.status == "new"} == {"good.csv"}
    for name, (_, reason) in bad.items():
        assert (told[name].status, reason in str(told[name].reason)) == ("refused", True)
    recorded = lake.read(FILES).where("status = 'refused'").select("file_name", "reason").collect()
    assert {tuple(row) for row in recorded} == {(name, told[name].reason) for name in bad}
    assert [name for name, *_ in contents(lake)] == ["good.csv", "good.csv"]


def test_a_name_with_an_impossible_date_is_refused_and_holds_no_other_up(lake: Lakehouse, landing: Path) -> None:
    (landing / "a_2026-99-99.csv").write_text(ORDERS)
    (landing / "b_2026-03-01.csv").write_text(ORDERS)
    impossible, good = taken(lake, shop(dated="%Y-%m-%d"), landing)
    assert (impossible.file_name, impossible.status, good.status) == ("a_2026-99-99.csv", "refused", "new")
    assert "2026-99-99 in its name is no day of the calendar" in str(impossible.reason)
    recorded = lake.read(FILES).where("status = 'refused'").select("file_name", "reason").collect()
    assert [tuple(row) for row in recorded] == [("a_2026-99-99.csv", impossible.reason)]
