"""Resolving the conformed tables of a lake: one person, one id, and nothing personal left behind."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from pyspark.sql import Row, SparkSession

from lakehouse import delta
from lakehouse.delta import Lakehouse
from pipelines.canonical import ENTITIES
from pipelines.identity.events import living_ids
from pipelines.identity.resolve import resolve
from pipelines.mapping import IdentitySettings
from pipelines.tables import (
    IDENTIFIERS,
    IDENTITY_EVENTS,
    IDENTITY_LINKS,
    IDENTITY_MODELS,
    IDENTITY_PAIRS,
    IDENTITY_TIES,
    PERSON_RECORDS,
)
from tests.pipelines.conformed_rows import KEY, NIGHT, Values, conformed, of_table

SETTINGS = IdentitySettings(trust=("crm",), country="BE")
ANNA: Values = {"source_contact_id": "1", "first_name": "Anna", "last_name": "Smit", "email": "anna@mail.example"}
ANNE: Values = {"source": "web", "source_contact_id": "9", "full_name": "SMIT Anna", "phone": "0475 12 34 56"}


@pytest.fixture(autouse=True)
def _append_as_to_large_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delta, "APPEND_BYTES", 0)


def deliver(lake: Lakehouse, contacts: list[Values], orders: list[Values]) -> None:
    lake.replace_all(ENTITIES["contacts"].conformed, conformed(lake.spark, "contacts", contacts))
    lake.replace_all(ENTITIES["orders"].conformed, conformed(lake.spark, "orders", orders))


@dataclass(frozen=True)
class Night:
    """What a night decided: the customer of each record, the links that are gone, events, models, warnings."""

    owners: dict[str, str]
    gone: list[str]
    events: list[Row]
    models: list[Row]
    looked_at: set[str]
    warnings: tuple[str, ...]


def night_of(lake: Lakehouse, settings: IdentitySettings = SETTINGS, *, after: int = 0, anew: bool = False) -> Night:
    """One night, written as the night's asset writes it."""
    night = NIGHT + timedelta(days=after)
    with resolve(lake, settings, night=night, key=KEY, anew=anew) as found:
        changes = (
            *((PERSON_RECORDS, found.records), (IDENTITY_TIES, found.ties), (IDENTITY_PAIRS, found.pairs)),
            *((IDENTITY_LINKS, found.links), (IDENTIFIERS, found.identifiers)),
        )
        assert found.links.gone is not None
        seen = Night(
            {},
            [row["record_key"] for row in found.links.gone.collect()],
            found.events.rows.collect(),
            found.models.rows.collect(),
            {row["record_key"] for row in found.records.rows.collect()},
            found.warnings,
        )
        for table, change in changes:
            lake.merge(table, change.rows, gone=change.gone, adds=change.adds, in_arrow=change.in_arrow)
            keys = lake.read(table).select(*table.key).collect()
            assert len(keys) == len(set(keys))
        lake.replace_night(IDENTITY_MODELS, found.models.rows, night, in_arrow=found.models.in_arrow)
    links = lake.read(IDENTITY_LINKS).collect()
    return replace(seen, owners={row["record_key"]: row["customer_id"] for row in links})


def test_records_that_meet_in_an_order_become_one_under_an_old_id(lake: Lakehouse) -> None:
    deliver(
        lake,
        [ANNA, ANNE],
        [{"order_id": "A", "email": " Anna@mail.example"}, {"order_id": "B", "phone": "+32475000001"}],
    )
    before = night_of(lake).owners
    assert len(before) == len(set(before.values())) == 3

    deliver(
        lake, [ANNA, ANNE], [{"order_id": "C", "source": "web", "source_contact_id": "9", "email": "anna@mail.example"}]
    )
    second = night_of(lake, after=1)
    after = second.owners
    assert after.keys() == {"contact:crm:1", "contact:web:9"}
    assert len(set(after.values())) == 1
    assert second.gone == list(before.keys() - after.keys())
    merged = ({before[key] for key in after} - set(after.values())).pop()
    events = {(row["customer_id"], row["event"], row["other_customer_id"]) for row in second.events}
    ended = before[(before.keys() - after.keys()).pop()]
    assert events == {(merged, "merged_into", after["contact:crm:1"]), (ended, "ended", None)}
    assert not list((Path(lake.path) / "personal" / "_tmp").iterdir())


def test_id_merged_twice_resolves_to_the_living_one(spark: SparkSession) -> None:
    merges = [("a", "b"), ("b", "c"), ("c", "d"), ("x", "y")]
    rows: list[Values] = [
        {"night": NIGHT, "customer_id": old, "event": "merged_into", "other_customer_id": new} for old, new in merges
    ]
    events = of_table(spark, IDENTITY_EVENTS, [*rows, {"night": NIGHT, "customer_id": "y", "event": "ended"}])
    assert {tuple(row) for row in living_ids(events).collect()} == {("a", "d"), ("b", "d"), ("c", "d")}


def townspeople(count: int) -> list[Values]:
    """Contacts of so many persons, each with a web account under the whole name and no identifier in common."""
    given = ("Anna", "Bert", "Carla", "Dirk", "Elena", "Farid", "Greta", "Hugo", "Ines", "Joris", "Karin", "Lars")
    family = ("Smit", "Kahn", "Peeters", "Wouters", "Lambert", "Dubois", "Claes", "Maes", "Jacobs", "Martens", "Noel")
    rows: list[Values] = []
    for person in range(count):
        first, last = given[person % len(given)], family[person % len(family)]
        known = {"postcode": str(1000 + person * 37 % 900), "born_on": date(1950, 1, 1) + timedelta(days=person * 97)}
        own = {"source_contact_id": str(person), "first_name": first, "last_name": last}
        account = {"source": "web", "source_contact_id": f"w{person}", "full_name": f"{last} {first}"}
        rows += [own | known, account | known]
    return rows


def test_what_was_learned_of_records_is_kept_and_the_next_night_changes_no_id(lake: Lakehouse) -> None:
    deliver(lake, townspeople(120), [])
    first = night_of(lake)
    before = first.owners
    assert all(before[f"contact:crm:{person}"] == before[f"contact:web:w{person}"] for person in range(120))
    assert {row["model_version"] for row in first.events} == {first.models[0]["version"]}

    second = night_of(lake, after=1)
    assert second.owners == before
    assert second.looked_at == set()
    assert second.models == second.events == []

    anew = night_of(lake, after=1, anew=True)
    assert anew.looked_at == before.keys()
    assert [row["version"] for row in anew.models] == [first.models[0]["version"]]
    assert (anew.owners, anew.events) == (before, [])

    deliver(lake, townspeople(119), [])
    night_of(lake, after=2, anew=True)
    assert lake.read(PERSON_RECORDS).count() == 238


def test_decisions_of_people_survive_a_rebuild_and_unknown_records_are_told(lake: Lakehouse, tmp_path: Path) -> None:
    file = tmp_path / "overrides.csv"
    rows = ("crm:1,web:9,always,Ann,same passport", "crm:1,crm:bea@mail.example,never,Ann,twins")
    file.write_text("\n".join(["record_a,record_b,decision,who,why", *rows]))
    deliver(lake, [ANNA, {**ANNE, "full_name": "Vos Bea"}], [])
    settings = SETTINGS.model_copy(update={"overrides": file})
    for _ in range(2):
        found = night_of(lake, settings)
        assert len(set(found.owners.values())) == 1
        assert found.warnings == (f"{file}: decisions wait for records that no source has; they stand on line 3",)
