"""Text files, plain or compressed, as lines; and rows of text as Arrow batches."""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, TextIO, cast

import pyarrow as pa

from pipelines.readers.refusal import refused

LINES_AT_ONCE = 20_000
OPEN: Mapping[str, Callable[..., object]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}


@dataclass
class Rows:
    """Data rows of a file under way: those that fit the columns, and the text of those that do not.

    Units: first is the 1-based data row that the next row added has.
    """

    first: int
    values: list[Sequence[str | None]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    corrupt: list[tuple[int, str]] = field(default_factory=list)

    @property
    def next_number(self) -> int:
        """The number of the row that is added next."""
        return self.first + len(self.values) + len(self.corrupt)

    def add(self, values: Sequence[str | None]) -> None:
        """Take a row that has a value for every column."""
        self.numbers.append(self.next_number)
        self.values.append(values)

    def set_aside(self, text: str) -> None:
        """Take a row that does not fit the columns, as the text that was delivered."""
        self.corrupt.append((self.next_number, text))

    def batch(self, names: Sequence[str]) -> pa.RecordBatch:
        """All rows as strings, empty ones as null, with `_row_number` and `_corrupt`."""
        width = range(len(names))
        columns = zip(*self.values, strict=True) if self.values else ([] for _ in width)
        gap = [None] * len(self.corrupt)
        arrays = [pa.array([*(value or None for value in column), *gap], pa.string()) for column in columns]
        numbers = pa.array([*self.numbers, *(number for number, _ in self.corrupt)], pa.int64())
        texts = pa.array([*([None] * len(self.values)), *(text for _, text in self.corrupt)], pa.string())
        return pa.RecordBatch.from_arrays([*arrays, numbers, texts], [*names, "_row_number", "_corrupt"])


@contextmanager
def opened(path: Path, *, encoding: str) -> Iterator[TextIO]:
    """The file's text without its byte order mark; line ends stay as they are.

    Raises: DeliveryRefused if the bytes are no text of that encoding, or a compressed file ends early.
    """
    open_file = OPEN.get(path.suffix.lower(), open)
    name = "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
    try:
        with cast(BinaryIO, open_file(path, "rb")) as stream:
            yield TextIOWrapper(stream, encoding=name, newline="")
    except UnicodeError as failure:
        raise _undecodable(path, failure, encoding=encoding) from None
    except (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError) as failure:
        what = f"the compressed file is broken or cut short ({failure})"
        raise refused(what, file_name=path.name, fix="Deliver the whole file again.") from None


def column_names(header: Sequence[str], *, file_name: str) -> list[str]:
    """The names of a header line: trimmed, those without a name numbered.

    Raises: DeliveryRefused if two columns share a name, whatever their case.
    """
    names = [name.strip() or f"column_{position}" for position, name in enumerate(header, start=1)]
    lowered = [name.lower() for name in names]
    if twice := sorted({name for name, low in zip(names, lowered, strict=True) if lowered.count(low) > 1}):
        raise refused(
            f"the header names {', '.join(twice)} more than once", file_name=file_name, fix="Deliver distinct names."
        )
    return names


def _undecodable(path: Path, failure: UnicodeError, *, encoding: str) -> Exception:
    what = f"its bytes are no {encoding} text ({getattr(failure, 'reason', 'no byte order mark')})"
    fix = "Set `format.encoding` (windows-1252, iso-8859-1 and utf-16 are frequent), or deliver it as UTF-8."
    return refused(what, file_name=path.name, fix=fix)
