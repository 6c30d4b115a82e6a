"""A table of people in a file is read as it stands, whoever wrote it, and refused without a word about anybody."""

import codecs
from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from lakehouse.errors import WrongCall
from pipelines.identity.any_table import Call, as_text, checked
from pipelines.identity.people_file import read_people, write_people

ZOE = "name;mail\nZo\u00eb;zoe@mail.example\n"
AS_WRITTEN = {
    "semicolons": ZOE.encode(),
    "tabs": ZOE.replace(";", "\t").encode(),
    "commas, marked": codecs.BOM_UTF8 + ZOE.replace(";", ",").encode(),
    "Windows 1252": ZOE.encode("cp1252"),
    "UTF-16": ZOE.encode("utf-16"),
}


def written(folder: Path, content: bytes, name: str = "people.csv") -> Path:
    file = folder / name
    file.write_bytes(content)
    return file


@pytest.mark.parametrize("content", AS_WRITTEN.values(), ids=AS_WRITTEN)
def test_spreadsheets_are_read_however_they_write(tmp_path: Path, content: bytes) -> None:
    file = written(tmp_path, content, "people.CSV")
    assert read_people(file).to_pylist() == [{"name": "Zo\u00eb", "mail": "zoe@mail.example"}]


def test_every_value_comes_out_as_it_went_in(tmp_path: Path) -> None:
    rows = b'name;zip\nNull;01234\nNA;\n"van Dam; Jr\n";nan\n'
    file = written(tmp_path, codecs.BOM_UTF8 + rows)
    table = read_people(file)
    assert table["name"].to_pylist() == ["Null", "NA", "van Dam; Jr\n"]
    assert table["zip"].to_pylist() == ["01234", None, "nan"]
    write_people(table, tmp_path / "out.csv", like=file)
    assert read_people(tmp_path / "out.csv").equals(table)
    out = (tmp_path / "out.csv").read_bytes()
    assert out.startswith(codecs.BOM_UTF8)
    assert b'"Null";"01234"' in out


def test_whole_numbers_are_told_without_point_or_exponent() -> None:
    phones = pa.chunked_array([[32475123456.0, None, 9000.0, float("nan")]])
    assert as_text(phones).to_pylist() == ["32475123456", None, "9000", None]
    assert as_text(pa.chunked_array([[1e40, 1.0]])).to_pylist() == ["1e+40", "1"]
    assert as_text(pa.chunked_array([[1.5]])).to_pylist() == ["1.5"]


COLUMNS = {"email": "mail"}
REFUSED: dict[str, tuple[bytes, dict[str, str], str]] = {
    "no bytes": (b"", COLUMNS, "the file is no sound csv: Empty CSV file"),
    "a row too long": (b"mail\na@b.example,c\n", COLUMNS, "the file is no sound csv: CSV parse error"),
    "one name twice": (b"mail,mail\na@b.example,c@d.example\n", COLUMNS, "two columns have one name: mail"),
    "no header": (b"Anna,anna@b.example\n", COLUMNS, "the first line holds values and no names of columns"),
    "no header, equal values": (b"1980-01-02,1980-01-02\n", {}, "the first line holds values"),
    "one id twice in a source": (
        b"system,id\ncrm,1\ncrm,1\nweb,1\n",
        {"source": "system", "source_contact_id": "id"},
        "the ids in column id are not unique within their source (system)",
    ),
}


@pytest.mark.parametrize(("content", "columns", "told"), REFUSED.values(), ids=REFUSED)
def test_file_that_cannot_be_meant_is_refused_without_a_value_of_it(
    tmp_path: Path, content: bytes, columns: dict[str, str], told: str
) -> None:
    with pytest.raises(WrongCall) as refused:
        checked(Call(written(tmp_path, content), columns, date(2026, 3, 1)))
    assert told in str(refused.value)
    assert "b.example" not in str(refused.value)
    assert "1980" not in str(refused.value)


def test_one_id_in_two_sources_and_records_without_an_id_are_taken(tmp_path: Path) -> None:
    file = written(tmp_path, b"system,id\ncrm,1\nweb,1\ncrm,\ncrm,\n")
    assert checked(Call(file, {"source": "system", "source_contact_id": "id"}, date(2026, 3, 1))).num_rows == 4


def test_source_and_country_that_are_not_there_are_refused(tmp_path: Path) -> None:
    file = written(tmp_path, b"system,mail\ncrm,anna@b.example\n")
    call = Call(file, {"source": "system", "email": "mail"}, date(2026, 3, 1))
    with pytest.raises(WrongCall, match=r"no record is of the source: crmm \(did you mean crm\?\)"):
        checked(replace(call, unique_sources=("crmm",)))
    with pytest.raises(WrongCall, match="no country has the ISO code UK; write two capitals, such as BE or GB"):
        checked(replace(call, country="UK"))


def test_parquet_that_is_none_and_columns_of_lists_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongCall, match="the file is no sound parquet"):
        read_people(written(tmp_path, b"nothing", "people.parquet"))
    file = tmp_path / "lists.parquet"
    pyarrow.parquet.write_table(pa.table({"mail": [["a@b.example"]]}), file)
    with pytest.raises(WrongCall, match="no text, number or date stands in: mail"):
        checked(Call(file, COLUMNS, date(2026, 3, 1)))
