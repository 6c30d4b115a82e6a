"""Nights of a small shop that trades as shops do: weekdays, growth, a holiday, a sale and chance.

Rows are drawn, with a seed, from the history of the fictional retailer; what is drawn again gets an id of its own.
"""

import csv
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from numpy.typing import NDArray

from lakehouse.settings import PROJECT
from synthetic.__main__ import main as generate
from synthetic.settings import Faults

FIRST = date(2026, 3, 8)
WEEKDAYS = (1.0, 0.9, 0.9, 1.0, 1.3, 1.9, 0.4)
GROWTH = 1.02
"""Per week."""
DAILY_SCATTER = 0.08
SALE = (date(2026, 3, 27), date(2026, 4, 2), 1.8)
HOLIDAY = (date(2026, 4, 6), 0.2)
TICKETS, ORDERS, CONTACTS, NEW_CONTACTS = 300, 150, 600, 3
BUSINESS_EVERY = 40
"""One web order in so many is one of a firm: a thousand more."""
FLAGSHIP, ITS_WEIGHT = "101", 8.0
"""One store sells so many times what it sold in the fictional retailer: a night says something of it."""
GROUPS = ("north", "south", "uk", "lux")
KEPT = {
    "crm": (("contacts",), ("contacts",)),
    "web": (("orders",), ("orders",)),
    "pos": (("tickets", "lines"), ("orders", "order_lines")),
    "erp": (("rates",), ("exchange_rates",)),
}
"""Deliveries and entities of the fictional retailer that the shop has, by source."""
CONTACTS_ENCODING = "iso-8859-1"

Files = Mapping[str, bytes]
"""What was delivered for one night: content by path below the landing folder."""


@dataclass(frozen=True)
class History:
    """What rows are drawn from: one table per delivery, tickets and their lines by the group of stores."""

    tickets: dict[str, pd.DataFrame]
    lines: dict[str, pd.DataFrame]
    orders: pd.DataFrame
    contacts: pd.DataFrame


def history(seed: int) -> History:
    """A year of the fictional retailer, without a broken row."""
    sound = [f"--{rate.name.replace('_', '-')}=0" for rate in fields(Faults)]
    with tempfile.TemporaryDirectory() as folder:
        size = ["--customers", "3000", "--nights", "1", "--days", "365", "--seed", str(seed)]
        generate([*size, *sound, "--first-night", FIRST.isoformat(), "--out", folder])
        landing = Path(folder) / "landing"
        return History(
            {group: _read(landing / f"pos/tickets_{group}_{FIRST}.csv") for group in GROUPS},
            {group: _read(landing / f"pos/lines_{group}_{FIRST}.csv") for group in GROUPS},
            pd.read_json(landing / f"web/orders_{FIRST}.jsonl", lines=True, dtype=False, convert_dates=False),
            _read(landing / f"crm/contacts_{FIRST}.csv", CONTACTS_ENCODING),
        )


def level(number: int) -> float:
    """How much more than on an average day is likely on the day that a night brings; number 0 is the first night."""
    day = FIRST + timedelta(days=number - 1)
    usual: float = WEEKDAYS[day.weekday()] * GROWTH ** (number / 7)
    if day == HOLIDAY[0]:
        return usual * HOLIDAY[1]
    return usual * SALE[2] if SALE[0] <= day <= SALE[1] else usual


def delivered(known: History, number: int, *, seed: int) -> Files:
    """The files of one night; the same call gives the same bytes."""
    rng = np.random.default_rng([seed, number])
    night, day = FIRST + timedelta(days=number), FIRST + timedelta(days=number - 1)
    today = level(number) * float(np.exp(rng.normal(0, DAILY_SCATTER)))
    files: dict[str, bytes] = {}
    weights = {group: _weights(tickets) for group, tickets in known.tickets.items()}
    every = sum(weight.sum() for weight in weights.values())
    for group in GROUPS:
        tickets, weight = known.tickets[group], weights[group]
        wanted = rng.poisson(TICKETS * today * weight.sum() / every)
        chosen = rng.choice(len(tickets), wanted, p=weight / weight.sum())
        sold, lines = _sold(tickets.iloc[chosen], known.lines[group], f"{number:04d}", day)
        files[f"pos/tickets_{group}_{night}.csv"] = as_csv(sold)
        files[f"pos/lines_{group}_{night}.csv"] = as_csv(lines)
    chosen = rng.integers(0, len(known.orders), rng.poisson(ORDERS * today))
    files[f"web/orders_{night}.jsonl"] = as_json_lines(_placed(known.orders.iloc[chosen], f"{number:04d}", day))
    people = known.contacts.head(CONTACTS + NEW_CONTACTS * number)
    files[f"crm/contacts_{night}.csv"] = as_csv(people, encoding=CONTACTS_ENCODING)
    if number == 0:
        files[f"erp/rates_{night}.csv"] = f'"currency","valid_from","rate"\n"GBP","{day}",1.16745\n'.encode()
    return files


