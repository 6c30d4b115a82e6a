"""What a night delivered is compared with its nights: rows, money, names, completeness, stores, hours."""

from collections.abc import Mapping
from datetime import date, timedelta

import pytest

from quality.calendar import SpecialDay
from quality.deliveries import Past, judge
from quality.gate import Outcome
from tests.quality.night_figures import TABLE, Drawn, figures, known, nights

WEEKS = 6


@pytest.fixture(scope="module")
def past() -> dict[date, Drawn]:
    return dict(nights(7 * WEEKS + 1, seed=4))


def judged(past: Mapping[date, Drawn], changes: Drawn, *, accepted: frozenset[date] = frozenset()) -> dict[str, str]:
    """What is not passed on the last night of the past, with some of its figures changed: outcome by words."""
    night = max(past)
    tonight = {**past[night], **changes}
    before = Past(known({day: drawn for day, drawn in past.items() if day < night}), night, (), {TABLE: accepted})
    return {
        found.words: found.outcome.outcome for found in judge(figures(tonight), before) if _told(found.outcome.outcome)
    }


def _told(outcome: Outcome) -> bool:
    return outcome != "passed"


def test_night_like_others_passes(past: dict[date, Drawn]) -> None:
    assert judged(past, {}) == {}


@pytest.mark.parametrize("factor", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("measure", ["rows", "amount"])
def test_far_too_little_or_too_much_is_blocked(past: dict[date, Drawn], measure: str, factor: float) -> None:
    value = past[max(past)][measure][""] * factor
    [(words, outcome)] = judged(past, {measure: {"": value}}).items()
    assert outcome == "blocked"
    assert words.startswith(f"till.sales brought {value:,.0f} {'rows' if measure == 'rows' else 'of money'}, where 6 ")


def test_orders_that_name_nobody_are_blocked(past: dict[date, Drawn]) -> None:
    found = judged(past, {"complete": {"person": 0.2, "loyalty_id": 0.4, "order_id": 1.0}})
    assert found == {"till.sales has person in 20% of its rows, usually 60%": "blocked"}


def test_rows_that_take_the_numbers_of_old_ones_are_blocked(past: dict[date, Drawn]) -> None:
    found = judged(past, {"corrected": {"": 0.9}})
    assert found == {
        "till.sales brought 90% of its rows under numbers of rows that say otherwise, usually 0%": "blocked"
    }
    assert judged(past, {"corrected": {"": 0.04}}) == {}


def test_column_that_comes_empty_is_told(past: dict[date, Drawn]) -> None:
    found = judged(past, {"complete": {"person": 0.6, "loyalty_id": 0.0, "order_id": 1.0}})
    assert found == {"till.sales has loyalty_id in 0% of its rows, usually 40%": "warned"}


def test_store_that_is_short_is_told_and_one_that_comes_twice_is_blocked(past: dict[date, Drawn]) -> None:
    stores = past[max(past)]["store_id"]
    assert list(judged(past, {"store_id": {"A": stores["A"], "B": stores["B"]}}).values()) == ["warned", "warned"]
    [(words, outcome)] = judged(past, {"store_id": {**stores, "C": 2 * stores["C"]}}).items()
    assert (words[:35], outcome) == ("till.sales brought " + f"{2 * stores['C']:,.0f} rows of store C"[:16], "blocked")


def test_clock_of_another_time_zone_is_told(past: dict[date, Drawn]) -> None:
    moved = {f"{int(hour) + 2:02}": rows for hour, rows in past[max(past)]["hour"].items()}
    [(words, outcome)] = judged(past, {"hour": moved}).items()
    assert words.startswith("till.sales falls into other hours of the day (stability index ")
    assert outcome == "warned"


def test_copy_of_an_earlier_file_brings_nothing_new(past: dict[date, Drawn]) -> None:
    found = judged(past, {"changed rows": {}, "amount": {}})
    assert sorted(found.values()) == ["blocked", "warned"]


@pytest.mark.parametrize("seed", range(2))
def test_undisturbed_nights_are_left_alone(seed: int) -> None:
    all_nights = dict(nights(84, seed))
    later = {night: drawn for night, drawn in all_nights.items() if night > min(all_nights) + timedelta(days=28)}
    found = [
        finding.outcome.outcome
        for night, drawn in later.items()
        for finding in judge(figures(drawn), Past(known(all_nights), night))
    ]
    assert found.count("blocked") == 0
    assert found.count("warned") <= 2


def test_change_that_a_person_let_through_may_have_come_to_stay(past: dict[date, Drawn]) -> None:
    night = max(past)
    accepted = night - timedelta(days=1)
    doubled = {measure: {"": 2 * past[accepted][measure][""]} for measure in ("rows", "amount", "changed rows")}
    stayed = {**past, accepted: {**past[accepted], **doubled}}
    tonight = {measure: {"": 2 * past[night][measure][""]} for measure in doubled}
    assert set(judged(stayed, tonight).values()) == {"blocked", "warned"}
    assert judged(stayed, tonight, accepted=frozenset({accepted})) == {}
    assert judged(stayed, {}, accepted=frozenset({accepted})) == {}
    halved = {measure: {"": 0.4 * past[night][measure][""]} for measure in doubled}
    assert "blocked" in judged(stayed, halved, accepted=frozenset({accepted})).values()


def test_delivery_that_was_late_may_come_with_the_next_one(past: dict[date, Drawn]) -> None:
    night = max(past)
    late = {day: drawn for day, drawn in past.items() if day != night - timedelta(days=1)}
    both = {
        measure: {"": past[night][measure][""] + past[night - timedelta(days=1)][measure][""]}
        for measure in ("rows", "amount", "changed rows")
    }
    assert "blocked" in judged(past, both).values()
    assert judged(late, both) == {}
    assert judged(late, {}) == {}


def test_names_that_a_person_let_through_go_missing_are_usual_from_then_on(past: dict[date, Drawn]) -> None:
    accepted = max(past) - timedelta(days=1)
    nobody = {"complete": {"person": 0.1, "loyalty_id": 0.4, "order_id": 1.0}}
    changed = {**past, accepted: {**past[accepted], **nobody}}
    assert judged(changed, nobody) != {}
    assert judged(changed, nobody, accepted=frozenset({accepted})) == {}


def test_special_days_and_new_deliveries_are_not_judged_by_ordinary_nights(past: dict[date, Drawn]) -> None:
    night = max(past)
    sale = SpecialDay.model_validate({"name": "sale", "from": night - timedelta(days=1)})
    before = known({day: drawn for day, drawn in past.items() if day < night})
    doubled = figures({**past[night], "rows": {"": 10 * past[night]["rows"][""]}})
    found = judge(doubled, Past(before, night, (sale,)))
    assert [finding.words for finding in found if finding.outcome.outcome == "blocked"] == []
    assert judge(doubled, Past({}, night)) == []
