"""What every benchmark says at its end: its checks, as one JSON object on the last line."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

Better = Literal["lower", "higher"]


@dataclass(frozen=True)
class Check:
    """One measured value beside its bar.

    Units: better says on which side of the bar the value must lie; a bar of None is a value without a bar, always ok.
    """

    name: str
    value: float
    bar: float | None
    better: Better

    @property
    def ok(self) -> bool:
        """Whether the value reaches the bar."""
        if self.bar is None:
            return True
        return self.value <= self.bar if self.better == "lower" else self.value >= self.bar

    def as_json(self) -> dict[str, object]:
        """The check as it is printed: name, value, bar, better, ok."""
        return {**asdict(self), "ok": self.ok}

    def __str__(self) -> str:
        bar = "" if self.bar is None else f" (bar {self.bar:g}, {self.better} is better)"
        return f"{'ok  ' if self.ok else 'MISS'} {self.name}: {self.value:g}{bar}"


def lower(name: str, value: float, bar: float | None = None) -> Check:
    """A check whose value must not exceed the bar."""
    return Check(name, round(float(value), 6), bar, "lower")


def higher(name: str, value: float, bar: float | None = None) -> Check:
    """A check whose value must reach the bar."""
    return Check(name, round(float(value), 6), bar, "higher")


def report(checks: Sequence[Check], *, as_json: bool) -> int:
    """Print the checks, the JSON object on the last line where asked for; 0 when all are ok, else 1."""
    for check in checks:
        print(check)
    if as_json:
        print(json.dumps({"checks": [check.as_json() for check in checks]}))
    return 0 if all(check.ok for check in checks) else 1
