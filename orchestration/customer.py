"""`habitue customer`: everything known about one person, with the source of each part, for the person who asks."""

import argparse
import json
from datetime import date
from typing import Any

from pyspark.sql import functions as F

from lakehouse.delta import Lakehouse
from lakehouse.errors import WrongCall
from lakehouse.table import Table
from models.tables import CUSTOMER_SCORES
from orchestration.night import open_lake
from orchestration.running import place_of
from pipelines import tables
from pipelines.canonical import CONTACTS
from pipelines.golden import FIELDS
from pipelines.identity.events import living_ids

LATEST = 5
"""Facts of each kind that are shown; the counts are of all."""


def show(asked: argparse.Namespace) -> int:
    """Print the golden record, the household, the records behind it, history, consent and scores of one customer.

    Raises: WrongCall if nobody of that id or e-mail is known.
    """
    place = place_of(asked)
    with open_lake(place, purpose="customer") as lake:
        customer_id = _customer_id(lake, asked.who)
        found = everything(lake, customer_id)
    print(json.dumps(found, default=str) if asked.json else in_words(found))
    return 0


def everything(lake: Lakehouse, customer_id: str) -> dict[str, Any]:
    """What the lake knows about one living customer id, by table."""
    known: dict[str, Any] = {"customer_id": customer_id}
    for table in (tables.CUSTOMERS, tables.CUSTOMER_PROFILE, tables.IDENTITY_LINKS, tables.CONSENTS):
        known[table.name] = _rows(lake, table, customer_id)
    known[CONTACTS.conformed.name] = _records(lake, customer_id)
    known[tables.HOUSEHOLDS.name] = household(lake, customer_id)
    for table in tables.UNIFIED_FACTS:
        mine = lake.read(table).where(F.col("customer_id") == customer_id)
        newest = mine.orderBy(F.col("event_at").desc(), *table.key).limit(LATEST)
        known[table.name] = {"count": mine.count(), "newest": [row.asDict() for row in newest.collect()]}
    scores = lake.read(CUSTOMER_SCORES).where(F.col("customer_id") == customer_id)
    known[CUSTOMER_SCORES.name] = [row.asDict() for row in scores.orderBy(F.col("night").desc()).limit(1).collect()]
    return known


def household(lake: Lakehouse, customer_id: str) -> list[dict[str, Any]]:
    """Everybody of the customer's household by id, the customer too; nobody where no household is known."""
    homes = [row["household_id"] for row in _rows(lake, tables.HOUSEHOLDS, customer_id)]
    everybody = lake.read(tables.HOUSEHOLDS).where(F.col("household_id").isin(homes))
    return [row.asDict() for row in everybody.orderBy("customer_id").collect()]


def in_words(found: dict[str, Any]) -> str:
    """What `everything` found, one line per row and per group of golden fields."""
    lines = [f"customer {found['customer_id']}"]
    for name, rows in found.items():
        if name == "customer_id":
            continue
        if isinstance(rows, dict):
            lines.append(f"\n{name}: {rows['count']}, the newest:")
            rows = rows["newest"]
        else:
            lines.append(f"\n{name}: {len(rows)}")
        lines += _golden(rows) if name == tables.CUSTOMERS.name else [f"  {_facts(row)}" for row in rows]
    return "\n".join(lines)


def _customer_id(lake: Lakehouse, who: str) -> str:
    """The living id behind an id, old or new, or an e-mail address."""
    if "@" in who:
        found = lake.read(tables.CUSTOMERS).where(F.col("email") == who.strip().lower()).select("customer_id")
    else:
        heirs = living_ids(lake.read(tables.IDENTITY_EVENTS)).where(F.col("old_customer_id") == who)
        living = lake.read(tables.IDENTITY_LINKS).where(F.col("customer_id") == who)
        found = living.select("customer_id").union(heirs.select("customer_id")).distinct()
    rows = found.limit(2).collect()
    if len(rows) == 1:
        return str(rows[0]["customer_id"])
    raise WrongCall(
        "nobody of this id or e-mail is known" if not rows else "more than one customer has this e-mail",
        where=lake.path,
        still_true="Nothing was changed.",
        next_step="Pass a customer id from unified.identity_links.",
    )


def _rows(lake: Lakehouse, table: Table, customer_id: str) -> list[dict[str, Any]]:
    return [row.asDict() for row in lake.read(table).where(F.col("customer_id") == customer_id).collect()]


def _records(lake: Lakehouse, customer_id: str) -> list[dict[str, Any]]:
    mine = lake.read(tables.IDENTITY_LINKS).where(F.col("customer_id") == customer_id)
    keys = mine.where("source_contact_id is not null").select("source", "source_contact_id")
    found = lake.read(CONTACTS.conformed).join(keys, ["source", "source_contact_id"])
    return [row.asDict() for row in found.orderBy("source", "source_contact_id").collect()]


def _golden(rows: list[dict[str, Any]]) -> list[str]:
    """One line per group of fields that somebody has told, with its record and date; then the ids it had before."""
    lines = []
    for row in rows:
        lines += [f"  {group}: {_group(row, group)}" for group in FIELDS if row[f"{group}_source"]]
        lines.append(f"  records {row['records_count']}, sources {_plain(row['sources'])}")
        if row["previous_ids"]:
            lines.append(f"  previous ids {_plain(row['previous_ids'])}")
    return lines


def _group(row: dict[str, Any], group: str) -> str:
    values = (", " if group == "address" else " ").join(_plain(row[field]) for field in FIELDS[group] if row[field])
    changed = row[f"{group}_updated_at"]
    since = f", changed {changed:%Y-%m-%d}" if changed else ""
    return f"{values} (from {row[f'{group}_source']}:{row[f'{group}_record']}{since})"


def _facts(row: dict[str, Any]) -> str:
    return ", ".join(f"{name} {_plain(value)}" for name, value in row.items() if value not in (None, "", []))


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(str(part) for part in value)
    return value.isoformat() if isinstance(value, date) else str(value)
