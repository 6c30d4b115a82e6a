"""Reasons agree with the sign of what is added, hold the feature that adds it, and stay while nothing happens."""

import re
from datetime import date, timedelta
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from features import FEATURES, THEMES
from models.explain import CHURN_WORDS, THEME_ORDER, TOLD, VALUE_WORDS, Told, sentences, told
from models.facts import MONTHS, PHRASES, TOLD_BY, Seen, dated
from models.model import Array, Customers

NIGHT = date(2019, 4, 1)
NAMES = ("days_since_last_order", "inter_purchase_days_mean", "orders_count_365d", "net_amount_365d", "rating_last")
EVERY = tuple(feature.name for feature in FEATURES)
SHARES = tuple(feature.name for feature in FEATURES if feature.unit == "0 to 1")


def customers(*values: float) -> Customers:
    return Customers(NAMES, np.array([values], dtype=np.float32))


def lines(found: Told, who: Customers, night: date = NIGHT, words: tuple[str, str] = CHURN_WORDS) -> list[list[str]]:
    seen = Seen(who, np.arange(len(who.matrix)), night, "EUR")
    return [[line for line in row if line is not None] for row in sentences(found, seen, words)]


def test_reasons_are_the_strongest_themes_in_dated_words() -> None:
    who = customers(20, 35, 1, 1240.5, np.nan)
    found = told(np.array([[0.3, 0.4, -0.5, 0.1, 0.0]]), NAMES)
    assert lines(found, who) == [
        [
            "likelier to leave: last order on 12 March 2019, usually every 35 days",
            "likelier to stay: 1 order in the last 365 days",
            "likelier to leave: spent 1,240.50 EUR in the last 365 days, returns taken off",
        ]
    ]
    assert lines(found, who, words=VALUE_WORDS)[0][1] == "expected to spend less: 1 order in the last 365 days"


@given(arrays(np.float64, (4, len(EVERY)), elements=st.floats(-3, 3)), st.integers(0, 2**31))
def test_the_direction_is_the_sign_of_the_theme_and_the_fact_told_pulls_the_same_way(weights: Array, seed: int) -> None:
    known = {name: TOLD_BY.get(name, name) for name in EVERY}
    before = np.random.default_rng(seed).integers(-1, len(TOLD), (4, 3))
    found = told(weights, EVERY, before)
    for row, (phrases, rises) in enumerate(zip(found.phrases.tolist(), found.rises.tolist(), strict=True)):
        themes = [THEMES[TOLD[place]] for place in phrases if place >= 0]
        assert len(set(themes)) == len(themes)
        for place, rise in zip(phrases, rises, strict=True):
            if place < 0:
                continue
            theme = [at for at, name in enumerate(EVERY) if THEMES[name] == THEMES[TOLD[place]]]
            phrase = [at for at, name in enumerate(EVERY) if known[name] == TOLD[place]]
            assert rise == (weights[row, theme].sum() > 0)
            assert weights[row, phrase].sum() * (1 if rise else -1) > -1e-9


@given(st.data())
def test_every_figure_told_is_the_value_of_the_feature(data: Any) -> None:
    place = data.draw(st.integers(0, len(TOLD) - 1))
    value = data.draw(st.one_of(st.just(float("nan")), st.integers(0, 400).map(float)))
    facts = dict.fromkeys(EVERY, value) | dict.fromkeys(SHARES, value / 400)
    who = Customers(EVERY, np.array([list(facts.values())], dtype=np.float32))
    [phrase] = PHRASES[TOLD[place]](Seen(who, np.array([0]), NIGHT, "EUR"))
    assert "nan" not in phrase
    day = NIGHT - timedelta(days=int(np.nan_to_num(value)))
    left = phrase
    for told_day in (day, NIGHT + (NIGHT - day)):
        left = left.replace(f"{told_day.day} {MONTHS[told_day.month - 1]} {told_day.year}", "")
    left = re.sub(r"in the last \d+( days)?$|(in|of) the (last|next) \d+ days|of 5\b|of 2 or less", "", left)
    share = f"{float(np.float32(value / 400)):.0%}"
    for figure in re.findall(r"[\d,.]*\d ?%?", left):
        is_share = figure.endswith("%")
        told_value = figure.replace(" ", "") if is_share else float(figure.replace(",", ""))
        assert told_value == ("0%" if value != value else share) if is_share else told_value in (value, 0.0)


