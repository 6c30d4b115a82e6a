"""What came out of an audience, in words."""

import json
from dataclasses import replace
from datetime import date

from activation.effect import ContactCost, Foreseen, Lift, Side
from activation.lift import Estimate
from report.lift import as_json, beforehand, in_words

FOUND = Lift(
    audience="win_back",
    days=30,
    night=date(2026, 3, 1),
    sent=Side(900, 180, 12.5),
    held_out=Side(100, 10, 7.25),
    conversion=Estimate(0.1, 0.02, 0.16),
    spend=Estimate(5.25, -1.0, 11.0),
    adjusted_spend=Estimate(5.0, 1.0, 9.0),
    variance_foretold=0.4,
    chance_of_sides=0.9,
    detectable=0.11,
    detectable_spend=8.0,
    not_reached=3,
    left_out={"changed_sides": 2, "window_not_over": 40},
)
DEAR = replace(FOUND, cost=ContactCost(0.5, 2.0, 0.4))


def text(found: Lift) -> str:
    return "\n".join(in_words(found, "EUR"))


def test_a_difference_is_told_first_then_how_it_was_found() -> None:
    said = text(FOUND)
    verdict = "bought more often than those held out: +10.0 percentage points, 95 % between +2.0 and +16.0."
    assert verdict in said.splitlines()[1]
    for words in (
        "900  sent: 180 bought (20.0%), 12.50 EUR each",
        "100  held out: 10 bought (10.0%), 7.25 EUR each",
        "+5.25, 95 % between -1.00 and +11.00 EUR per customer",
        "foretold: 40% of its variance",
        "3  of those to be sent never had an acknowledged delivery",
        "2  left out: turned out to be people of both sides",
        "40  left out: still within their days",
    ):
        assert words in said
    worse = replace(FOUND, conversion=Estimate(-0.1, -0.16, -0.02))
    assert "bought less often" in text(worse)


def test_what_contacts_cost_is_told_per_buyer_whom_they_surely_gained() -> None:
    told = "contacts    2.0 messages a customer sent, 0.4 held out, at 0.5 EUR each"
    assert f"{told}: 8.00 EUR per buyer gained, 95 % between 5.00 and 40.00" in text(DEAR)
    assert as_json(DEAR)["cost_per_buyer"] == {"difference": 8.0, "low": 5.0, "high": 40.0}
    unsure = (
        replace(DEAR, conversion=Estimate(0.1, -0.02, 0.2)),
        replace(DEAR, held_out=Side(100, 9, 7.0)),
        replace(DEAR, chance_of_sides=1e-6),
        replace(DEAR, cost=ContactCost(0.5, 1.0, 1.2)),
    )
    for found in unsure:
        assert found.cost_per_buyer is None
        assert "per buyer gained" not in text(found)
        assert "messages a customer sent" in text(found)
    assert FOUND.cost_per_buyer is None
    assert "messages" not in text(FOUND)


def test_too_few_customers_say_nothing_yet_and_what_would_show() -> None:
    said = text(replace(FOUND, held_out=Side(100, 9, 7.0)))
    assert "Too few customers say anything yet" in said
    assert "only a rise of 11.0 percentage points or more would show" in said
    nobody = replace(FOUND, held_out=Side(0, 0, 0.0), conversion=None, spend=None, adjusted_spend=None, detectable=1.0)
    assert "Too few customers say anything yet" in text(nobody)
    assert "would show" not in text(nobody)


def test_a_difference_that_chance_may_have_made_is_none() -> None:
    said = text(replace(FOUND, conversion=Estimate(0.03, -0.04, 0.09)))
    assert "No difference in conversion that chance alone would not make" in said


def test_uneven_sides_go_before_any_difference() -> None:
    said = text(replace(FOUND, chance_of_sides=1e-5))
    assert "Not to be trusted" in said.splitlines()[1]


def test_what_would_show_is_told_before_anything_is_sent() -> None:
    said = beforehand(Foreseen(days=30, sent=900, held_out=100, rate=0.12, detectable=0.091))
    assert said.startswith(
        "With 900 to contact and 100 held out, of whom 12.0% bought in the last 30 days, only a rise"
    )
    assert "9.1 percentage points" in said
    assert "no effect" in beforehand(Foreseen(days=30, sent=3, held_out=1, rate=0.5, detectable=1.0))
    assert "cannot be measured" in beforehand(Foreseen(days=30, sent=3, held_out=0, rate=0.5, detectable=1.0))
    assert "Nobody may be contacted" in beforehand(Foreseen(days=30, sent=0, held_out=0, rate=0.0, detectable=1.0))


def test_the_json_holds_shares_intervals_and_the_sentence() -> None:
    told = json.loads(json.dumps(as_json(FOUND)))
    assert told["sent"] == {"customers": 900, "buyers": 180, "spend": 12.5, "conversion": 0.2}
    assert told["conversion"] == {"difference": 0.1, "low": 0.02, "high": 0.16}
    assert told["night"] == "2026-03-01"
    assert told["is_telling"] is True
    assert told["says"].startswith("Those who were sent bought more often")
