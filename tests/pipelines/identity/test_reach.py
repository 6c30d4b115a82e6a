"""A night that groups only what it may move ends where one that groups all records does."""

import random
from dataclasses import replace
from datetime import timedelta

import pyarrow as pa
import pytest

from pipelines.identity import scene
from pipelines.identity.evidence import Evidence
from pipelines.identity.match import Matched
from pipelines.identity.resolve import WhoIsWho, resolved
from pipelines.mapping import IdentitySettings
from pipelines.tables import IDENTITY_LINKS
from tests.pipelines.conformed_rows import KEY, NIGHT
from tests.pipelines.identity.known import with_keys
from tests.pipelines.identity.nights import Began, Rows, after, as_evidence, nothing_yet
from tests.pipelines.identity.town import Town

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
    for row in chance.sample(rows, 2):
        row |= {"street": "nieuwstraat", "postcode": "1000", "city": "brussel", "email": None}
    chance.choice(rows)["is_deleted"] = True
    left = chance.sample(range(len(rows)), len(rows) - 2)
    new = [{**chance.choice(rows), "record_key": f"contact:crm:n{chance.random()}"} for _ in range(3)]
    new[0]["loyalty_id_key"] = TILL
    return [rows[at] for at in sorted(left)] + new, [*tied[1:], *facts(rows, chance, 2)]


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
