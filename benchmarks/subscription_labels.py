"""Ways to tell a model who left a subscription, each learned as the product learns or in its place."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import subscription_shop as shop
from features.contract import GRACE_DAYS
from models import baselines, churn, trees
from models.churn import CHURN
from models.model import Array, Fitted, Sooner
from models.predict import loaded, settled
from models.sooner import half
from models.training_set import Observed

PRODUCT = "whether cover lapses (the product)"
AFT: Mapping[str, Any] = MappingProxyType(
    {"objective": "survival:aft", "aft_loss_distribution": "logistic", "aft_loss_distribution_scale": 0.8,
     "max_depth": 3, "min_child_weight": 1}
)  # fmt: skip
"""Of scales .5, .8 and 1.2, logistic and normal, cut at the horizon and not, on the two shops of `SEEDS_OF_CHOICE`."""
SEEDS_OF_CHOICE = (11, 12)
STEP_DAYS = 15
THREADS = 2


@dataclass(frozen=True)
class Known:
    """What an origin knows of the nights before it.

    Units: nights in the shop's days per row, who is the customer of each; bound tells who has cover; whole and soon are
           the rows of nights whose whole and half windows are closed.
    """

    seen: Observed
    book: shop.Book
    origin: int
    nights: Array
    who: Array
    bound: Array
    whole: Array
    soon: Array

    @property
    def days_to_leaving(self) -> Array:
        """Days from the night until somebody has surely left, as the process has it: to be cut off at the origin."""
        nights = np.unique(self.nights)
        leaves = {night: self.book.leaves_after(int(night)) for night in nights}
        first = np.concatenate([leaves[night][self.who[self.nights == night]] for night in nights])
        return np.where(first >= shop.NEVER, shop.NEVER, first + GRACE_DAYS - self.nights)


def foretold(known: Known, tested: Array, horizon_days: int) -> dict[str, Array]:
    """What each way says of the tested rows."""
    before = {days: runs_at_end(known, days) for days in (half(horizon_days), horizon_days)}
    running = known.bound & (known.seen.customers.column("days_to_contract_end") >= 0)
    cover = {days: _lapses(known, days) for days in before}
    said = {
        PRODUCT: product(known, known, tested),
        "whether none runs at the end (as it was)": _by_orders_recipe(known, before, running, tested, horizon_days),
        "whether cover lapses, recipe as it was": _by_orders_recipe(known, cover, known.bound, tested, horizon_days),
        "open windows as survived": _open_as_survived(known, tested, horizon_days),
        "time to leaving, censored (AFT)": _time_to_leaving(known, tested, horizon_days),
        "hazards of 15 days, censored": _hazards(known, tested, horizon_days),
    }
    learned = known.whole & known.bound
    for kind in ("logistic_rfm", "recency_rule"):
        fitted = baselines.FITS[kind](known.seen.customers.rows(learned), cover[horizon_days][learned], horizon_days)
        said[kind.replace("_", " ")] = baselines.predict(fitted, known.seen.customers.rows(tested))
    return said


def product(known: Known, asked: Known, tested: Array) -> Array:
    """The product's own model of what is known, asked about the tested rows."""
    horizon = max(known.seen.orders)
    outcome = CHURN.outcome(known.seen.orders[horizon], known.seen.spend[horizon])
    rows = known.whole & ~np.isnan(outcome)
    return _said(CHURN.fit(known.seen.customers.rows(rows), outcome[rows], horizon), asked, tested)


def runs_at_end(known: Known, horizon_days: int) -> Array:
    """1 where no term runs on the day after the horizon, as labels were before; grace and returns not told apart."""
    book = known.book
    rows = pd.DataFrame({name: getattr(book, name) for name in ("customer", "what", "starts", "ends")})
    cut = rows[rows["what"] == shop.NOTICE].set_index(["customer", "starts"])["ends"].rename("cut")
    sold = rows[rows["what"] == shop.SALE].join(cut, on=["customer", "starts"])
    ends = sold["cut"].fillna(sold["ends"])
    found = np.ones(len(known.nights))
    for night in np.unique(known.nights):
        day = night + horizon_days
        kept = sold["customer"][(sold["starts"] <= day) & (ends >= day)].unique()
        at = known.nights == night
        found[at] = ~np.isin(known.who[at], kept)
    return found