def retailer(first_night: date = FIRST) -> dict[str, Any]:
    """The shop's retailer file: that of the fictional retailer, with the shop's deliveries alone and its calendar."""
    demo = yaml.safe_load((PROJECT / "retailers/demo.yaml").read_text())
    sources = {}
    for name, (deliveries, entities) in KEPT.items():
        source = demo["sources"][name]
        sources[name] = source | {
            "deliveries": {delivery: source["deliveries"][delivery] for delivery in deliveries},
            "entities": {entity: _fed_by(source["entities"][entity], deliveries) for entity in entities},
        }
    sale = {"name": "spring sale", "from": SALE[0], "to": SALE[1]}
    return {
        "retailer": "shop",
        "first_night": first_night,
        "currency": demo["currency"],
        "timezone": demo["timezone"],
        "sources": sources,
        "identity": {"trust": ["crm", "web", "pos"], "country": "BE"},
        "calendar": [sale, {"name": "easter monday", "from": HOLIDAY[0]}],
    }


def as_csv(rows: pd.DataFrame, *, encoding: str = "utf-8") -> bytes:
    """The rows as the tills and the CRM write them: semicolons, nothing for nothing."""
    text = rows.to_csv(sep=";", index=False, quoting=csv.QUOTE_NONE, lineterminator="\n")
    return text.encode(encoding)


def from_csv(content: bytes, *, encoding: str = "utf-8") -> pd.DataFrame:
    """What as_csv wrote, every value as text."""
    return pd.read_csv(StringIO(content.decode(encoding)), sep=";", dtype=str, quoting=csv.QUOTE_NONE)


def as_json_lines(rows: pd.DataFrame) -> bytes:
    """The rows as the web shop writes them."""
    return str(rows.to_json(orient="records", lines=True, force_ascii=False)).encode()


def from_json_lines(content: bytes) -> pd.DataFrame:
    """What as_json_lines wrote."""
    return pd.read_json(StringIO(content.decode()), lines=True, dtype=False, convert_dates=False)


def _weights(tickets: pd.DataFrame) -> NDArray[np.float64]:
    return np.where(tickets["Store"] == FLAGSHIP, ITS_WEIGHT, 1.0)


def _read(file: Path, encoding: str = "utf-8") -> pd.DataFrame:
    return pd.read_csv(file, sep=";", dtype=str, encoding=encoding)


def _sold(tickets: pd.DataFrame, lines: pd.DataFrame, night: str, day: date) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The chosen tickets and their lines under new numbers, sold on the day at the hour of old."""
    sold = tickets.assign(old=tickets["Ticket"]).reset_index(drop=True)
    sold["Ticket"] = [f"{store}-{night}{place:06d}" for place, store in enumerate(sold["Store"])]
    sold["SoldAt"] = f"{day:%d/%m/%Y} " + sold["SoldAt"].str.slice(11)
    theirs = sold[["old", "Ticket", "SoldAt"]].merge(
        lines.drop(columns="SoldAt").rename(columns={"Ticket": "old"}), on="old", how="inner"
    )
    return sold[list(tickets.columns)], theirs[list(lines.columns)]


def _placed(orders: pd.DataFrame, night: str, day: date) -> pd.DataFrame:
    placed = orders.reset_index(drop=True)
    placed["order_id"] = [f"W{night}{place:06d}" for place in range(len(placed))]
    placed["placed_at"] = f"{day}" + placed["placed_at"].str.slice(10)
    business = placed.index % BUSINESS_EVERY == 0
    placed.loc[business, "total"] = (
        placed.loc[business, "total"] + np.sign(placed.loc[business, "total"]) * 1000
    ).round(2)
    return placed


def _fed_by(mappings: Any, deliveries: tuple[str, ...]) -> Any:
    """The mappings of an entity that read one of the deliveries."""
    if isinstance(mappings, list):
        return [mapping for mapping in mappings if mapping["from"] in deliveries]
    return mappings
