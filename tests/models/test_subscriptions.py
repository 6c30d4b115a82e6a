"""Churn where everybody has a subscription: trees of whole windows alone, and reasons that add up."""

from datetime import date

import numpy as np
import pytest

from models import churn
from models.baselines import RFM
from models.churn import CHURN
from models.eligibility import RUNNING
from models.facts import PHRASES, Seen
from models.model import Array, Customers
from models.predict import loaded, settled

HORIZON = 90
NAMES = (*RFM, *("net_amount_365d", "net_amount_180d", "net_amount_same_season", "orders_count_same_season", RUNNING))
"""All that the season of orders would be told by is there: it has to be left aside, not to be missing."""


def subscribers(customers: int = 600) -> tuple[Customers, Array]:
    """Who has few days left, and bought little, leaves."""
    drawn = np.random.default_rng(4)
    names = tuple(dict.fromkeys(NAMES))
    matrix = drawn.uniform(1, 800, (customers, len(names))).astype(np.float32)
    days = matrix[:, names.index(RUNNING)]
    chance = 1 / (1 + np.exp(days / 100 - 2))
    return Customers(names, matrix), (drawn.uniform(size=customers) < chance).astype(float)


def test_contributions_are_the_log_odds_of_leaving_but_for_a_constant() -> None:
    customers, left = subscribers()
    made = loaded(CHURN.fit(customers, left, HORIZON))
    said = made.values(customers)
    rest = np.log(said / (1 - said)) - made.contributions(customers, said).sum(axis=1)
    assert rest == pytest.approx(np.full(len(rest), rest.mean()), abs=1e-4)
    assert said[left == 1].mean() > said[left == 0].mean() + 0.1


def test_no_season_of_orders_moves_the_level_of_renewals() -> None:
    customers, left = subscribers()
    fitted = CHURN.fit(customers, left, HORIZON)
    assert settled(fitted, customers) == fitted
    by_orders = churn.fit_orders(customers, left, HORIZON)
    assert settled(by_orders, customers).facts["shift"] != 0


def test_one_customer_without_cover_means_that_orders_are_foretold() -> None:
    customers, left = subscribers()
    assert "logistic" not in CHURN.fit(customers, left, HORIZON).facts
    customers.matrix[0, customers.names.index(RUNNING)] = np.nan
    assert "logistic" in CHURN.fit(customers, left, HORIZON).facts


def test_words_tell_a_term_that_runs_one_that_ended_and_one_without_an_end() -> None:
    left = np.array([[10], [-3], [2_913_000], [np.nan]], dtype=np.float32)
    seen = Seen(Customers((RUNNING,), left), np.arange(4), date(2024, 6, 1))
    assert PHRASES[RUNNING](seen) == [
        "subscription runs until 11 June 2024",
        "subscription ended on 29 May 2024",
        "subscription runs until it is cancelled",
        "no subscription is running",
    ]
