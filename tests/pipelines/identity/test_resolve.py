"""Resolving the conformed tables of a lake: one person, one id, and nothing personal left behind."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from pyspark.sql import SparkSession

from lakehouse.delta import Lakehouse, NightStart
from pipelines.canonical import ENTITIES
from pipelines.identity.events import living_ids
from pipelines.identity.resolve import resolve
from pipelines.mapping import IdentitySettings
from pipelines.tables import IDENTIFIERS, IDENTITY_EVENTS, IDENTITY_LINKS
from tests.pipelines.conformed_rows import KEY, NIGHT, Values, conformed, of_table

SETTINGS = IdentitySettings(trust=("crm",), country="BE")
ANNA: Values = {"source_contact_id": "1", "first_name": "Anna", "last_name": "Smit", "email": "anna@mail.example"}
ANNE: Values = {"source": "web", "source_contact_id": "9", "full_name": "SMIT Anna", "phone": "0475 12 34 56"}


def written(lake: Lakehouse, night: date, contacts: list[Values], orders: list[Values]) -> Lakehouse:
    """The lake at the end of resolving a night."""
    lake.merge(ENTITIES["contacts"].conformed, conformed(lake.spark, "contacts", contacts))
    lake.merge(ENTITIES["orders"].conformed, conformed(lake.spark, "orders", orders))
    tonight = lake.for_night(NightStart(night, lake.versions([IDENTITY_LINKS])))
    found = resolve(tonight, SETTINGS, night=night, key=KEY)
    tonight.merge(IDENTITY_LINKS, found.links, gone=found.gone)
    tonight.replace_all(IDENTIFIERS, found.identifiers)
    tonight.replace_night(IDENTITY_EVENTS, found.events, night)
    return tonight


def test_records_meet_through_an_order_and_a_rerun_changes_nothing(lake: Lakehouse) -> None:
    guest: Values = {"order_id": "A", "email": " Anna@mail.example", "kind": "sale"}
    tonight = written(lake, NIGHT, [ANNA, ANNE], [guest, {"order_id": "B", "email": "guest@mail.example"}])
    first = {row["record_key"]: row["customer_id"] for row in lake.read(IDENTITY_LINKS).collect()}
    assert len(first) == len(set(first.values())) == 3

    account: Values = {"order_id": "C", "source": "web", "source_contact_id": "9", "email": "anna@mail.example"}
    after = written(replace(tonight, start=None), NIGHT + timedelta(days=1), [ANNA, ANNE], [account])
    second = {row["record_key"]: row["customer_id"] for row in lake.read(IDENTITY_LINKS).collect()}
    assert second["contact:crm:1"] == second["contact:web:9"]
    lost = {first["contact:crm:1"], first["contact:web:9"]} - {second["contact:crm:1"]}
    events = lake.read(IDENTITY_EVENTS)
    assert {tuple(row) for row in living_ids(events).collect()} == {(*lost, second["contact:crm:1"])}

    again = resolve(after, SETTINGS, night=NIGHT + timedelta(days=1), key=KEY)
    assert again.links.exceptAll(lake.read(IDENTITY_LINKS)).isEmpty()
    assert again.gone.isEmpty()
    assert not (Path(lake.path) / "personal" / "_tmp" / "resolve-2026-03-02").exists()


def test_id_merged_twice_resolves_to_the_living_one(spark: SparkSession) -> None:
    merges = [("a", "b"), ("b", "c"), ("c", "d"), ("x", "y")]
    rows: list[Values] = [
        {"night": NIGHT, "customer_id": old, "event": "merged_into", "other_customer_id": new} for old, new in merges
    ]
    events = of_table(spark, IDENTITY_EVENTS, [*rows, {"night": NIGHT, "customer_id": "y", "event": "ended"}])
    assert {tuple(row) for row in living_ids(events).collect()} == {("a", "d"), ("b", "d"), ("c", "d")}
