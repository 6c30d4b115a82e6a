"""A score is the plain mean of what is known of the critical columns of a source."""

from dataclasses import replace

import pytest

from quality.critical import CRITICAL, Element, scores

SOUND = Element("orders", "ordered_at", "till", 1.0, 1.0, None, 1.0, rows=10)


@pytest.mark.parametrize(
    ("element", "points"),
    [
        (SOUND, 100),
        (replace(SOUND, completeness=0.4), 80),
        (replace(SOUND, validity=0.7), 90),
        (replace(SOUND, uniqueness=0.6), 90),
        (replace(SOUND, freshness_days=2), 100),
        (replace(SOUND, freshness_days=8), 75),
        (Element("orders", "ordered_at", "till", None, None, None, None, rows=0), 0),
    ],
)
def test_element_is_worth_the_mean_of_its_dimensions(element: Element, points: float) -> None:
    assert element.score == pytest.approx(points)


def test_source_is_scored_for_each_use_case_that_it_feeds_and_over_all() -> None:
    email = Element("contacts", "email", "crm", 0.5, 1.0, 0.9, 0.0, rows=10)
    placed = replace(SOUND, column="order_id", completeness=0.7)
    found = {(figure.source, figure.part): figure for figure in scores([SOUND, placed, email], CRITICAL)}
    assert {key: round(figure.value, 1) for key, figure in found.items()} == {
        ("till", ""): 95, ("till", "churn"): 95, ("till", "lifetime_value"): 100,
        ("crm", ""): 85, ("crm", "email_activation"): 85,
    }  # fmt: skip
    assert found["till", "churn"].rows == 2


def test_what_a_night_does_not_say_is_no_figure() -> None:
    told = {figure.measure: figure.value for figure in replace(SOUND, completeness=None).figures()}
    assert told == {"validity": 1.0, "freshness_days": 1.0}
