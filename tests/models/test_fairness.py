"""How a version does by group of customers: beside the features, with intervals, and never of a handful of people."""

from typing import get_args

import numpy as np
import pytest

from features import FEATURES
from features.feature_group import SOURCES
from models.fairness import FEWEST_CUSTOMERS, MOST_GROUPS, THE_REST, Gap, Groups, Told, gaps, shown_as_high
from models.metrics import auc, normalised_gini
from models.model import Array, Customers
from models.settings import PROFILE_COLUMNS, Attribute, ChurnSettings
from pipelines.tables import CUSTOMER_PROFILE

DRAWN = np.random.default_rng(3)


def told(size: int, *, unfair: Array | None = None) -> Told:
    """Probabilities that come true; for those named by `unfair` they are no better than chance, and too high."""
    probability = DRAWN.uniform(0.05, 0.95, size)
    happened = (DRAWN.uniform(size=size) < probability).astype(float)
    if unfair is not None:
        happened[unfair] = (DRAWN.uniform(size=int(unfair.sum())) < 0.3).astype(float)
    return Told(happened, probability, probability > 0.66)


def of(found: tuple[Gap, ...], group: str, measure: str) -> Gap:
    return next(gap for gap in found if (gap.group, gap.measure) == (group, measure))


def test_a_group_for_which_a_version_errs_more_has_gaps_surely_away_from_nothing() -> None:
    codes = np.arange(3000) % 3
    found = gaps(auc, told(3000, unfair=codes == 1), {"region": Groups(codes, ("north", "south", "west"))})
    south = {measure: of(found, "south", measure) for measure in ("seen", "ranking", "calibration_error")}
    assert south["ranking"].high < -0.1
    assert south["calibration_error"].low > 0.05
    assert south["seen"].gap == pytest.approx(south["seen"].value - south["seen"].others)
    assert south["seen"].low < south["seen"].gap < south["seen"].high


def test_groups_that_are_treated_alike_have_intervals_around_nothing() -> None:
    codes = DRAWN.integers(0, 2, 4000)
    found = gaps(auc, told(4000), {"gender": Groups(codes, ("female", "male"))})
    around = [gap.low <= 0 <= gap.high for gap in found]
    assert len(around) == 10
    assert sum(around) >= 9


def test_a_small_group_is_not_mistaken_for_one_that_is_calibrated_worse() -> None:
    codes = (np.arange(20_000) < 150).astype(int)
    gap = of(gaps(auc, told(20_000), {"gender": Groups(codes, ("male", "other"))}), "other", "calibration_error")
    assert gap.low < 0 < gap.high


def test_a_group_below_the_stated_number_is_told_as_too_small_without_a_figure() -> None:
    codes = (np.arange(1000) < FEWEST_CUSTOMERS - 1).astype(int)
    found = gaps(auc, told(1000), {"region": Groups(codes, ("north", "south"))})
    assert all(gap.is_too_small and np.isnan(gap.value) for gap in found)
    assert {gap.customers for gap in found if gap.group == "south"} == {FEWEST_CUSTOMERS - 1}


def test_nothing_is_told_where_all_are_alike_and_many_groups_end_in_one() -> None:
    assert gaps(auc, told(500), {"region": Groups(np.zeros(500, dtype=int), ("unknown",))}) == ()
    many = Groups(np.arange(2400) % 20, tuple(f"r{number:02}" for number in range(20)))
    found = gaps(auc, told(2400), {"region": many})
    assert len({gap.group for gap in found}) == MOST_GROUPS
    assert of(found, THE_REST, "seen").customers == 9 * 120


def test_amounts_are_held_against_what_was_spent() -> None:
    spent = DRAWN.gamma(2, 50, 2000)
    codes = np.arange(2000) % 2
    said = Told(spent, np.where(codes == 1, 1.5, 1.0) * spent, spent > 100)
    gap = of(gaps(normalised_gini, said, {"gender": Groups(codes, ("f", "m"))}), "m", "calibration_error")
    assert (gap.value, gap.others) == pytest.approx((0.5, 0.0), abs=1e-6)


def test_who_just_bought_is_not_counted_as_shown_high_and_of_values_the_top_fifth_is() -> None:
    customers = Customers(("days_since_last_order",), np.array([[3.0], [60.0], [60.0]]))
    high = shown_as_high(customers, np.array([0.9, 0.9, 0.2]), ChurnSettings(), is_rate=True)
    assert high.tolist() == [False, True, False]
    assert shown_as_high(customers, np.arange(10.0), ChurnSettings(), is_rate=False).sum() == 2


def test_what_customers_are_grouped_by_is_never_a_feature() -> None:
    assert set(PROFILE_COLUMNS) == set(get_args(Attribute))
    assert set(PROFILE_COLUMNS.values()) <= set(CUSTOMER_PROFILE.column_names)
    assert not {*PROFILE_COLUMNS, *PROFILE_COLUMNS.values()} & {feature.name for feature in FEATURES}
    assert "customer_profile" not in SOURCES
