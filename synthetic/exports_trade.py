"""What tills, web shop, loyalty scheme, campaign tool and surveys export about purchases and contacts.

Every frame carries `_night` (the night whose file holds the row) and, for tills, `_part` (the store group).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthetic.catalogue import GROUPS, stores
from synthetic.columns import Flags, Texts, Whole, kept
from synthetic.exports_people import card_on
from synthetic.files import Csv, Delivery, JsonLines
from synthetic.moments import decimal_comma, local_time, utc_time, written
from synthetic.purchases import Purchases, Window
from synthetic.randomness import generator
from synthetic.records import Records
from synthetic.settings import Plan

TICKETS = Delivery("pos", "tickets", Csv(delimiter=";"))
TICKET_LINES = Delivery("pos", "lines", Csv(delimiter=";"))
WEB_ORDERS = Delivery("web", "orders", JsonLines())
WEB_LINES = Delivery("web", "order_lines", JsonLines())
VISITS = Delivery("web", "visits", Csv(gzipped=True))
MOVEMENTS = Delivery("loyalty", "movements", Csv(delimiter="|"))
MESSAGES = Delivery("marketing", "messages", JsonLines())
SURVEYS = Delivery("survey", "answers", Csv())

RECEIPT_SHOWN, REDEEMS, GUEST_EMAIL = 0.60, 0.08, 0.9
PRAISE = ("Lovely shop, will come again.", 'Fast delivery.\n"Just as ordered", said my sister.', "Très bien, merci!")
PLAIN = ("It was fine.", "Good choice; parking is difficult.", "Ok,\nnothing special.")
BLAME = (
    "Late again.\r\nNobody answered my mail.",
    'The mug was broken, and the answer was "not our fault".',
    "Slecht.",
)


@dataclass(frozen=True)
class Identified:
    """The identifiers that each order carries; None where nothing was shown."""

    card: Texts
    customer: Texts
    account: Texts
    email: Texts


def identified(plan: Plan, bought: Purchases, known: Records, persons: pd.DataFrame, window: Window) -> Identified:
    """What each order of a window shows of its buyer."""
    chunk = int(persons["person"].iloc[0])
    rng = generator(plan.seed, "identified", chunk, window.number)
    orders = bought.orders
    size, web = len(orders), orders["is_web"].to_numpy()
    shows_card, shows_receipt = rng.random(size) < plan.trade.card_shown, rng.random(size) < RECEIPT_SHOWN
    member, is_member = _record(known.loyalty, orders, persons)
    customer, is_customer = _record(known.pos, orders, persons)
    account, has_account = _record(known.web, orders, persons)
    card = card_on(known.loyalty.iloc[member], orders["day"].to_numpy()) if len(known.loyalty) else np.empty(0)
    guest = web & ~has_account & (rng.random(size) < GUEST_EMAIL)
    email = kept(has_account, _taken(known.web, "email", account))
    email = np.where(guest, persons["email"].to_numpy()[orders["at"]], email)
    return Identified(
        card=kept(is_member & (shows_card | web), card),
        customer=kept(~web & is_customer & shows_receipt, _taken(known.pos, "record_id", customer)),
        account=kept(web & has_account, _taken(known.web, "record_id", account)),
        email=kept(web, email),
    )


def _record(records: pd.DataFrame, orders: pd.DataFrame, persons: pd.DataFrame) -> tuple[Whole, Flags]:
    """Position of each buyer's record in a system, and whether there was one on the day."""
    position = np.full(len(persons), -1)
    position[records["at"].to_numpy()] = np.arange(len(records))
    found = position[orders["at"].to_numpy()]
    created = np.append(records["created"].to_numpy(), 0)
    known: Flags = (found >= 0) & (created[found] <= orders["day"].to_numpy())
    return np.maximum(found, 0), known


def _taken(records: pd.DataFrame, column: str, position: Whole) -> Texts:
    values = records[column].to_numpy(np.object_) if len(records) else np.array([None], np.object_)
    found: Texts = values[position]
    return found


def _nights(days: pd.Series[int], window: Window) -> Whole:
    found: Whole = np.maximum(window.number, days.to_numpy() + 1)
    return found


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
            "_night": _nights(orders["day"], window),
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
            "_night": _nights(lines["day"], window),
            "_part": np.array(GROUPS, object)[stores()["region"].to_numpy()[lines["store"]]],
        }
    )


def _with_order(bought: Purchases) -> pd.DataFrame:
    headers = bought.orders[["order_id", "day", "second", "store", "currency", "is_web"]]
    return bought.lines.merge(headers, on="order_id", how="left", sort=False)


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
            "_night": _nights(orders["day"], window),
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
            "_night": _nights(lines["day"], window),
        }
    )


