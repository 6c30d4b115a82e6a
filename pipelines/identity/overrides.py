"""What people have decided about records: always one person, or never; read from a CSV file, above any model."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from lakehouse.errors import WrongCall
from lakehouse.names import nearest
from pipelines.identity.key_pairs import KeyPair, lower_first
from pipelines.identity.linkage import smallest_of_components

COLUMNS = ("record_a", "record_b", "decision", "who", "why")
DECISIONS = ("always", "never")
MOST_LINES = 10
"""Lines that a warning names; a source that changed its ids leaves thousands."""
MAY_BE_PERSONAL = re.compile(r"@|:\+?[\d ()/.-]{8,}$")
Line = tuple[int, Mapping[str, str | None]]


@dataclass(frozen=True)
class Overrides:
    """Decided pairs of record keys, the lower key first; signed holds who decided and why, lines where they stand."""

    always: tuple[KeyPair, ...] = ()
    never: tuple[KeyPair, ...] = ()
    signed: Mapping[KeyPair, tuple[str, str]] = field(default_factory=dict, compare=False, repr=False)
    lines: Mapping[KeyPair, int] = field(default_factory=dict, compare=False, repr=False)

    @property
    def record_keys(self) -> list[str]:
        """Every record that something was decided about."""
        return sorted({key for pair in (*self.always, *self.never) for key in pair})


@dataclass(frozen=True)
class Decided:
    """What was decided about a pair; who and why are None where it follows from decisions about other pairs."""

    decision: str
    who: str | None = None
    why: str | None = None


NONE = Overrides()


def read_overrides(file: Path) -> Overrides:
    """The decisions of a file with the columns of COLUMNS; records are written <source>:<contact id>.

    Raises: WrongCall if a line cannot be understood, or decisions contradict one another.
    """
    return _read(file, _text(file))


def decide(file: Path, decisions: Sequence[Mapping[str, str]]) -> Overrides:
    """The decisions of the file once these (by the names of COLUMNS) are added to it.

    Units: a decision that the file holds already is not written again.
    Raises: WrongCall if one cannot be understood or contradicts another; the file is then as it was.
    """
    before = _text(file)
    known = _read(file, before)
    header = next(csv.reader(io.StringIO(before)))
    text = io.StringIO(before if before.endswith("\n") else before + "\n", newline="")
    text.seek(0, io.SEEK_END)
    writer = csv.DictWriter(text, header, lineterminator="\n")
    for line in decisions:
        pair = _pair(file, "the answer", line)
        if pair not in getattr(known, _decision(file, "the answer", line)):
            writer.writerow(line)
    after = _read(file, text.getvalue())
    draft = file.with_name(f".{file.name}")
    draft.write_text(text.getvalue(), encoding="utf-8")
    draft.replace(file)
    return after


def lines_about(overrides: Overrides, record_keys: Iterable[str]) -> tuple[int, ...]:
    """The lines of the file that decide about one of the records."""
    asked = set(record_keys)
    return tuple(sorted(line for pair, line in overrides.lines.items() if not asked.isdisjoint(pair)))


def waiting(file: Path | None, lines: Sequence[int]) -> tuple[str, ...]:
    """What is said of lines that name a record which no source has, without its id: that may be an e-mail."""
    if not lines:
        return ()
    more = f" and {len(lines) - MOST_LINES} more" if len(lines) > MOST_LINES else ""
    told = f"{', '.join(map(str, lines[:MOST_LINES]))}{more}"
    return (f"{file}: decisions wait for records that no source has; they stand on line {told}",)


def decision_about(overrides: Overrides, pair: KeyPair) -> Decided | None:
    """What people decided about a pair, itself or by way of other pairs; None where nothing follows."""
    low, high = lower_first(*pair)
    for decision in DECISIONS:
        if (low, high) in getattr(overrides, decision):
            return Decided(decision, *overrides.signed.get((low, high), (None, None)))
    place, groups = _always_groups(overrides)
    if low not in place or high not in place:
        return None
    here = {groups[place[low]], groups[place[high]]}
    if len(here) == 1:
        return Decided("always")
    apart = ({groups[place[a]], groups[place[b]]} for a, b in overrides.never)
    return Decided("never") if here in apart else None


def _text(file: Path) -> str:
    if not file.is_file():
        raise _wrong(file, f"there is no such file; it begins with the line {','.join(COLUMNS)}")
    return file.read_text(encoding="utf-8-sig")


def _read(file: Path, text: str) -> Overrides:
    rows = csv.DictReader(io.StringIO(text, newline=""))
    missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        raise _wrong(file, f"the file has no column {', '.join(missing)}")
    found: dict[str, list[KeyPair]] = {name: [] for name in DECISIONS}
    signed, lines = {}, {}
    for line, row in enumerate(rows, start=2):
        pair = _pair(file, f"line {line}", row)
        found[_decision(file, f"line {line}", row)].append(pair)
        signed[pair] = ((row["who"] or "").strip(), (row["why"] or "").strip())
        lines[pair] = line
    overrides = Overrides(
        **{name: tuple(sorted(set(pairs))) for name, pairs in found.items()}, signed=signed, lines=lines
    )
    _refuse_contradictions(file, overrides)
    return overrides


def _decision(file: Path, place: str, row: Mapping[str, str | None]) -> str:
    decision = (row["decision"] or "").strip().lower()
    if decision not in DECISIONS:
        raise _wrong(file, f"{place}: no such decision: {decision or '(empty)'}{nearest(decision, DECISIONS)}")
    unsigned = [name for name in ("who", "why") if not (row[name] or "").strip()]
    if unsigned:
        raise _wrong(file, f"{place}: {' and '.join(unsigned)} is empty: a decision needs a name and a reason")
    return decision


def _pair(file: Path, place: str, row: Mapping[str, str | None]) -> KeyPair:
    ends = [(row[name] or "").strip() for name in ("record_a", "record_b")]
    if any(":" not in end for end in ends):
        raise _wrong(file, f"{place}: a record is written <source>:<contact id>, such as crm:1001")
    if ends[0] == ends[1]:
        raise _wrong(file, f"{place}: both records are the same")
    return lower_first(*(f"contact:{end}" for end in ends))


def _refuse_contradictions(file: Path, overrides: Overrides) -> None:
    """No pair that is never one person may be one by what is always one."""
    place, groups = _always_groups(overrides)
    against = [pair for pair in overrides.never if groups[place[pair[0]]] == groups[place[pair[1]]]]
    if against:
        told = "; ".join(_told(pair, overrides.lines[pair]) for pair in against[:3])
        raise _wrong(file, f"decisions contradict one another: {told} are never one person, and one by `always`")


def _told(pair: KeyPair, line: int) -> str:
    """The two records of a pair; its line where an id may be an e-mail or a phone."""
    names = [key.removeprefix("contact:") for key in pair]
    return f"the records of line {line}" if any(map(MAY_BE_PERSONAL.search, names)) else " and ".join(names)


def _always_groups(overrides: Overrides) -> tuple[dict[str, int], list[int]]:
    """The place of every decided record, and by place the group that is always one person."""
    place = {key: number for number, key in enumerate(overrides.record_keys)}
    groups: list[int] = smallest_of_components(len(place), *_places(overrides.always, place)).tolist()
    return place, groups


def _places(pairs: Iterable[KeyPair], place: dict[str, int]) -> list[np.ndarray[tuple[int], np.dtype[np.int64]]]:
    both = np.array([(place[a], place[b]) for a, b in pairs], dtype=np.int64).reshape(-1, 2)
    return [both[:, 0], both[:, 1]]


def _wrong(file: Path, what: str) -> WrongCall:
    return WrongCall(
        what,
        where=str(file),
        still_true="Nothing was started and no table was changed.",
        next_step=f"Correct the file (columns {', '.join(COLUMNS)}; decisions {' or '.join(DECISIONS)}) and run again.",
    )
