"""Broken rows of known amount and kind: each fault adds rows of its own, so the true rows stay whole."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from synthetic.settings import Faults

Outcome = Literal["rejected", "repeat", "unparsed", "published", "repeated_file"]
Spoil = Callable[[pd.DataFrame], pd.DataFrame]


@dataclass(frozen=True)
class Fault:
    """A kind of broken row: how often, what must become of it, and how a copy of a good row is spoiled."""

    kind: str
    share: float
    outcome: Outcome
    spoil: Spoil


def faults_of(delivery: str, rates: Faults) -> list[Fault]:
    """The faults that are planted in the files of a delivery (`source.delivery`)."""
    identifier, moment, currency = FIELDS.get(delivery, (None, None, None))
    found = []
    if identifier:
        found.append(Fault("missing_id", rates.missing_id, "rejected", _set(identifier, None)))
    if identifier and moment:
        found.append(Fault("unparsed_date", rates.unparsed_date, "rejected", _anew(identifier, moment, "31/02/2025")))
        future = FUTURE[delivery]
        found.append(Fault("future_date", rates.future_date, "rejected", _anew(identifier, moment, future)))
    if identifier and currency:
        found.append(Fault("unknown_currency", rates.unknown_currency, "rejected", _anew(identifier, currency, "XXX")))
    if delivery == "pos.lines":
        found.append(Fault("negative_quantity", rates.negative_quantity, "rejected", _negative))
    if delivery == "survey.answers":
        found.append(Fault("rating_out_of_range", rates.rating_out_of_range, "rejected", _ten_of_five))
    if delivery in REPEATED:
        found.append(Fault("exact_repeat", rates.exact_repeat, "repeat", lambda rows: rows))
    return found


# Delivery: identifier, moment and currency that can be spoiled; lines and visits have an identifier alone.
FIELDS: dict[str, tuple[str | None, str | None, str | None]] = {
    "pos.tickets": ("Ticket", "SoldAt", "Currency"),
    "pos.lines": ("Ticket", None, None),
    "web.orders": ("order_id", "placed_at", "currency"),
    "web.visits": ("visit_id", None, None),
    "loyalty.movements": ("movement", "booked_at", None),
}
FUTURE = {
    "pos.tickets": "24/12/2099 10:00",
    "web.orders": "2099-12-24T10:00:00Z",
    "loyalty.movements": "20991224100000",
}
REPEATED = (
    "pos.tickets", "pos.lines", "web.orders", "web.visits", "loyalty.movements", "marketing.messages", "crm.contacts"
)  # fmt: skip
CUT = {"loyalty.movements": "ECUT|29000000000\n", "web.orders": '{"order_id":"WCUT","placed_at":"20\n'}
"""The text of a row that was cut off, by delivery."""
LATE_GROUP = "uk"
LATE = ("pos.tickets", "web.orders", "loyalty.movements")


def planted(rng: np.random.Generator, delivery: str, rows: pd.DataFrame, rates: Faults, *, first: bool) -> pd.DataFrame:
    """The rows with broken ones among the last, and `_planted` and `_outcome` that say which they are.

    Units: first is True for the first chunk of customers: there each kind occurs once at least on the first night.
    """
    rows = rows.assign(_planted="", _outcome="")
    if delivery in LATE:
        _delay(rng, rows, rates.late)
    if "_part" in rows and rates.late_file_every:
        _hold_file(rows, rates.late_file_every)
    if delivery == "crm.contacts":
        _spoil_births(rng, rows, rates.unparsed_birth_date)
    spoiled = [_spoiled(rng, rows, fault, first=first) for fault in faults_of(delivery, rates)]
    filled = [some for some in spoiled if len(some)]
    return pd.concat([rows, *filled], ignore_index=True) if filled else rows


def _spoiled(rng: np.random.Generator, rows: pd.DataFrame, fault: Fault, *, first: bool) -> pd.DataFrame:
    chosen = rng.random(len(rows)) < fault.share
    if first and fault.share > 0 and (rows["_night"] == 0).any():
        chosen[int((rows["_night"] == 0).to_numpy().argmax())] = True
    good = (rows["_planted"] == "").to_numpy()
    some = rows[chosen & good].copy()
    return fault.spoil(some).assign(_planted=fault.kind, _outcome=fault.outcome)


def _set(column: str, value: str | None) -> Spoil:
    def spoil(rows: pd.DataFrame) -> pd.DataFrame:
        spoiled = rows.copy()
        spoiled[column] = value
        return spoiled

    return spoil


def _anew(identifier: str, column: str, value: str) -> Spoil:
    """A copy under an id of its own, with one field broken."""

    def spoil(rows: pd.DataFrame) -> pd.DataFrame:
        spoiled = rows.copy()
        spoiled[column] = value
        spoiled[identifier] = rows[identifier] + "-" + value[:2]
        return spoiled

    return spoil


def _negative(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(Line=rows["Line"] + 900, Pieces=-1, Kind="S", Amount="12,50")


def _ten_of_five(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(rating=10, answer_id=rows["answer_id"] + "-10")


def _delay(rng: np.random.Generator, rows: pd.DataFrame, share: float) -> None:
    """Rows that arrive one to three nights after their day; those before the history's end arrive with it."""
    recent = rows["_night"] > 0
    late = recent.to_numpy() & (rng.random(len(rows)) < share)
    rows.loc[late, "_night"] += rng.integers(1, 4, int(late.sum()))
    rows.loc[late, ["_planted", "_outcome"]] = ["late", "published"]


def _hold_file(rows: pd.DataFrame, every: int) -> None:
    """Now and then a group of stores sends nothing, and all of that night with the files of the next one."""
    night = rows["_night"].to_numpy()
    held = (rows["_part"] == LATE_GROUP).to_numpy() & (night > 0) & (night % every == max(every - 2, 0))
    rows.loc[held, "_night"] += 1
    rows.loc[held, ["_planted", "_outcome"]] = ["late_file", "published"]


def _spoil_births(rng: np.random.Generator, rows: pd.DataFrame, share: float) -> None:
    wrong = rows["BirthDate"].notna().to_numpy() & (rng.random(len(rows)) < share)
    rows.loc[wrong, "BirthDate"] = "31/02/1975"
    rows.loc[wrong, ["_planted", "_outcome"]] = ["unparsed_birth_date", "unparsed"]
