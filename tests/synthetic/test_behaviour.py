"""Behaviour with known truth: drop-out, expectations, consent and response."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from synthetic.messages import campaigns, consents
from synthetic.people import people
from synthetic.purchases import Window, purchases
from synthetic.records import records
from synthetic.settings import Plan, Trade
from synthetic.truth import outlook
from tests.synthetic.delivered import Retail

HORIZON = 90
PLAN = Plan(customers=6_000, nights=HORIZON + 1, days=60)


def test_nobody_buys_before_joining_or_after_dropping_out(retail: Retail) -> None:
    orders = retail.truth("orders").query("kind == 'sale'").merge(retail.truth("persons"), on="person")
    bought = pd.to_datetime(retail.plan.first_night) + pd.to_timedelta(orders["day"], unit="D")
    assert (bought >= orders["joined_on"]).all()
    assert ((bought < orders["dropped_on"]) | orders["dropped_on"].isna()).all()


def test_alive_is_what_the_drop_out_date_says(retail: Retail) -> None:
    seen = retail.truth("outlook").merge(retail.truth("persons"), on="person")
    assert (seen["is_alive"] == ~(seen["dropped_on"] <= seen["night"])).all()
    assert (seen.loc[~seen["is_alive"], "expected_spend_365d"] == 0).all()


@pytest.fixture(scope="module")
def next_quarter() -> tuple[pd.DataFrame, pd.DataFrame]:
    """What truth expects of the next 90 days, and what then happens."""
    plan = replace(PLAN, trade=Trade(responders=0.4))
    persons = people(plan, 0, plan.customers)
    given = consents(plan, records(plan, persons).crm)
    window = Window(1, 0, HORIZON)
    caused = campaigns(plan, persons, given, window).response
    bought = purchases(plan, persons, window, caused)
    orders = bought.orders.assign(euros=bought.orders["amount"] * np.where(bought.orders["currency"] == "GBP", 1.17, 1))
    orders = orders[(orders["kind"] == "return") | (orders["day"] < HORIZON)]
    spent = orders.groupby("at")["euros"].sum()
    sales = orders[(orders["kind"] == "sale")].groupby("at").size()
    expected = outlook(plan, persons, given, 0).set_index("person")
    happened = pd.DataFrame({"orders": sales, "spend": spent}).reindex(expected.index).fillna(0.0)
    return expected[expected["is_alive"]], happened[expected["is_alive"]]


def test_expected_orders_and_spend_are_met(next_quarter: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    expected, happened = next_quarter
    assert happened["orders"].sum() == pytest.approx(expected["expected_orders_90d"].sum(), rel=0.05)
    assert happened["spend"].sum() == pytest.approx(expected["expected_spend_90d"].sum(), rel=0.08)


def test_churn_probability_is_calibrated(next_quarter: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    expected, happened = next_quarter
    band = pd.cut(expected["churn_probability_90d"], [0, 0.25, 0.5, 0.75, 1.0])
    said = expected.groupby(band, observed=True)["churn_probability_90d"].mean()
    was = (happened["orders"] == 0).groupby(band, observed=True).mean()
    assert (said - was).abs().max() < 0.06


def test_only_responders_buy_more_after_a_message(retail: Retail) -> None:
    extra = retail.truth("messages").groupby("is_responder")["extra_orders"].mean()
    assert extra[False] == 0
    assert extra[True] > 0.05


def test_messages_go_only_to_standing_consent(retail: Retail) -> None:
    given = retail.truth("consents").query("channel == 'email' and purpose == 'marketing'")
    sent = retail.truth("messages").merge(given, on="person", how="left", suffixes=("", "_given"))
    assert (sent["status"] == "granted").all()
    assert (sent["day_given"] < sent["day"]).all()
    assert (sent["day"] <= sent["withdrawn"]).all()


def test_unsubscribing_is_followed_by_a_withdrawal(retail: Retail) -> None:
    left = {row["contact"] for row in retail.all_rows("marketing/messages") if row["event"] == "unsubscribed"}
    withdrawn = {
        row["ContactId"]
        for row in retail.all_rows("crm/consents")
        if row["Status"] == "withdrawn" and row["Channel"] == "email"
    }
    assert left
    assert left <= withdrawn


def test_returns_are_negative_and_name_their_order_where_it_is_known(retail: Retail) -> None:
    orders = retail.truth("orders").set_index("order_id")
    returns = [row for row in retail.all_rows("web/orders") if row.get("kind") == "return"]
    assert returns
    assert all(float(str(row["total"])) < 0 and row["return_of"] in orders.index for row in returns)
