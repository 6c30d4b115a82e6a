"""When a night is told: at its end, once for the same findings; a night that was killed, at the next start."""

import json
import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from orchestration.alerts.channels import channels, delivered
from orchestration.alerts.findings import Finding, findings, fingerprint, killed, of_error
from orchestration.alerts.message import message
from orchestration.record import NightRecord
from orchestration.retailer import Retailer

KEPT = 100
"""Nights of which is known what was told."""


def night_begins(retailer: Retailer, night: date, record: NightRecord, state: Path) -> None:
    """Note that the night runs; if the note of an earlier one still lies there, it was killed, and that is told.

    Shape: called while the lake is locked, so that the note is nobody's who still runs.
    """
    note = _folder(state) / "running"
    if note.exists():
        before = date.fromisoformat(note.read_text().strip() or night.isoformat())
        _tell(retailer, before, [killed(before, retailer)], NightRecord(say=record.say), state)
    _replace(note, night.isoformat())


def night_ends(retailer: Retailer, night: date, record: NightRecord, state: Path) -> None:
    """Tell what the night has to tell; what became of it stands in `record.alerts`."""
    _tell(retailer, night, findings(record, retailer, night), record, state)
    (_folder(state) / "running").unlink(missing_ok=True)


def night_did_not_begin(
    retailer: Retailer, night: date, error: BaseException, record: NightRecord, state: Path
) -> None:
    """Tell of a night that could not be opened."""
    _tell(retailer, night, [of_error(error, retailer, night)], record, state)


def _tell(retailer: Retailer, night: date, found: Sequence[Finding], record: NightRecord, state: Path) -> None:
    """Send one message by every channel that has not had the same about this night; a channel that is down is noted."""
    settings = retailer.alerts
    asked = [one for one in found if settings is not None and one.kind in settings.on]
    if settings is None or not asked:
        return
    told, mark = message(retailer.retailer, night, asked, record), fingerprint(asked)
    for name, send in channels(settings):
        if mark in _told_before(state, night, name):
            record.alerts[name] = "told before"
            continue
        problem = delivered(send, told)
        if problem is None:
            _remember(state, night, name, mark)
        record.alerts[name] = f"not sent: {problem}" if problem else "sent"
        record.say(f"alert by {name}: {record.alerts[name]}")


def _told_before(state: Path, night: date, channel: str) -> list[str]:
    return _memory(state).get(night.isoformat(), {}).get(channel, [])


def _remember(state: Path, night: date, channel: str, mark: str) -> None:
    memory = _memory(state)
    memory.setdefault(night.isoformat(), {}).setdefault(channel, []).append(mark)
    kept = dict(sorted(memory.items())[-KEPT:])
    _replace(_folder(state) / "told.json", json.dumps(kept, indent=1))


def _memory(state: Path) -> dict[str, dict[str, list[str]]]:
    """What was told by night and channel; a file that cannot be read only lets a message go out twice."""
    file = _folder(state) / "told.json"
    try:
        found: dict[str, dict[str, list[str]]] = json.loads(file.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return found


def _replace(file: Path, text: str) -> None:
    """Write the file whole or not at all."""
    beside = file.with_suffix(f".{os.getpid()}")
    beside.write_text(text)
    beside.replace(file)


def _folder(state: Path) -> Path:
    folder = state / "alerts"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
