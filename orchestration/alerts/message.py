"""The message about a night: text for people, JSON for machines, the same findings in both."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from orchestration.alerts.findings import Finding
from orchestration.record import NightRecord
from report.wording import counted

MOST = 20
"""Findings that a mail tells in full; the rest is counted."""


@dataclass(frozen=True)
class Message:
    """All that is told about one night.

    Units: counts are rows, rules, tables and files by name.
    """

    retailer: str
    night: date
    findings: tuple[Finding, ...]
    counts: dict[str, int]

    @property
    def subject(self) -> str:
        """One line: which night, and how bad."""
        failures = [found.where for found in self.findings if found.kind == "failure"]
        warnings = len(self.findings) - len(failures)
        bad = f"failed at {failures[0]}" if failures else counted(warnings, "warning")
        return " ".join(f"[Habitué] {self.retailer}, night of {self.night}: {bad}".split())

    @property
    def text(self) -> str:
        """The mail."""
        told = [_told(found) for found in self.findings[:MOST]]
        rest = len(self.findings) - MOST
        more = [f"and {counted(rest, 'more finding')}"] if rest > 0 else []
        counts = ", ".join(f"{name}: {number:,}" for name, number in self.counts.items())
        return "\n\n".join([f"{self.retailer}, night of {self.night}", *told, *more, counts]) + "\n"

    @property
    def payload(self) -> dict[str, Any]:
        """The body of a webhook."""
        kinds = {found.kind for found in self.findings}
        return {
            "retailer": self.retailer,
            "night": self.night.isoformat(),
            "kind": "failure" if "failure" in kinds else "warning",
            "subject": self.subject,
            "findings": [asdict(found) for found in self.findings],
            "counts": self.counts,
        }


def message(retailer: str, night: date, found: Sequence[Finding], record: NightRecord) -> Message:
    """The message about a night, with counts of what it did."""
    outcomes = Counter(gate.outcome for gate in record.gates)
    counts = {
        "rules asked": len(record.gates),
        "rules that blocked": outcomes["blocked"],
        "rules that warned": outcomes["warned"],
        "rules broken by rows set aside": sum(gate.failed for gate in record.gates if gate.severity == "reject"),
        "tables published": len(record.published),
        "files refused": sum(file.status == "refused" for file in record.files),
    }
    return Message(retailer, night, tuple(found), counts)


def _told(found: Finding) -> str:
    lines = [
        f"{found.kind.upper()}: {found.where} (looked after by {found.owner})",
        f"  What broke: {found.what}",
        f"  What is still true: {found.still_true}",
        f"  What to do next: {found.next_step}",
    ]
    return "\n".join(lines)
