"""What tills and web shop export about orders.

Every frame carries `_night` (the night whose file holds the row) and, for tills, `_part` (the store group).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from synthetic.catalogue import GROUPS, stores
from synthetic.files import Csv, Delivery, JsonLines
from synthetic.identified import Identified
from synthetic.moments import decimal_comma, local_time, utc_time, written
from synthetic.purchases import Purchases, Window
from synthetic.settings import Plan

TICKETS = Delivery("pos", "tickets", Csv(delimiter=";"))
TICKET_LINES = Delivery("pos", "lines", Csv(delimiter=";"))
WEB_ORDERS = Delivery("web", "orders", JsonLines())
WEB_LINES = Delivery("web", "order_lines", JsonLines())


def tickets(plan: Plan, bought: Purchases, shown: Identified, window: Window) -> pd.DataFrame:
    """Headers of tills: local time, decimal comma, one file per group of stores."""
    some = (~bought.orders["is_web"]).to_numpy()
    orders, shops = bought.orders[some], stores()
    sold = local_time(plan.first_night, orders["day"], orders["second"])
    return pd.DataFrame(
        {
            "Ticket": orders["order_id"].to_numpy(),
            "Store": shops["store_id"].to_numpy()[orders["store"]],
            "SoldAt": written(sold, "%d/%m/%Y %H:%M"),
            "Kind": np.where(orders["kind"] == "sale", "S", "R"),
            "Original": orders["returns"].to_numpy(),
            "Card": shown.card[some],
            "Customer": shown.customer[some],
            "Total": decimal_comma(orders["amount"]),
            "Discount": decimal_comma(orders["discount"]),
            "Currency": orders["currency"].to_numpy(),
            "_night": window.nights(orders["day"]),
            "_part": shops["group"].to_numpy()[orders["store"]],
        }
    )


def ticket_lines(plan: Plan, bought: Purchases, window: Window) -> pd.DataFrame:
    """Lines of tills, in files of the same groups."""
    lines = _with_order(bought)
    lines = lines[~lines["is_web"]]
    return pd.DataFrame(
        {
            "Ticket": lines["order_id"].to_numpy(),
            "Line": lines["line"].to_numpy(),
            "Article": lines["product_id"].to_numpy(),
            "Pieces": lines["quantity"].to_numpy(),
            "Kind": np.where(lines["kind"] == "sale", "S", "R"),
            "Amount": decimal_comma(lines["amount"]),
            "Currency": lines["currency"].to_numpy(),
            "SoldAt": written(local_time(plan.first_night, lines["day"], lines["second"]), "%d/%m/%Y %H:%M"),
            "_night": window.nights(lines["day"]),
            "_part": np.array(GROUPS, object)[stores()["region"].to_numpy()[lines["store"]]],
        }
    )


def web_orders(plan: Plan, bought: Purchases, shown: Identified, window: Window) -> pd.DataFrame:
    """Headers of the web shop, in UTC; guests leave an e-mail only."""
    some = bought.orders["is_web"].to_numpy()
    orders = bought.orders[some]
    placed = utc_time(plan.first_night, orders["day"], orders["second"])
    return pd.DataFrame(
        {
            "order_id": orders["order_id"].to_numpy(),
            "placed_at": written(placed, "%Y-%m-%dT%H:%M:%SZ"),
            "kind": orders["kind"].to_numpy(),
            "return_of": orders["returns"].to_numpy(),
            "account_id": shown.account[some],
            "email": shown.email[some],
            "loyalty_card": shown.card[some],
            "total": orders["amount"].to_numpy(),
            "discount": orders["discount"].to_numpy(),
            "currency": orders["currency"].to_numpy(),
            "_night": window.nights(orders["day"]),
        }
    )


def web_lines(plan: Plan, bought: Purchases, window: Window) -> pd.DataFrame:
    """Lines of the web shop."""
    lines = _with_order(bought)
    lines = lines[lines["is_web"]]
    placed = utc_time(plan.first_night, lines["day"], lines["second"])
    return pd.DataFrame(
        {
            "order_id": lines["order_id"].to_numpy(),
            "line": lines["line"].to_numpy(),
            "sku": lines["product_id"].to_numpy(),
            "quantity": lines["quantity"].to_numpy(),
            "kind": lines["kind"].to_numpy(),
            "amount": lines["amount"].to_numpy(),
            "currency": lines["currency"].to_numpy(),
            "placed_at": written(placed, "%Y-%m-%dT%H:%M:%SZ"),
            "_night": window.nights(lines["day"]),
        }
    )


def _with_order(bought: Purchases) -> pd.DataFrame:
    headers = bought.orders[["order_id", "day", "second", "store", "currency", "is_web"]]
    return bought.lines.merge(headers, on="order_id", how="left", sort=False)
