"""A source that changes the form of its ids overnight: whoever its rows tell keeps the customer id."""

from datetime import UTC, date, datetime

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.identity.cluster import clusters
from pipelines.identity.match import Matched, match
from pipelines.identity.model import with_cut
from pipelines.identity.stable_ids import Identities, identities
from tests.pipelines.identity.evidence import NO_LINKS, Record, record, records, ties
from tests.pipelines.identity.town import Town

FIRST, SECOND = date(2026, 3, 1), date(2026, 3, 2)
OWN_KEYS = ("linked_key", "loyalty_id_key", "email_key", "phone_key", "cookie_key", "name_birth_key", "name_place_key")


def renamed(key: str) -> str:
    """`contact:crm:1001` becomes `contact:crm:C-0001001`."""
    kind, source, number = key.split(":")
    return f"{kind}:{source}:C-{int(number):07}"


def owners(found: Identities) -> dict[str, str]:
    return {row["record_key"]: row["customer_id"] for row in found.links.to_pylist()}


def night(people: list[Record], own: list[tuple[str, str]], before: pa.Table, on: date) -> Identities:
    table = records(people)
    found = clusters(table, ties(*own), shared_by_at_most=10, duplicate_free=("crm",))
    return identities(found.members, table, before, night=on, key="k")


def test_person_keeps_the_id_where_an_identifier_or_name_and_birth_date_tie_new_ids_to_old() -> None:
    def people(form: str, *, is_deleted: bool = False) -> list[Record]:
        return [
            record(form.format(number), name, is_deleted=is_deleted)
            for number, name in enumerate(("Anna Smit", "Bert Kahn", "Carla Maes", "Dirk Claes"), start=1001)
        ]

    def evidence(form: str) -> list[tuple[str, str]]:
        known = enumerate(("email:a", "phone:b", "name_birth:c"), start=1001)
        return [(f"crm:{form.format(number)}", value) for number, value in known]

    before = night(people("{}"), evidence("{}"), NO_LINKS, FIRST)
    both = [*people("{}", is_deleted=True), *people("C-{:07}")]
    after = night(both, [*evidence("{}"), *evidence("C-{:07}")], before.links, SECOND)
    was, now = owners(before), owners(after)
    assert all(now[key] == customer for key, customer in was.items())
    told = [now[renamed(key)] == was[key] for key in sorted(was)]
    assert told == [True, True, True, False], "whom nothing but a name tells is a new customer"
    events = {(row["customer_id"], row["event"], row["records_count"]) for row in after.events.to_pylist()}
    expected = {(was[f"contact:crm:{number}"], "joined", 1) for number in (1001, 1002, 1003)}
    assert events == expected | {(now["contact:crm:C-0001004"], "created", 1)}


def test_living_records_of_a_source_without_duplicates_stay_apart_whatever_it_has_deleted() -> None:
    people = [record(1, "Anna Smit", is_deleted=True), record(2, "Anna Smit"), record(3, "Anna Smit")]
    own = [(f"crm:{number}", "email:a") for number in (1, 2, 3)]
    found = owners(night(people, own, NO_LINKS, FIRST))
    assert found["contact:crm:2"] != found["contact:crm:3"]


def test_nearly_all_of_a_town_keep_their_ids_by_what_the_records_say(home: Town, matched: Matched) -> None:
    crm = home.records.filter(pc.equal(home.records["source"], "crm"))
    keys = [renamed(key) for key in crm["record_key"].to_pylist()]
    new = crm.set_column(crm.column_names.index("record_key"), "record_key", pa.array(keys, pa.string()))
    cut = clusters(for_clusters(home.records), ties(), shared_by_at_most=10, matched=matched).cut
    model = with_cut(matched.model, cut.height if cut else 1.0)

    def on(table: pa.Table, before: pa.Table, day: date) -> dict[str, str]:
        found = clusters(
            table, ties(), shared_by_at_most=10, matched=match(table, model=model), duplicate_free=("crm",)
        )
        return owners(identities(found.members, table, before, night=day, key="k"))

    first = on(for_clusters(home.records), NO_LINKS, FIRST)
    links = pa.table({"record_key": list(first), "customer_id": list(first.values()), "since": [FIRST] * len(first)})
    gone = pa.array([key.startswith("contact:crm:") for key in home.records["record_key"].to_pylist()])
    both = pa.concat_tables([for_clusters(home.records, gone), for_clusters(new)])
    second = on(both, links, SECOND)
    kept = [second[renamed(key)] == customer for key, customer in first.items() if key.startswith("contact:crm:")]
    assert sum(kept) >= 0.97 * len(kept)
    assert all(second[key] == customer for key, customer in first.items() if not key.startswith("contact:crm:"))


def for_clusters(people: pa.Table, is_deleted: pa.Array | None = None) -> pa.Table:
    """The town's records with the columns that only grouping reads."""
    rows = people.num_rows
    empty = pa.nulls(rows, pa.string())
    seen = pa.array([datetime(2020, 1, 1, tzinfo=UTC)] * rows, pa.timestamp("us", tz="UTC"))
    more = dict.fromkeys(OWN_KEYS, empty) | {"first_seen": seen}
    for kind in ("email", "phone"):
        values = people[kind].to_pylist()
        more[f"{kind}_key"] = pa.array([f"{kind}:{value}" if value else None for value in values], pa.string())
    if is_deleted is not None:
        people = people.set_column(people.column_names.index("is_deleted"), "is_deleted", is_deleted)
    for name, values in more.items():
        people = people.append_column(name, values)
    return people