def visits(plan: Plan, seen: pd.DataFrame, known: Records, persons: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Visits with the offset of the local zone; the account only where somebody logged in."""
    account, has_account = _record(known.web, seen.assign(at=seen["at"].clip(lower=0)), persons)
    logged_in = seen["is_logged_in"].to_numpy() & has_account
    started = local_time(plan.first_night, seen["day"], seen["second"])
    ahead = (started - utc_time(plan.first_night, seen["day"], seen["second"])).dt.total_seconds()
    offset = np.where(ahead > 3600, "+02:00", "+01:00").astype(object)
    return pd.DataFrame(
        {
            "visit_id": seen["visit_id"].to_numpy(),
            "cookie": seen["cookie"].to_numpy(),
            "account_id": kept(logged_in, _taken(known.web, "record_id", account)),
            "started_at": written(started, "%Y-%m-%dT%H:%M:%S") + offset,
            "seconds": seen["length"].to_numpy(),
            "pages": seen["pages"].to_numpy(),
            "basket": seen["has_basket"].to_numpy().astype(int),
            "order_id": seen["order_id"].to_numpy(),
            "device": seen["device"].to_numpy(),
            "_night": _nights(seen["day"], window),
        }
    )


def movements(plan: Plan, bought: Purchases, shown: Identified, chunk: int, window: Window) -> pd.DataFrame:
    """A point for every euro or pound, taken back on returns; now and then points are spent."""
    rng = generator(plan.seed, "movements", chunk, window.number)
    orders = bought.orders.assign(card=shown.card)
    orders = orders[orders["card"].notna()]
    points = np.trunc(orders["amount"]).astype(np.int64)
    earned = orders.assign(points=points, kind=np.where(points >= 0, "EARN", "ADJUST"))
    spends = (orders["kind"] == "sale").to_numpy() & (rng.random(len(orders)) < REDEEMS)
    spent = orders[spends].assign(points=-100, kind="REDEEM")
    moved = pd.concat([earned, spent], ignore_index=True)
    times = utc_time(plan.first_night, moved["day"], moved["second"])
    return pd.DataFrame(
        {
            "movement": moved["kind"].str[0] + moved["order_id"],
            "card": moved["card"],
            "type": moved["kind"],
            "points": moved["points"],
            "booked_at": written(times, "%Y%m%d%H%M%S"),
            "receipt": moved["order_id"],
            "_night": _nights(moved["day"], window),
        }
    )


def messages(plan: Plan, events: pd.DataFrame, window: Window) -> pd.DataFrame:
    """What happened to each message, in milliseconds since 1970 (UTC), by the CRM's contact ids."""
    if not len(events):
        return pd.DataFrame({"_night": np.empty(0, np.int64)})
    times = utc_time(plan.first_night, events["day"], events["second"])
    return pd.DataFrame(
        {
            "message_id": events["message_id"],
            "event": events["kind"],
            "campaign": events["campaign_id"],
            "channel": "email",
            "contact": events["record_id"],
            "address": events["email"],
            "ts": times.to_numpy().astype("datetime64[ms]").astype(np.int64),
            "_night": _nights(events["day"], window),
        }
    )


def surveys(plan: Plan, bought: Purchases, shown: Identified, persons: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Answers with free text in quotes, over several lines, a few days after an order."""
    chunk = int(persons["person"].iloc[0])
    rng = generator(plan.seed, "surveys", chunk, window.number)
    orders = bought.orders.assign(email=shown.email, card=shown.card)
    asked = (orders["kind"] == "sale") & (orders["email"].notna() | orders["card"].notna())
    some = orders[asked.to_numpy() & (rng.random(len(orders)) < plan.trade.survey)]
    wish = persons["satisfaction"].to_numpy()[some["at"]] + rng.normal(0, 0.9, len(some))
    rating = np.clip(np.round(wish), 1, 5).astype(int)
    choice = rng.integers(0, 3, len(some))
    days = some["day"].to_numpy() + rng.integers(1, 6, len(some))
    answered = utc_time(plan.first_night, days, rng.integers(7 * 3600, 82_000, len(some)))
    texts = [(BLAME, BLAME, PLAIN, PRAISE, PRAISE)[r - 1][c] for r, c in zip(rating, choice, strict=True)]
    return pd.DataFrame(
        {
            "answer_id": "S" + some["order_id"].to_numpy(),
            "email": some["email"].to_numpy(),
            "card": some["card"].to_numpy(),
            "order": some["order_id"].to_numpy(),
            "rating": rating,
            "comment": kept(rng.random(len(some)) < 0.6, texts),
            "answered_at": written(answered, "%Y-%m-%d %H:%M:%S"),
            "_night": np.maximum(window.number, days + 1),
        }
    )
