"""What people have decided about records: always one person, or never; read from a CSV file, above any model."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lakehouse.errors import WrongCall
from lakehouse.names import nearest
from pipelines.identity.linkage import smallest_of_components

COLUMNS = ("record_a", "record_b", "decision", "who", "why")
DECISIONS = ("always", "never")
KeyPair = tuple[str, str]


@dataclass(frozen=True)
class Overrides:
    """Decided pairs of record keys, the lower key first."""

    always: tuple[KeyPair, ...] = ()
    never: tuple[KeyPair, ...] = ()

    @property
    def record_keys(self) -> list[str]:
        """Every record that something was decided about."""
        return sorted({key for pair in (*self.always, *self.never) for key in pair})


NONE = Overrides()


def read_overrides(file: Path) -> Overrides:
    """The decisions of a file with the columns of COLUMNS; records are written <source>:<contact id>.

    Raises: WrongCall if a line cannot be understood, or decisions contradict one another.
    """
    if not file.is_file():
        raise _wrong(file, "there is no such file")
    with file.open(newline="", encoding="utf-8-sig") as lines:
        rows = csv.DictReader(lines)
        missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
        if missing:
            raise _wrong(file, f"the file has no column {', '.join(missing)}")
        decided = [(line, row) for line, row in enumerate(rows, start=2)]
    found: dict[str, list[KeyPair]] = {name: [] for name in DECISIONS}
    for line, row in decided:
        found[_decision(file, line, row)].append(_pair(file, line, row))
    overrides = Overrides(**{name: tuple(sorted(set(pairs))) for name, pairs in found.items()})
    _refuse_contradictions(file, overrides)
    return overrides


def _decision(file: Path, line: int, row: dict[str, str | None]) -> str:
    decision = (row["decision"] or "").strip().lower()
    if decision not in DECISIONS:
        raise _wrong(file, f"line {line}: no such decision: {decision or '(empty)'}{nearest(decision, DECISIONS)}")
    unsigned = [name for name in ("who", "why") if not (row[name] or "").strip()]
    if unsigned:
        raise _wrong(file, f"line {line}: {' and '.join(unsigned)} is empty: a decision needs a name and a reason")
    return decision


def _pair(file: Path, line: int, row: dict[str, str | None]) -> KeyPair:
    ends = [(row[name] or "").strip() for name in ("record_a", "record_b")]
    if any(":" not in end for end in ends):
        raise _wrong(file, f"line {line}: a record is written <source>:<contact id>, such as crm:1001")
    if ends[0] == ends[1]:
        raise _wrong(file, f"line {line}: both records are the same")
    low, high = sorted(f"contact:{end}" for end in ends)
    return low, high


def _refuse_contradictions(file: Path, overrides: Overrides) -> None:
    """No pair that is never one person may be one by what is always one."""
    place = {key: number for number, key in enumerate(overrides.record_keys)}
    groups = smallest_of_components(len(place), *_places(overrides.always, place))
    against = [pair for pair in overrides.never if groups[place[pair[0]]] == groups[place[pair[1]]]]
    if against:
        told = "; ".join(" and ".join(key.removeprefix("contact:") for key in pair) for pair in against[:3])
        raise _wrong(file, f"decisions contradict one another: {told} are never one person, and one by `always`")


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
