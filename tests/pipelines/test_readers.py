"""Readers: every value as it was delivered, every row numbered, broken rows kept apart. None of these needs Spark."""

import bz2
import gzip
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from lakehouse.errors import DeliveryRefused
from pipelines.mapping import Format
from pipelines.readers import batches
from pipelines.readers.csv_file import _records_by_line, _records_over_lines

CSV = Format()


def rows(path: Path, layout: Format) -> list[dict[str, Any]]:
    """The rows that fit, without the column of broken ones."""
    return [
        {k: v for k, v in row.items() if k != "_corrupt"} for row in everything(path, layout) if not row["_corrupt"]
    ]


def broken(path: Path, layout: Format) -> dict[int, str]:
    """The text of the rows that do not fit, by row number."""
    return {row["_row_number"]: row["_corrupt"] for row in everything(path, layout) if row["_corrupt"]}


def everything(path: Path, layout: Format) -> list[dict[str, Any]]:
    return [row for batch in batches(path, layout) for row in batch.to_pylist()]


def file(folder: Path, content: str | bytes, name: str = "orders.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_values_are_strings_and_empty_ones_null(tmp_path: Path) -> None:
    path = file(tmp_path, "Id,Amount,Name\n1,007.50,Ann\n2,,\n")
    assert rows(path, CSV) == [
        {"Id": "1", "Amount": "007.50", "Name": "Ann", "_row_number": 1},
        {"Id": "2", "Amount": None, "Name": None, "_row_number": 2},
    ]


def test_a_row_of_another_width_is_kept_as_text_under_its_number(tmp_path: Path) -> None:
    path = file(tmp_path, "Id,Name\n1,Ann\n2\n\n3,Bob,x\n4,Cy\n")
    assert broken(path, CSV) == {2: "2", 3: "3,Bob,x"}
    assert [row["_row_number"] for row in rows(path, CSV)] == [1, 4]


def test_a_file_cut_within_quotes_loses_its_last_row_only(tmp_path: Path) -> None:
    path = file(tmp_path, 'Id,Name\n1,"Ann"\n2,"Bo')
    assert broken(path, CSV) == {2: '2,"Bo'}
    assert [row["Name"] for row in rows(path, CSV)] == ["Ann"]


def test_an_open_quote_breaks_its_own_line_only(tmp_path: Path) -> None:
    path = file(tmp_path, 'Id,Name\n1,"Ann\n2,"Bob"\n3,Cy\n')
    assert broken(path, CSV) == {1: '1,"Ann'}
    assert [row["Name"] for row in rows(path, CSV)] == ["Bob", "Cy"]


def test_a_row_over_several_lines_counts_as_one(tmp_path: Path) -> None:
    path = file(tmp_path, 'Id,Text\n1,"two\nlines"\n2,one\n')
    found = rows(path, Format(multiline=True))
    assert [(row["_row_number"], row["Text"]) for row in found] == [(1, "two\nlines"), (2, "one")]


def test_a_cut_file_of_long_rows_keeps_the_rows_before(tmp_path: Path) -> None:
    path = file(tmp_path, 'Id,Text\n1,"two\nlines"\n2,"open\nend')
    assert broken(path, Format(multiline=True)) == {2: '2,"open\nend'}


@pytest.mark.parametrize("packed", [("orders.csv.gz", gzip.compress), ("orders.csv.bz2", bz2.compress)])
def test_a_compressed_file_is_told_by_its_name(tmp_path: Path, packed: Any) -> None:
    name, compress = packed
    path = file(tmp_path, compress(b"Id,Name\n1,Ann\n"), name)
    assert [row["Name"] for row in rows(path, CSV)] == ["Ann"]


def test_encoding_delimiter_quote_and_byte_order_mark_are_read_as_told(tmp_path: Path) -> None:
    latin = file(tmp_path, "Id;Name\n1;'Zoë; Ann'\n".encode("iso-8859-1"), "latin.csv")
    assert rows(latin, Format(delimiter=";", quote="'", encoding="iso-8859-1"))[0]["Name"] == "Zoë; Ann"
    marked = file(tmp_path, b"\xef\xbb\xbfId,Name\n1,Ann\n", "marked.csv")
    assert rows(marked, CSV)[0]["Id"] == "1"


def test_a_file_without_header_takes_its_names_from_the_retailer_file(tmp_path: Path) -> None:
    path = file(tmp_path, "1,Ann\n")
    assert rows(path, Format.model_validate({"header": False, "columns": ["Id", "Name"]})) == [
        {"Id": "1", "Name": "Ann", "_row_number": 1}
    ]


@pytest.mark.parametrize(
    ("content", "reason", "fix"),
    [
        (b"", "the file is empty", "Deliver it again"),
        (b"Id;Name\n1;Ann\n", "it looks like ';'", "format.delimiter: ';'"),
        ("Id,Name\n1,Zoë\n".encode("iso-8859-1"), "no utf-8 text", "format.encoding"),
        ("Id,Name\n1,Ann\n".encode("utf-16"), "no utf-8 text", "utf-16"),
        (b"Id,Name,id\n1,Ann,1\n", "more than once", "distinct names"),
    ],
)
def test_a_csv_that_cannot_be_read_is_refused_with_the_fix(
    tmp_path: Path, content: bytes, reason: str, fix: str
) -> None:
    with pytest.raises(DeliveryRefused) as refused:
        everything(file(tmp_path, content), CSV)
    assert reason in refused.value.what
    assert fix in refused.value.next_step
    assert refused.value.where == "orders.csv"


def test_a_compressed_file_cut_short_is_refused(tmp_path: Path) -> None:
    path = file(tmp_path, gzip.compress(b"Id,Name\n" + b"1,Ann\n" * 1000)[:-20], "orders.csv.gz")
    with pytest.raises(DeliveryRefused, match="broken or cut short"):
        everything(path, CSV)


@given(st.lists(st.lists(st.text("ab,\"' ;\r", max_size=4), min_size=2, max_size=2), max_size=5))
def test_reading_line_by_line_and_over_lines_agree_on_sound_rows(values: list[list[str]]) -> None:
    quoted = [",".join('"' + v.replace('"', '""').replace("\r", "") + '"' for v in row) + "\n" for row in values]
    dialect = {"delimiter": ",", "quotechar": '"', "escapechar": None, "strict": True}
    by_line = [row for _, row in _records_by_line(iter(quoted), dialect)]  # type: ignore[arg-type]
    over_lines = [row for _, row in _records_over_lines(iter(quoted), dialect)]  # type: ignore[arg-type]
    assert by_line == over_lines == [[v.replace("\r", "") for v in row] for row in values]


def test_json_scalars_keep_their_spelling_and_nested_values_are_text(tmp_path: Path) -> None:
    lines = '{"id":1.50,"ok":true,"items":[{"n":1}],"gone":null}\n{"ID":"x","extra":"Ł"}\n'
    found = rows(file(tmp_path, lines), Format(type="json"))
    assert found == [
        {"id": "1.50", "ok": "true", "items": '[{"n": 1}]', "gone": None, "extra": None, "_row_number": 1},
        {"id": "x", "ok": None, "items": None, "gone": None, "extra": "Ł", "_row_number": 2},
    ]


def test_a_line_that_is_no_json_object_is_kept_as_text(tmp_path: Path) -> None:
    path = file(tmp_path, '{"id": 1}\n{"id": 2\n7\n{"id": 4}\n')
    assert broken(path, Format(type="json")) == {2: '{"id": 2', 3: "7"}
    assert [row["_row_number"] for row in rows(path, Format(type="json"))] == [1, 4]


def test_a_json_array_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeliveryRefused, match="one JSON array"):
        everything(file(tmp_path, '[\n{"id": 1}\n]\n'), Format(type="json"))


