"""What web shop, loyalty scheme, campaign tool and surveys export about everything but orders.

Every frame carries `_night`, the night whose file holds the row.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from synthetic.columns import kept
from synthetic.exports_people import card_on
from synthetic.files import Csv, Delivery, JsonLines
from synthetic.identified import Identified, record_of, taken
from synthetic.moments import local_time, utc_time, written
from synthetic.purchases import Purchases, Window
from synthetic.randomness import generator
from synthetic.records import Records
from synthetic.settings import Plan

VISITS = Delivery("web", "visits", Csv(gzipped=True))
MOVEMENTS = Delivery("loyalty", "movements", Csv(delimiter="|"))
MESSAGES = Delivery("marketing", "messages", JsonLines())
SURVEYS = Delivery("survey", "answers", Csv())

REDEEMS = 0.08
LAPSE_DAYS = 60
"""Points last so much longer than the history before the first night: within these nights none has to be taken off."""
LEVELS = ("silver", "gold", "platinum")
PRAISE = ("Lovely shop, will come again.", 'Fast delivery.\n"Just as ordered", said my sister.', "Très bien, merci!")
PLAIN = ("It was fine.", "Good choice; parking is difficult.", "Ok,\nnothing special.")
BLAME = (
    "Late again.\r\nNobody answered my mail.",
    'The mug was broken, and the answer was "not our fault".',
    "Slecht.",
)


def visits(plan: Plan, seen: pd.DataFrame, known: Records, persons: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Visits with the offset of the local zone; the account only where somebody logged in."""
    account, has_account = record_of(known.web, seen.assign(at=seen["at"].clip(lower=0)), persons)
    logged_in = seen["is_logged_in"].to_numpy() & has_account
    started = local_time(plan.first_night, seen["day"], seen["second"])
    ahead = (started - utc_time(plan.first_night, seen["day"], seen["second"])).dt.total_seconds()
    offset = np.where(ahead > 3600, "+02:00", "+01:00").astype(object)
    return pd.DataFrame(
        {
            "visit_id": seen["visit_id"].to_numpy(),
            "cookie": seen["cookie"].to_numpy(),
            "account_id": kept(logged_in, taken(known.web, "record_id", account)),
            "started_at": written(started, "%Y-%m-%dT%H:%M:%S") + offset,
            "seconds": seen["length"].to_numpy(),
            "pages": seen["pages"].to_numpy(),
            "basket": seen["has_basket"].to_numpy().astype(int),
            "order_id": seen["order_id"].to_numpy(),
            "device": seen["device"].to_numpy(),
            "_night": window.nights(seen["day"]),
        }
    )


def movements(
    plan: Plan, bought: Purchases, shown: Identified, loyalty: pd.DataFrame, chunk: int, window: Window
) -> pd.DataFrame:
    """A point for every euro or pound, taken back on returns; now and then points are spent; levels come with years.

    Units: `lapses` is the day on which points end; a lapse itself is never booked.
    """
    rng = generator(plan.seed, "movements", chunk, window.number)
    orders = bought.orders.assign(card=shown.card)
    orders = orders[orders["card"].notna()]
    points = np.trunc(orders["amount"]).astype(np.int64)
    earned = orders.assign(points=points, kind=np.where(points >= 0, "EARN", "ADJUST"))
    spends = (orders["kind"] == "sale").to_numpy() & (rng.random(len(orders)) < REDEEMS)
    spent = orders[spends].assign(points=-100, kind="REDEEM")
    moved = pd.concat([earned, spent], ignore_index=True)
    moved["movement"] = moved["kind"].str[0] + moved["order_id"]
    moved["lapses"] = (moved["day"] + plan.days + LAPSE_DAYS).where(moved["kind"] == "EARN")
    moved = pd.concat([moved, _levels(loyalty, window)], ignore_index=True)
    times = utc_time(plan.first_night, moved["day"], moved["second"])
    ends = local_time(plan.first_night, moved["lapses"].fillna(0).to_numpy(np.int64), 0)
    return pd.DataFrame(
        {
            "movement": moved["movement"],
            "card": moved["card"],
            "type": moved["kind"],
            "points": moved["points"].astype(np.int64),
            "booked_at": written(times, "%Y%m%d%H%M%S"),
            "receipt": moved["order_id"],
            "lapses": kept(moved["lapses"].notna(), written(ends, "%Y%m%d")),
            "level": moved["level"],
            "_night": window.nights(moved["day"]),
        }
    )


def _levels(loyalty: pd.DataFrame, window: Window) -> pd.DataFrame:
    """A new level on each anniversary of the membership that lies in the window: it tells nothing but its years."""
    found = []
    for years, level in enumerate(LEVELS, start=1):
        some = loyalty.assign(day=loyalty["created"] + 365 * years)
        some = some[(some["day"] >= window.first) & (some["day"] < window.end)]
        if len(some):
            card = card_on(some, some["day"].to_numpy())
            movement = "L" + some["record_id"] + str(years)
            some = some[["day"]].assign(card=card, movement=movement, kind="LEVEL", level=level)
            found.append(some.assign(points=0, second=5 * 3600))
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame({"level": np.empty(0, np.object_)})


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
            "_night": window.nights(events["day"]),
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
            "about": np.where(rating <= 2, "complaint", "survey"),
            "comment": kept(rng.random(len(some)) < 0.6, texts),
            "answered_at": written(answered, "%Y-%m-%d %H:%M:%S"),
            "_night": np.maximum(window.number, days + 1),
        }
    )
