"""Which identifiers an order or a visit carries: card, till customer, account, e-mail, or none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from synthetic.columns import Flags, Texts, Whole, kept
from synthetic.exports_people import card_on
from synthetic.purchases import Purchases, Window
from synthetic.randomness import generator
from synthetic.records import Records
from synthetic.settings import Plan

RECEIPT_SHOWN, GUEST_EMAIL = 0.60, 0.9


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
    member, is_member = record_of(known.loyalty, orders, persons)
    customer, is_customer = record_of(known.pos, orders, persons)
    account, has_account = record_of(known.web, orders, persons)
    card = card_on(known.loyalty.iloc[member], orders["day"].to_numpy()) if len(known.loyalty) else np.empty(0)
    guest = web & ~has_account & (rng.random(size) < GUEST_EMAIL)
    email = kept(has_account, taken(known.web, "email", account))
    email = np.where(guest, persons["email"].to_numpy()[orders["at"]], email)
    return Identified(
        card=kept(is_member & (shows_card | web), card),
        customer=kept(~web & is_customer & shows_receipt, taken(known.pos, "record_id", customer)),
        account=kept(web & has_account, taken(known.web, "record_id", account)),
        email=kept(web, email),
    )


def record_of(records: pd.DataFrame, orders: pd.DataFrame, persons: pd.DataFrame) -> tuple[Whole, Flags]:
    """Position of each buyer's record in a system, and whether there was one on the day."""
    position = np.full(len(persons), -1)
    position[records["at"].to_numpy()] = np.arange(len(records))
    found = position[orders["at"].to_numpy()]
    created = np.append(records["created"].to_numpy(), 0)
    known: Flags = (found >= 0) & (created[found] <= orders["day"].to_numpy())
    return np.maximum(found, 0), known


def taken(records: pd.DataFrame, column: str, position: Whole) -> Texts:
    """A column of the records at these positions; missing where the system has no record at all."""
    values = records[column].to_numpy(np.object_) if len(records) else np.array([None], np.object_)
    found: Texts = values[position]
    return found
