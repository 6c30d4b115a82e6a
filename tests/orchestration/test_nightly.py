"""A night run in this process: what Dagster only logs is no success."""

from datetime import date
from pathlib import Path

import pytest

from lakehouse.errors import Permanent
from orchestration import nightly
from orchestration.night import Place
from orchestration.record import NightRecord

PLACE = Place(Path("shop.yaml"), Path("landing"), "lake")


@pytest.mark.parametrize("error", [None, Permanent("the page broke", where="here", still_true="x.", next_step="y.")])
def test_night_whose_summary_could_not_be_written_has_failed(
    monkeypatch: pytest.MonkeyPatch, error: Permanent | None
) -> None:
    record = NightRecord(error=error)
    monkeypatch.setattr(nightly, "_run", lambda *_, **__: None)
    with pytest.raises(Permanent, match="the page broke" if error else "summary could not be written"):
        nightly.run_night(PLACE, date(2026, 3, 2), send=False, record=record)


def test_night_with_a_summary_has_succeeded(monkeypatch: pytest.MonkeyPatch) -> None:
    record = NightRecord(summary={"night": "2026-03-02"})
    monkeypatch.setattr(nightly, "_run", lambda *_, **__: None)
    nightly.run_night(PLACE, date(2026, 3, 2), send=False, record=record)
