"""How many records one value may join is learned with the model of who is who, and kept until another is learned."""

from dataclasses import replace
from datetime import timedelta

import pyarrow.compute as pc
import pytest

from pipelines.identity.model import Model, as_json, from_json
from pipelines.identity.resolve import WhoIsWho, resolved
from pipelines.mapping import IdentitySettings
from tests.pipelines.conformed_rows import KEY, NIGHT
from tests.pipelines.identity.known import with_keys
from tests.pipelines.identity.nights import Began, Rows, after, as_evidence, nothing_yet
from tests.pipelines.identity.person_rows import person, person_table
from tests.pipelines.identity.town import Town

MEMBERS, SYSTEMS, TILL = 20, 12, 60
SCHEMA = with_keys(person_table([])).schema


def shop(home: Town) -> Rows:
    """The town, and people of one name whom only cards tell apart: each of twelve systems, and those of a till's."""
    named = person_table(person(number, "anna", "peeters", source="club") for number in range(MEMBERS * SYSTEMS + TILL))
    known: Rows = with_keys(named).to_pylist()
    for number, row in enumerate(known):
        member = number // SYSTEMS
        row["loyalty_id_key"] = f"loyalty_id:{member}" if member < MEMBERS else "loyalty_id:till"
        row["email_key"] = None if member < MEMBERS else "email:till"
    town: Rows = with_keys(home.records).to_pylist()
    return [*town, *known]


def night(
    rows: Rows,
    *,
    known: Rows,
    began: Began,
    model: Model | None,
    number: int = 0,
    settings: IdentitySettings | None = None,
) -> WhoIsWho:
    given = as_evidence(rows, [], known, [], SCHEMA)
    on = NIGHT + timedelta(days=number)
    return resolved(given, began, settings or IdentitySettings(), night=on, key=KEY, model=model)


def kept(found: WhoIsWho) -> Model:
    """The model as the table keeps it."""
    assert found.model is not None
    return from_json(as_json(found.model))


def owners(began: Began) -> dict[str, str]:
    links = began["unified.identity_links"].to_pylist()
    return {row["record_key"]: row["customer_id"] for row in links}


def customers(began: Began, numbers: range) -> int:
    """How many customers the records of the club are."""
    whose = owners(began)
    return len({whose[f"contact:club:{number}"] for number in numbers})


CLUB, OF_TILL = range(MEMBERS * SYSTEMS), range(MEMBERS * SYSTEMS, MEMBERS * SYSTEMS + TILL)


@pytest.fixture(scope="module")
def rows(home: Town) -> Rows:
    return shop(home)


@pytest.fixture(scope="module")
def first(rows: Rows) -> WhoIsWho:
    """The first night of the shop."""
    return night(rows, known=[], began=nothing_yet(SCHEMA), model=None)


@pytest.fixture(scope="module")
def began(first: WhoIsWho) -> Began:
    """What the second night finds."""
    return after(nothing_yet(SCHEMA), first)


def test_first_night_learns_what_is_usual_and_a_till_joins_nobody(first: WhoIsWho, began: Began) -> None:
    assert kept(first).usually_share == SYSTEMS
    assert customers(began, CLUB) == MEMBERS
    assert customers(began, OF_TILL) == TILL


def test_quiet_night_goes_by_what_was_learned_and_changes_nobody(first: WhoIsWho, began: Began, rows: Rows) -> None:
    second = night(rows, known=rows, began=began, model=kept(first), number=1)
    assert (second.is_new, second.model) == (False, first.model)
    assert second.identities.events.num_rows == 0
    assert owners(after(began, second)) == owners(began)


def test_new_records_of_a_night_do_not_move_what_was_learned(first: WhoIsWho, began: Began, rows: Rows) -> None:
    more = [{**rows[-MEMBERS], "record_key": f"contact:club:new{number}"} for number in range(30)]
    for number, row in enumerate(more):
        row["loyalty_id_key"] = f"loyalty_id:{number % MEMBERS}"
    second = night([*rows, *more], known=rows, began=began, model=kept(first), number=1)
    assert second.model == first.model


def test_model_of_before_means_the_setting(first: WhoIsWho, began: Began, rows: Rows) -> None:
    model = replace(kept(first), usually_share=None, grouping="")
    assert "usually_share" not in as_json(model)
    second = night(rows, known=[], began=nothing_yet(SCHEMA), model=from_json(as_json(model)))
    assert kept(second).usually_share is None
    found = after(nothing_yet(SCHEMA), second)
    assert customers(found, CLUB) > MEMBERS

    third = night(rows, known=rows, began=found, model=kept(second), number=1)
    assert (third.is_new, third.identities.events.num_rows) == (False, 0)
    assert third.identities.links.num_rows == 0


def test_setting_below_what_was_learned_moves_nobody_and_one_above_groups_all(
    first: WhoIsWho, began: Began, rows: Rows
) -> None:
    below = IdentitySettings(shared_by_at_most=SYSTEMS - 1)
    lower = night(rows, known=rows, began=began, model=kept(first), number=1, settings=below)
    assert (lower.is_new, lower.identities.links.num_rows) == (False, 0)
    above = IdentitySettings(shared_by_at_most=TILL)
    higher = night(rows, known=rows, began=began, model=kept(first), number=1, settings=above)
    assert higher.is_new
    assert customers(after(began, higher), OF_TILL) == 1
    assert kept(higher).usually_share == SYSTEMS


def test_too_few_records_to_learn_from_go_by_the_setting(rows: Rows) -> None:
    few = rows[-SYSTEMS - TILL : -TILL]
    for settings, expected in ((IdentitySettings(shared_by_at_most=SYSTEMS), 1), (IdentitySettings(), SYSTEMS)):
        found = night(few, known=[], began=nothing_yet(SCHEMA), model=None, settings=settings)
        assert found.model is None
        assert pc.count_distinct(found.identities.links["customer_id"]).as_py() == expected