@given(arrays(np.float64, (1, len(EVERY)), elements=st.floats(-3, 3)), st.integers(1, 300))
def test_nothing_told_changes_on_a_night_when_nothing_happened(weights: Array, ago: int) -> None:
    """Ages grow by a day and so do ratios to them; what each feature adds drifts by up to a thirtieth."""
    ages = [n for n in EVERY if n.startswith("days_since") or n == "tenure_days"]
    facts = {name: float(ago) for name in EVERY}
    moved = {"overdue_ratio": facts["overdue_ratio"] + 0.03, "days_to_contract_end": facts["days_to_contract_end"] - 1}
    older = facts | {name: facts[name] + 1 for name in ages} | moved
    tonight, tomorrow = (Customers(EVERY, np.array([list(f.values())], dtype=np.float32)) for f in (facts, older))
    first = told(weights, EVERY)
    total = np.abs(weights).max()
    drift = np.random.default_rng(ago).uniform(-1, 1, weights.shape) * total * 1e-4
    strong = np.sort(np.abs(first.by_theme[0]))[-3] > total / 10
    second = told(weights + drift, EVERY, first.phrases)
    if strong:
        assert lines(second, tomorrow, NIGHT + timedelta(days=1)) == lines(first, tonight)


def test_a_near_tie_keeps_last_nights_order_and_a_clear_lead_does_not() -> None:
    who = customers(20, 35, 1, 1240.5, np.nan)
    first = told(np.array([[0.5, 0.0, -0.49, 0.0, 0.0]]), NAMES)
    order = [TOLD[place] for place in first.phrases[0, :2]]
    assert order == ["days_since_last_order", "orders_count_365d"]
    near = told(np.array([[0.49, 0.0, -0.5, 0.0, 0.0]]), NAMES, first.phrases)
    assert lines(near, who) == lines(first, who)
    clear = told(np.array([[0.3, 0.0, -0.5, 0.0, 0.0]]), NAMES, first.phrases)
    assert TOLD[clear.phrases[0, 0]] == "orders_count_365d"


def test_of_a_theme_the_feature_that_adds_most_is_told_not_one_that_adds_nothing() -> None:
    names = ("orders_count_365d", "orders_count_30d")
    who = Customers(names, np.array([[12, 0]], dtype=np.float32))
    assert lines(told(np.array([[-0.1, 0.6]]), names), who) == [["likelier to leave: no order in the last 30 days"]]


def test_nothing_is_told_where_nothing_adds() -> None:
    assert lines(told(np.zeros((1, len(NAMES))), NAMES), customers(1, 2, 3, 4, 5)) == [[]]


def test_every_feature_can_be_told_and_every_theme_has_its_place() -> None:
    assert set(EVERY) == set(PHRASES) | set(TOLD_BY), "add the new feature to PHRASES in models/facts.py"
    assert set(THEME_ORDER) == set(THEMES.values()), "add the new theme to the end of THEME_ORDER"
    assert all(THEMES[name] == THEMES[told_by] for name, told_by in TOLD_BY.items())


def test_amounts_carry_the_retailers_currency_or_none() -> None:
    who = Customers(("net_amount_365d",), np.array([[-20.0], [0.0], [234567.89]], dtype=np.float32))
    said = [PHRASES["net_amount_365d"](Seen(who, np.arange(3), NIGHT, currency)) for currency in ("", "EUR")]
    assert said[0][0] == "gave back 20.00 more than was bought in the last 365 days"
    assert said[1] == [
        "gave back 20.00 EUR more than was bought in the last 365 days",
        "spent nothing in the last 365 days",
        "spent 234,568 EUR in the last 365 days, returns taken off",
    ]


def test_one_day_with_orders_is_told_as_a_fact_that_may_speak_for_more_or_for_less() -> None:
    names = ("repeat_purchase_days_count", "days_since_first_order")
    who = Customers(names, np.array([[0, 20], [3, 20], [np.nan, np.nan]], dtype=np.float32))
    assert PHRASES["repeat_purchase_days_count"](Seen(who, np.arange(3), NIGHT)) == [
        f"ordered on one day only, {dated(NIGHT - timedelta(days=20))}",
        f"bought again on 3 days since the first order on {dated(NIGHT - timedelta(days=20))}",
        "ordered on one day only",
    ]
