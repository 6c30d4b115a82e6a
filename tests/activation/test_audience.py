"""Who is contacted, who is held out, who is refused."""

from datetime import UTC, date, datetime
from itertools import product

from pyspark.sql import SparkSession

from activation.audience import audience_members, members
from activation.holdout import new_assignments
from activation.tables import HOLDOUTS
from tests.activation.builders import KEY, NIGHT, Person, activation, consents, frames, no_holdouts, statement


def decisions(spark: SparkSession, people: list[Person], **audience: object) -> dict[str, tuple[str, str | None]]:
    settings = activation(**audience)
    found = members(
        settings, "win_back", frames=frames(spark, people), holdouts=no_holdouts(spark), night=NIGHT, key=KEY
    )
    return {row["customer_id"]: (row["decision"], row["reason"]) for row in found.collect()}


def test_everyone_who_meets_the_condition_has_one_decision_with_its_reason(spark: SparkSession) -> None:
    people = [
        Person("ok"),
        Person("other", band="low"),
        Person("test", is_test=True),
        Person("staff", is_staff=True),
        Person("deleted", is_deleted=True),
        Person("objects", objects=True),
        Person("no_score", grade=None),
        Person("weak", grade="D"),
        Person("cardless", contact=None),
        Person("no_mail", email=None),
        Person("silent", status=None),
    ]
    assert decisions(spark, people) == {
        "ok": ("member", None),
        "test": ("refused", "test_account"),
        "staff": ("refused", "staff"),
        "deleted": ("refused", "deleted"),
        "objects": ("refused", "objects_to_profiling"),
        "no_score": ("refused", "no_score"),
        "weak": ("refused", "grade_below_minimum"),
        "cardless": ("refused", "no_address"),
        "no_mail": ("refused", "no_address"),
        "silent": ("refused", "no_consent"),
    }


STATUSES = (None, "requested", "granted", "denied", "withdrawn", "objected")
EXPIRIES = (None, date(2026, 2, 1), NIGHT, date(2026, 3, 2))


def test_only_a_granted_and_unexpired_consent_lets_anyone_through(spark: SparkSession) -> None:
    cases = {f"c{number}": case for number, case in enumerate(product(STATUSES, EXPIRIES))}
    people = [Person(name, status=status, expires_on=ends) for name, (status, ends) in cases.items()]
    allowed = {name for name, (status, ends) in cases.items() if status == "granted" and (not ends or ends > NIGHT)}
    found = decisions(spark, people)
    assert {name for name, (decision, _) in found.items() if decision == "member"} == allowed


def about(name: str, status: str, **other: object) -> dict[str, object]:
    """A statement about a person's address."""
    return statement(f"{name}@example.org", status, customer=name, **other)


def bare(name: str, status: str, **other: object) -> dict[str, object]:
    """A statement about a person's record that names no address."""
    return statement(None, status, customer=name, **({"subject_key": f"contact:crm:crm-{name}"} | other))


def test_consent_belongs_to_the_address_that_is_used(spark: SparkSession) -> None:
    people = [Person(name) for name in ("other_address", "record", "no_elsewhere", "later_yes", "phone", "profiling")]
    people += [Person(name) for name in ("undated_no", "tie", "brand_yes", "brand_no")]
    people += [Person(name) for name in ("all_channels", "bounced", "expired", "weighed")]
    old, new = datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 6, 1, tzinfo=UTC)

    statements = [
        statement("new@example.org", "granted", customer="other_address"),
        bare("record", "granted"),
        about("no_elsewhere", "granted", decided_at=old),
        bare("no_elsewhere", "withdrawn", subject_key="loyalty:9", decided_at=new),
        about("later_yes", "granted", decided_at=new),
        bare("later_yes", "denied", decided_at=old),
        about("phone", "granted", channel="phone"),
        about("profiling", "granted", purpose="profiling"),
        about("undated_no", "granted"),
        bare("undated_no", "denied", subject_key="loyalty:7", decided_at=None),
        about("weighed", "granted"),
        bare("weighed", "denied", decided_at=None),
        about("all_channels", "granted", decided_at=old),
        bare("all_channels", "objected", subject_key="loyalty:8", channel="all"),
        about("bounced", "undeliverable"),
        about("expired", "expired"),
        about("tie", "granted"),
        bare("tie", "withdrawn"),
        about("brand_yes", "granted", brand="north"),
        about("brand_no", "granted"),
        about("brand_no", "denied", brand="north", decided_at=new),
    ]
    known = frames(spark, people, consents(spark, statements))
    found = members(activation(), "win_back", frames=known, holdouts=no_holdouts(spark), night=NIGHT, key=KEY)
    assert {row["customer_id"] for row in found.where("decision = 'member'").collect()} == {
        "record",
        "later_yes",
        "weighed",
    }


def test_holdout_takes_its_share_and_keeps_everyone_where_he_is(spark: SparkSession) -> None:
    people = frames(spark, [Person(f"c{number:03}") for number in range(400)])
    first = members(
        activation(holdout=0.2), "win_back", frames=people, holdouts=no_holdouts(spark), night=NIGHT, key=KEY
    )
    settings = activation(holdout=0.2)
    stored = new_assignments(first, no_holdouts(spark), activation=settings, night=NIGHT).localCheckpoint()
    out = {row["customer_id"] for row in stored.where("arm = 'held_out'").collect()}
    assert 50 < len(out) < 110
    assert stored.schema.simpleString() == HOLDOUTS.schema.simpleString()
    later = members(activation(holdout=0.9), "win_back", frames=people, holdouts=stored, night=NIGHT, key="another")
    assert {row["customer_id"] for row in later.where("decision = 'held_out'").collect()} == out


def test_a_person_on_two_cards_is_contacted_once_on_the_card_with_consent(spark: SparkSession) -> None:
    known = frames(spark, [Person("a", contact="1", email="no@example.org"), Person("b", contact="2")])
    links = known.links.drop("customer_id").selectExpr("*", "'b' as customer_id")
    merged = type(known)(**{**known.__dict__, "links": links, "consents": known.consents.where("customer_id = 'b'")})
    found = members(activation(), "win_back", frames=merged, holdouts=no_holdouts(spark), night=NIGHT, key=KEY)
    assert [(r["customer_id"], r["record_key"]) for r in found.where("decision = 'member'").collect()] == [
        ("b", "contact:crm:2")
    ]


def test_every_audience_of_the_file_is_decided(spark: SparkSession) -> None:
    people = frames(spark, [Person("a")])
    for settings, found in ((activation(), ["win_back"]), (activation().model_copy(update={"audiences": {}}), [])):
        decided = audience_members(settings, people, holdouts=no_holdouts(spark), night=NIGHT, key=KEY)
        assert [row["audience"] for row in decided.collect()] == found