def test_parquet_keeps_its_types_and_reads_nanosecond_times(tmp_path: Path) -> None:
    moment = datetime(2011, 12, 9, 12, 50, tzinfo=UTC).replace(tzinfo=None)
    table = pa.table({"Quantity": [3], "At": pa.array([moment], pa.timestamp("ns")), "None": pa.nulls(1)})
    pq.write_table(table, tmp_path / "lines.parquet")
    assert rows(tmp_path / "lines.parquet", Format(type="parquet")) == [
        {"Quantity": 3, "At": moment, "None": None, "_row_number": 1}
    ]


def test_a_parquet_file_cut_short_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeliveryRefused, match="no whole Parquet file"):
        everything(file(tmp_path, b"PAR1 and then nothing"), Format(type="parquet"))


def test_excel_values_are_text_and_empty_rows_no_rows(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    opened = datetime(2020, 5, 1, tzinfo=UTC).replace(tzinfo=None)
    for row in (["Id", "Opened", "Rate"], [7.0, opened, True], [], ["a", None, 0.5], [1, 2, 3, "x"]):
        sheet.append(row)
    book.save(tmp_path / "stores.xlsx")
    assert rows(tmp_path / "stores.xlsx", Format(type="xlsx")) == [
        {"Id": "7", "Opened": "2020-05-01 00:00:00", "Rate": "true", "_row_number": 1},
        {"Id": "a", "Opened": None, "Rate": "0.5", "_row_number": 2},
    ]
    assert broken(tmp_path / "stores.xlsx", Format(type="xlsx")) == {3: "1\t2\t3\tx"}


def test_a_workbook_without_the_sheet_or_broken_is_refused(tmp_path: Path) -> None:
    book = Workbook()
    book.active.title = "Stores"
    book.save(tmp_path / "stores.xlsx")
    with pytest.raises(DeliveryRefused, match="did you mean Stores"):
        everything(tmp_path / "stores.xlsx", Format(type="xlsx", sheet="Stors"))
    with pytest.raises(DeliveryRefused, match="no whole Excel workbook"):
        everything(file(tmp_path, b"PK\x03\x04 cut", "cut.xlsx"), Format(type="xlsx"))
