"""Who put which version in use, when and why."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from lakehouse.delta import Lakehouse
from models.champions import Change, before, changes, record, since, were_champion

NIGHT, AT = date(2024, 6, 1), datetime(2024, 6, 2, 5, tzinfo=UTC)
FIRST = Change(NIGHT, "churn", "2", "1", "promoted", "training", "surely better", AT)
SECOND = replace(FIRST, version="5", from_version="2", decided_at=AT + timedelta(days=7))
BACK = replace(FIRST, version="2", from_version="5", what="rolled_back", who="Ann", decided_at=AT + timedelta(days=8))


def test_changes_are_kept_once_and_in_order(lake: Lakehouse) -> None:
    assert changes(lake, "churn") == ()
    for _ in range(2):
        record(lake, [BACK, FIRST, SECOND, replace(FIRST, model="lifetime_value")])
    kept = changes(lake, "churn")
    assert [change.what for change in kept] == ["promoted", "promoted", "rolled_back"]
    assert (kept[0].version, kept[-1].who, kept[-1].why) == ("2", "Ann", "surely better")


def test_what_scored_before_is_what_the_promotion_replaced_and_not_what_was_taken_back() -> None:
    found = (FIRST, SECOND, BACK)
    assert before(found, "5") == "2"
    assert before(found, "2") == "1"
    assert before(found, "9") is None
    assert since(found, "2") == BACK
    assert since(found, "9") is None
    assert were_champion(found) == {"1", "2", "5"}
