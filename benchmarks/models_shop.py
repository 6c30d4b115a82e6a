"""Churn and value of the fictional retailer beside the best that its purchases allow.

Identity is taken as known and nobody gets a message, so that purchases are all that there is to know; whether the
models find it is asked, not whether the records were put together well.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from benchmarks import best_possible as best
from benchmarks import models_figures as figures
from benchmarks import models_sets as sets
from benchmarks.contract import Check, higher, lower
from benchmarks.models_value import nights_before
from lakehouse.settings import settings
from lakehouse.spark import spark_session
from models import interval
from models.churn import CHURN
from models.lifetime_value import LIFETIME_VALUE
from models.model import Array, Model
from models.predict import loaded, settled
from models.sooner import half, sooner, sooner_nights
from models.training_set import Observed
from synthetic.catalogue import pound_rates
from synthetic.messages import Campaigns, campaigns, consents
from synthetic.people import people
from synthetic.purchases import Purchases, is_gone, purchases, windows
from synthetic.records import records
from synthetic.settings import Plan, Trade

CUSTOMERS, HISTORY_DAYS, FIRST_NIGHT = 20_000, 1_460, date(2026, 3, 1)
HORIZONS = {"churn": 90, "lifetime_value": 365}
OF_THE_BEST = 0.95
COVERED = (0.88, 0.92)


@dataclass(frozen=True)
class Shop:
    """Everything that was bought: sales and returns in euros by person and day, and the lines of the sales."""

    plan: Plan
    persons: pd.DataFrame
    orders: pd.DataFrame
    lines: pd.DataFrame

    @property
    def sales(self) -> pd.DataFrame:
        """Orders without returns."""
        return self.orders[self.orders["kind"] == "sale"]


def fictional(customers: int = CUSTOMERS) -> Iterator[Check]:
    """Every figure, as of the night that leaves the longest horizon to be seen."""
    shop = shop_of(customers)
    tests = {name: -days for name, days in HORIZONS.items()}
    start = FIRST_NIGHT - timedelta(days=HISTORY_DAYS)
    nights: set[date] = set()
    for name, test in tests.items():
        for back in (0, HORIZONS[name]):
            origin = FIRST_NIGHT + timedelta(days=test - back)
            nights |= {origin, *nights_before(origin, HORIZONS[name], start)}
            if name == "churn":
                nights |= {*sooner_nights(nights_before(origin, HORIZONS[name], start), HORIZONS[name])}
    spark = spark_session(settings())
    seen = sets.seen_on(spark, _as_set(shop), nights, (*HORIZONS.values(), half(HORIZONS["churn"])))
    spark.stop()
    yield from _churn(shop, seen, tests["churn"], start)
    yield from _value(shop, seen, tests["lifetime_value"], start)


def shop_of(customers: int) -> Shop:
    """The fictional retailer without responders, so that its purchases follow the published process alone."""
    plan = Plan(customers=customers, nights=1, first_night=FIRST_NIGHT, days=HISTORY_DAYS, trade=Trade(responders=0.0))
    persons, (window, *_) = people(plan, 0, customers), windows(plan)
    sent: Campaigns = campaigns(plan, persons, consents(plan, records(plan, persons).crm), window)
    bought: Purchases = purchases(plan, persons, window, sent.response)
    orders, lines = bought.orders, bought.lines
    rate = pound_rates(plan.seed, plan.days, plan.nights)
    in_euros = np.where(orders["currency"] == "GBP", rate[orders["day"].clip(upper=0) + plan.days], 1.0)
    moment = pd.Timestamp(FIRST_NIGHT) + pd.to_timedelta(orders["day"], "D") + pd.to_timedelta(orders["second"], "s")
    orders = orders.assign(person=orders["at"], euros=orders["amount"] * in_euros, event_at=moment)
    whose = orders[["order_id", "person", "day", "event_at"]]
    sold = lines[lines["kind"] == "sale"].drop(columns=["order"]).merge(whose, on="order_id")
    return Shop(plan, persons, orders[orders["day"] < 0], sold[sold["day"] < 0])


def _as_set(shop: Shop) -> sets.PublicSet:
    orders, channel = shop.orders, np.where(shop.orders["is_web"], "web", "store")
    store = shop.orders["store"].where(~shop.orders["is_web"]).astype("Int64").astype("string")
    shown = pd.DataFrame(
        {
            "customer_id": orders["person"].astype(str), "event_at": orders["event_at"], "kind": orders["kind"],
            "amount": orders["euros"], "channel": channel, "store_id": store,
            "discount_amount": orders["discount"].abs(),
        }
    )  # fmt: skip
    lines = shop.lines.assign(customer_id=shop.lines["person"].astype(str))
    return sets.PublicSet(sets.orders_of(shown), sets.lines_of(lines), FIRST_NIGHT)


def _churn(shop: Shop, seen: Observed, test: int, start: date) -> Iterator[Check]:
    horizon = HORIZONS["churn"]
    outcome, said = _foretold(CHURN, seen, FIRST_NIGHT + timedelta(days=test), start)
    known = best.seen_before(shop.sales, test)
    bought = shop.sales[shop.sales["day"].between(test, test + horizon - 1)]["person"].unique()
    left = ~np.isin(known.customer, bought)
    possible = figures.auc(left.astype(float), best.outlook(shop.plan, known, test, horizon).no_order)
    alive = ~is_gone(shop.persons, test)[known.customer]
    latent = shop.persons["order_rate"].to_numpy()[known.customer] * alive
    ours = figures.auc(outcome, said)
    yield lower("fictional churn: customers", len(outcome))
    yield higher("fictional churn: AUC", ours)
    yield higher("fictional churn: AUC of the best that purchases allow", possible)
    yield higher("fictional churn: AUC of the hidden truth", figures.auc(left.astype(float), -latent))
    yield higher("fictional churn: AUC over the best", ours / possible, OF_THE_BEST)


def _value(shop: Shop, seen: Observed, test: int, start: date) -> Iterator[Check]:
    horizon, night = HORIZONS["lifetime_value"], FIRST_NIGHT + timedelta(days=test)
    spent, said = _foretold(LIFETIME_VALUE, seen, night, start)
    known = best.seen_before(shop.sales, test)
    worth = best.order_value(shop.plan, known, shop.lines, shop.sales, test)
    expected = best.outlook(shop.plan, known, test, horizon).orders * worth
    ahead = shop.orders[shop.orders["day"] >= test].groupby("person")["euros"].sum()
    came = ahead.reindex(known.customer, fill_value=0.0).to_numpy()
    ours, possible = figures.spearman(spent, said), figures.spearman(came, expected)
    yield higher("fictional value: Spearman", ours)
    yield higher("fictional value: Spearman of the best that purchases allow", possible)
    yield higher("fictional value: Spearman over the best", ours / possible, OF_THE_BEST)
    yield lower("fictional value: total bias, absolute", abs(said.sum() / spent.sum() - 1))
    yield lower("fictional value: total bias of the best, absolute", abs(expected.sum() / came.sum() - 1))
    before, then = _foretold(LIFETIME_VALUE, seen, night - timedelta(days=horizon), start)
    low, high = interval.bounds(interval.learned(before, then), said)
    covered = float(((spent >= low) & (spent <= high)).mean())
    yield higher("fictional value: within the 90 % interval, at least", covered, COVERED[0])
    yield lower("fictional value: within the 90 % interval, at most", covered, COVERED[1])


def _foretold(model: Model, seen: Observed, origin: date, start: date) -> tuple[Array, Array]:
    """What came after the origin and what the model, which knows nothing of it, said."""
    horizon = HORIZONS[model.name]
    rows, tested = seen.on(nights_before(origin, horizon, start)), seen.on([origin])
    outcome = model.outcome(seen.orders[horizon], seen.spend[horizon])
    newer = sooner(model, seen, nights_before(origin, horizon, start), horizon)
    fitted = model.fit(seen.customers.rows(rows), outcome[rows], horizon, sooner=newer)
    after = seen.customers.rows(tested)
    return outcome[tested], loaded(settled(fitted, after)).values(after)
