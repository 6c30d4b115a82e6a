"""Reasons agree with the sign of the contribution and hold the feature's own value."""

from datetime import date

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from features import FEATURES, THEMES
from models.explain import LEAVE, PHRASES, STAY, reasons
from models.model import Array, Customers

NIGHT = date(2019, 4, 1)
NAMES = ("days_since_last_order", "inter_purchase_days_mean", "orders_count_365d", "net_amount_365d", "rating_last")


def customers(*values: float) -> Customers:
    return Customers(NAMES, np.array([values], dtype=np.float32))


def test_reasons_are_the_strongest_themes_in_dated_words() -> None:
    given_facts = customers(20, 35, 1, 1240.5, np.nan)
    found = reasons(np.array([[0.3, 0.4, -0.5, 0.1, 0.0]]), NAMES, given_facts, NIGHT)
    assert found == [
        [
            "likelier to leave: last order on 12 March 2019, usually every 35 days",
            "likelier to stay: 1 order in the last 365 days",
            "likelier to leave: spent 1,240.50 in the last 365 days, returns taken off",
        ]
    ]


def test_a_reason_does_not_change_on_a_night_when_nothing_happened() -> None:
    tomorrow = date(2019, 4, 2)
    weights = np.array([[1.0, 0, 0, 0, 0]])
    assert reasons(weights, NAMES, customers(20, 35, 1, 5, 5), NIGHT) == reasons(
        weights, NAMES, customers(21, 35, 1, 5, 5), tomorrow
    )


@given(arrays(np.float64, (4, len(NAMES)), elements=st.floats(-3, 3)))
def test_the_direction_is_the_sign_of_what_the_theme_adds(weights: Array) -> None:
    matrix = np.tile(np.array([5, 30, 2, 99, 3], dtype=np.float32), (4, 1))
    words = {"last order": (0, 1), "orders in": (2,), "spent": (3,), "last rating": (4,), "no rating": (4,)}
    for row, told in enumerate(reasons(weights, NAMES, Customers(NAMES, matrix), NIGHT)):
        assert len(told) <= 3
        for reason in told:
            direction, text = reason.split(": ", 1)
            members = next(columns for start, columns in words.items() if start in text)
            added = weights[row, list(members)].sum()
            assert direction == (LEAVE if added > 0 else STAY)


def test_every_theme_can_be_told_even_where_nothing_is_known() -> None:
    assert set(PHRASES) == set(THEMES.values()), "add the new theme to PHRASES in models/explain.py"
    unknown = {f.name: float("nan") if f.no_history is None else float(f.no_history) for f in FEATURES}
    known = {f.name: 1.0 for f in FEATURES}
    for theme, phrase in PHRASES.items():
        assert "nan" not in phrase(known, NIGHT), theme
        if theme not in ("recency", "tenure", "basket"):
            assert "nan" not in phrase(unknown, NIGHT), theme
