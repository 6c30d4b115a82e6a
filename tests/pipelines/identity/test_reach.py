"""A night that groups only what it may move ends where one that groups all records does."""

import random
from dataclasses import replace
from datetime import timedelta
from typing import cast

import pyarrow as pa
import pytest
from pyspark.sql import DataFrame

from pipelines.identity import scene
from pipelines.identity.evidence import Evidence
from pipelines.identity.match import Matched
from pipelines.identity.resolve import WhoIsWho, resolved
from pipelines.mapping import IdentitySettings
from pipelines.tables import IDENTIFIERS, IDENTITY_LINKS, IDENTITY_PAIRS
from tests.pipelines.conformed_rows import KEY, NIGHT
from tests.pipelines.identity.evidence import TIES
from tests.pipelines.identity.known import with_keys
from tests.pipelines.identity.town import Town

Rows = list[dict[str, object]]
Began = dict[str, pa.Table]
TABLES = {IDENTITY_PAIRS.name: ("record_a", "record_b"), IDENTITY_LINKS.name: ("record_key",)}
TABLES |= {IDENTIFIERS.name: ("identifier_key",)}
HOLDERS = {"email_key": 1, "phone_key": 2, "loyalty_id_key": 1, "cookie_key": 3}
TILL = "loyalty_id:till"
SHARING = 0.15
"""More of it, and everybody hangs together with everybody."""
SETTINGS = IdentitySettings(shared_by_at_most=4)
FLOOR = IdentitySettings(shared_by_at_most=1)
"""The model has learned more."""


@pytest.fixture
def people(home: Town) -> pa.Table:
    return with_keys(home.records)


def shop(people: pa.Table, chance: random.Random) -> Rows:
    """The records with identifiers: some shared by a few, one card by a whole till."""
    rows: Rows = people.to_pylist()
    for name, holders in HOLDERS.items():
        for row in rows:
            if chance.random() < SHARING:
                row[name] = f"{name.removesuffix('_key')}:{chance.randrange(len(rows) // holders)}"
    for row in chance.sample(rows, 30):
        row["loyalty_id_key"] = TILL
    return rows


def facts(rows: Rows, chance: random.Random, count: int) -> Rows:
    """What orders tie: an e-mail to a card, a phone or a cookie; half of them are identifiers that nobody holds."""
    found: Rows = []
    for number in range(count):
        kind = chance.choice(("loyalty_id", "phone", "cookie", "itself"))
        left = carried(rows, "email", chance)
        right = left if kind == "itself" else carried(rows, kind, chance)
        found += [{"left_key": left, "right_key": right, "kind": kind, "is_own": False}] * (1 + number % 2)
    return found


def carried(rows: Rows, kind: str, chance: random.Random) -> str:
    held = sorted({str(row[f"{kind}_key"]) for row in rows if row[f"{kind}_key"]} - {TILL})
    return chance.choice(held) if chance.random() < 0.5 else f"{kind}:unheld{chance.randrange(10)}"


def changed(rows: Rows, tied: Rows, chance: random.Random) -> tuple[Rows, Rows]:
    """A day later: records come, go and say other things; facts tie more, and one no longer."""
    rows = [dict(row) for row in rows]
    for row in chance.sample(rows, 2):
        row["email_key"] = f"email:{chance.randrange(len(rows))}"
    for row in chance.sample(rows, 2):
        row["tokens"] = row["given"] = row["family"] = []
    chance.choice(rows)["is_deleted"] = True
    left = chance.sample(range(len(rows)), len(rows) - 2)
    new = [{**chance.choice(rows), "record_key": f"contact:crm:n{chance.random()}"} for _ in range(3)]
    new[0]["loyalty_id_key"] = TILL
    return [rows[at] for at in sorted(left)] + new, [*tied[1:], *facts(rows, chance, 2)]


