"""A table of people in a file: CSV as spreadsheets write it, or Parquet; read as it stands, and written the same way.

Source: Apache Arrow, "Reading and Writing CSV files"; RFC 4180 leaves the delimiter and the encoding open.
"""

import codecs
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from lakehouse.errors import WrongCall

PARQUET, TEXT = ".parquet", (".csv", ".txt", ".tsv")
DELIMITERS = ",;\t|"
MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
"""Encodings by the bytes that a file begins with to say so."""
OF_OLD_SPREADSHEETS = "cp1252"
NO_NAME = r"@|^[\d\s/.+()-]{4,}$"
"""What a column is not called: an e-mail, a date, a number."""
AT_ONCE = 1 << 20


@dataclass(frozen=True)
class TextForm:
    """How a CSV file is written.

    Units: is_marked is whether spreadsheets know the encoding by the first bytes alone.
    """

    delimiter: str = ","
    encoding: str = "utf-8"
    is_marked: bool = False


def read_people(file: Path) -> pa.Table:
    """The rows of the file, every value of a CSV file as the text that stands there, an empty one as null.

    Raises: WrongCall if the file is not there, cannot be read, or two of its columns have one name.
    """
    if not file.is_file():
        raise _wrong(file, "there is no such file", "Pass the path of a CSV or Parquet file: `--records FILE`.")
    if file.suffix.lower() not in (PARQUET, *TEXT):
        what = f"{file.suffix or 'a file without an ending'} cannot be read: CSV or Parquet can"
        raise _wrong(file, what, "Save the table as CSV and pass that file.")
    try:
        rows = pyarrow.parquet.read_table(file) if file.suffix.lower() == PARQUET else _read_text(file)
    except (pa.ArrowException, UnicodeError) as error:
        # Arrow quotes the row; its first words name the fault.
        what = f"the file is no sound {file.suffix.lower()[1:]}: {str(error).split(':')[0].split(chr(39))[0].strip()}"
        raise _wrong(file, what, "Save the table again, as CSV in UTF-8 or as Parquet.") from None
    twice = sorted(name for name, times in Counter(rows.column_names).items() if times > 1)
    if twice and holds_values(rows.column_names):
        raise no_header(file)
    if twice:
        raise _wrong(file, f"two columns have one name: {', '.join(twice)}", "Give every column a name of its own.")
    return rows


def holds_values(names: Iterable[str]) -> bool:
    """Whether the first line is a row, and no names of columns; it is then told to nobody."""
    return any(re.search(NO_NAME, name) for name in names)


def no_header(file: Path) -> WrongCall:
    """The refusal of a file without names of columns."""
    how = "Write a first line with a name for each column, then say what they mean: --map email=EMail,..."
    return _wrong(file, "the first line holds values and no names of columns", how)


def column_names(file: Path) -> list[str]:
    """The names of the columns; none where the file cannot be read."""
    try:
        if file.suffix.lower() == PARQUET:
            return list(pyarrow.parquet.read_schema(file).names)
        return _text_columns(file, _how(text_form(file))) if file.suffix.lower() in TEXT else []
    except (OSError, pa.ArrowException, UnicodeError):
        return []


def write_people(table: pa.Table, out: Path, *, like: Path) -> None:
    """Write the table; a CSV file with the delimiter, and the mark for spreadsheets, of the file `like`."""
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = out.with_name(f".{out.name}")
    if out.suffix.lower() == PARQUET:
        pyarrow.parquet.write_table(table, draft)
    else:
        form = text_form(like) if like.suffix.lower() in TEXT else TextForm()
        with draft.open("wb") as text:
            text.write(codecs.BOM_UTF8 if form.is_marked else b"")
            pyarrow.csv.write_csv(table, text, pyarrow.csv.WriteOptions(delimiter=form.delimiter))
    draft.replace(out)


def text_form(file: Path) -> TextForm:
    """How a CSV file is written, by its first line and its bytes: UTF-8 or, where it is none, as spreadsheets did."""
    with file.open("rb") as content:
        start = content.read(AT_ONCE)
    marked = next((encoding for mark, encoding in MARKS.items() if start.startswith(mark)), None)
    encoding = marked or ("utf-8" if _is_utf8(file) else OF_OLD_SPREADSHEETS)
    header = start.decode(encoding, errors="replace").lstrip("\ufeff").partition("\n")[0]
    delimiter = max(DELIMITERS, key=header.count)
    return TextForm(delimiter, encoding, is_marked=encoding == OF_OLD_SPREADSHEETS or marked is not None)


def _read_text(file: Path) -> pa.Table:
    how = _how(text_form(file))
    texts = dict.fromkeys(_text_columns(file, how), pa.string())
    # Arrow's own list of what is null holds NA and null, which are names of people.
    as_text = pyarrow.csv.ConvertOptions(column_types=texts, strings_can_be_null=True, null_values=[""])
    return pyarrow.csv.read_csv(file, convert_options=as_text, **how)


def _text_columns(file: Path, how: Mapping[str, Any]) -> list[str]:
    with pyarrow.csv.open_csv(file, **how) as head:
        return list(head.schema.names)


def _how(form: TextForm) -> dict[str, Any]:
    """How Arrow is to read a CSV file of the form."""
    return {
        "read_options": pyarrow.csv.ReadOptions(encoding=form.encoding),
        "parse_options": pyarrow.csv.ParseOptions(delimiter=form.delimiter, newlines_in_values=True),
    }


def _is_utf8(file: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with file.open("rb") as content:
        try:
            while chunk := content.read(AT_ONCE):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _wrong(file: Path, what: str, next_step: str) -> WrongCall:
    return WrongCall(what, where=str(file), still_true="Nothing was written.", next_step=next_step)