def _lapses(known: Known, horizon_days: int) -> Array:
    return (known.days_to_leaving <= horizon_days - 1).astype(float)


def _by_orders_recipe(known: Known, left: Mapping[int, Array], bound: Array, tested: Array, horizon_days: int) -> Array:
    """As it was: trees of whole and half windows and logistic RFM, at the level that the season of orders foretells."""
    rows, soon = known.whole & bound, known.soon & bound
    customers = known.seen.customers
    newer = Sooner(customers.rows(soon), left[half(horizon_days)][soon])
    fitted = churn.fit_orders(customers.rows(rows), left[horizon_days][rows], horizon_days, sooner=newer)
    return _said(fitted, known, tested)


def _open_as_survived(known: Known, tested: Array, horizon_days: int) -> Array:
    """Nights half a horizon newer, where who has not left yet counts as staying."""
    rows = known.soon & known.bound
    left = (known.days_to_leaving <= np.minimum(horizon_days, known.origin - known.nights) - 1).astype(float)
    return _said(churn.fit_cover(known.seen.customers.rows(rows), left[rows], horizon_days), known, tested)


def _time_to_leaving(known: Known, tested: Array, horizon_days: int) -> Array:
    """Accelerated failure time: what lasts beyond the horizon, or the origin, is known to last at least so long."""
    import xgboost

    rows, days = (known.whole | known.soon) & known.bound, known.days_to_leaving
    watched = np.minimum(known.origin - known.nights, horizon_days).astype(float)
    low = np.clip(days, 1, watched)
    high = np.where(days <= watched - 1, low, np.inf)
    matrix = known.seen.customers.matrix
    taught = xgboost.DMatrix(matrix[rows], nthread=THREADS)
    taught.set_float_info("label_lower_bound", low[rows])
    taught.set_float_info("label_upper_bound", high[rows])
    start = float(np.log(np.median(low[rows])))
    taught.set_base_margin(np.full(int(rows.sum()), start))
    grown = xgboost.train({**trees.PARAMETERS, **AFT, "nthread": THREADS}, taught, churn.CONTRACT_ROUNDS)
    asked = xgboost.DMatrix(matrix[tested], nthread=THREADS)
    asked.set_base_margin(np.full(int(tested.sum()), start))
    odds = (np.log(horizon_days) - np.log(grown.predict(asked))) / AFT["aft_loss_distribution_scale"]
    found: Array = 1 / (1 + np.exp(-odds))
    return found


def _hazards(known: Known, tested: Array, horizon_days: int) -> Array:
    """The chance to leave in each step of those who have not left before, of every step that was watched."""
    import xgboost

    rows, days, matrix = (known.whole | known.soon) & known.bound, known.days_to_leaving, known.seen.customers.matrix
    parts, left = [], []
    steps = range(0, horizon_days, STEP_DAYS)
    for start in steps:
        end = start + STEP_DAYS
        at = rows & (days > start - 1) & (known.nights + end <= known.origin)
        parts.append(np.column_stack([matrix[at], np.full(int(at.sum()), start, dtype=np.float32)]))
        left.append(days[at] <= end - 1)
    told = xgboost.QuantileDMatrix(np.concatenate(parts), np.concatenate(left).astype(float), max_bin=128)
    objective = {"objective": "binary:logistic", "nthread": THREADS}
    grown = xgboost.train({**trees.PARAMETERS, **objective}, told, churn.CONTRACT_ROUNDS)
    stays = np.ones(int(tested.sum()))
    for start in steps:
        asked = np.column_stack([matrix[tested], np.full(len(stays), start, dtype=np.float32)])
        stays *= 1 - grown.predict(xgboost.DMatrix(asked, nthread=THREADS))
    return np.clip(1 - stays, 1e-6, 1 - 1e-6)


def _said(fitted: Fitted, asked: Known, tested: Array) -> Array:
    customers = asked.seen.customers.rows(tested)
    return loaded(settled(fitted, customers)).values(customers)