def as_evidence(rows: Rows, tied: Rows, before: Rows, tied_before: Rows, schema: pa.Schema) -> Evidence:
    known = {row["record_key"]: row for row in before}
    same = [row["record_key"] for row in rows if known.get(row["record_key"]) == row]
    now = {row["record_key"] for row in rows}
    first_unchanged = sorted(rows, key=lambda row: row["record_key"] not in same)
    return Evidence(
        pa.Table.from_pylist(first_unchanged, schema),
        distinct(tied),
        before=pa.Table.from_pylist(before, schema),
        ties_before=distinct(tied_before),
        unchanged=pa.table({"record_key": pa.array(same, pa.string())}),
        changed=cast(DataFrame, None),
        gone=pa.table({"record_key": pa.array(known.keys() - now, pa.string())}),
    )


def distinct(tied: Rows) -> pa.Table:
    return pa.Table.from_pylist([dict(row) for row in {tuple(row.items()): row for row in tied}.values()], TIES)


def after(began: Began, found: WhoIsWho) -> Began:
    """The tables once what was found takes the place of what was before."""
    now = {IDENTITY_PAIRS.name: found.pairs, IDENTITY_LINKS.name: found.identities.links}
    now |= {IDENTIFIERS.name: found.identities.identifiers}
    return {name: replaced(began[name], found.before[name], now[name], key) for name, key in TABLES.items()}


def replaced(table: pa.Table, old: pa.Table, new: pa.Table, key: tuple[str, ...]) -> pa.Table:
    gone = {tuple(row[name] for name in key) for row in old.to_pylist()}
    kept = [row for row in table.to_pylist() if tuple(row[name] for name in key) not in gone]
    rows = [*kept, *new.to_pylist()]
    assert len({tuple(row[name] for name in key) for row in rows}) == len(rows)
    return pa.Table.from_pylist(rows, new.schema).sort_by([(name, "ascending") for name in key])


def nothing_yet(schema: pa.Schema) -> Began:
    names = {IDENTITY_PAIRS.name: ("record_a", "record_b"), IDENTIFIERS.name: ("identifier_key", "customer_id")}
    found = {name: pa.table({column: pa.array([], pa.string()) for column in each}) for name, each in names.items()}
    links = pa.schema([("record_key", pa.string()), ("customer_id", pa.string()), ("since", pa.date32())])
    return found | {IDENTITY_LINKS.name: links.empty_table()}


@pytest.mark.parametrize(("seed", "settings"), [(1, SETTINGS), (2, SETTINGS), (3, FLOOR)])
def test_nights_that_group_what_they_may_move_end_as_if_they_had_grouped_all(
    people: pa.Table, matched: Matched, seed: int, settings: IdentitySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    rows = shop(people, chance)
    tied = facts(rows, chance, 30)
    none = as_evidence(rows, tied, [], [], people.schema)
    model = replace(matched.model, usually_share=SETTINGS.shared_by_at_most)
    first = resolved(none, nothing_yet(people.schema), settings, night=NIGHT, key=KEY, model=model)
    began = after(nothing_yet(people.schema), first)
    for number in range(1, 4):
        before, tied_before = rows, tied
        rows, tied = changed(rows, tied, chance)
        given = as_evidence(rows, tied, before, tied_before, people.schema)
        few, every = (night_of(given, began, first, settings, most, number, monkeypatch) for most in (1.0, 0.0))
        assert after(began, few) == after(began, every)
        assert few.identities.events.sort_by(EVENT_ORDER) == every.identities.events.sort_by(EVENT_ORDER)
        assert few.before[IDENTITY_LINKS.name].num_rows < people.num_rows / 10
        began = after(began, few)


def night_of(
    given: Evidence,
    began: Began,
    first: WhoIsWho,
    settings: IdentitySettings,
    most: float,
    number: int,
    monkeypatch: pytest.MonkeyPatch,
) -> WhoIsWho:
    """A night that groups all records where more than this share may move."""
    monkeypatch.setattr(scene, "MOST_MOVED", most)
    night = NIGHT + timedelta(days=number)
    return resolved(given, began, settings, night=night, key=KEY, model=first.model)


EVENT_ORDER = [(name, "ascending") for name in ("customer_id", "event", "other_customer_id")]
