"""Who is contacted, who is held out, who is refused."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from pydantic import ValidationError
from pyspark.sql import SparkSession

from activation.audience import audience_members, members
from activation.holdout import new_assignments
from activation.settings import Activation, ChannelSettings, FrequencyCap
from activation.tables import CONSENT, HOLDOUTS
from tests.activation.builders import (
    KEY,
    NIGHT,
    Person,
    activation,
    consents,
    contacts,
    frames,
    no_holdouts,
    statement,
)


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
        Person("deceased", is_deceased=True),
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
        "deceased": ("refused", "deceased"),
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


def test_a_frequency_cap_counts_the_other_contacts_on_the_channel_in_its_days(spark: SparkSession) -> None:
    known = frames(spark, [Person("often"), Person("once"), Person("long_ago"), Person("here"), Person("by_phone")])
    days = [NIGHT - timedelta(days=ago) for ago in (0, 6, 7)]
    made = contacts(
        spark,
        [
            *(("often", day, None) for day in days[:2]),
            ("once", days[0], None),
            *(("long_ago", day, None) for day in (days[0], days[2])),
            *(("here", day, name) for day, name in ((days[0], "win_back"), (days[1], None))),
        ],
    )
    known = replace(known, contacted=made.unionByName(contacts(spark, [("by_phone", NIGHT, None)] * 2, "phone")))
    settings = activation(frequency_cap={"contacts": 2, "days": 7})
    found = members(settings, "win_back", frames=known, holdouts=no_holdouts(spark), night=NIGHT, key=KEY)
    assert {row["customer_id"]: row["reason"] for row in found.collect()} == {
        "often": "frequency_cap",
        **dict.fromkeys(("once", "long_ago", "here", "by_phone")),
    }


def test_the_cap_of_an_audience_goes_before_that_of_its_channel(spark: SparkSession) -> None:
    of_channel = {"channels": {"email": {"frequency_cap": {"contacts": 1, "days": 30}}}}
    settings = Activation.model_validate(activation().model_dump(exclude_unset=True) | of_channel)
    assert settings.cap_of(settings.audiences["win_back"]) == FrequencyCap(contacts=1, days=30)
    own = settings.audiences["win_back"].model_copy(update={"frequency_cap": FrequencyCap(contacts=3, days=7)})
    assert settings.cap_of(own) == FrequencyCap(contacts=3, days=7)


def test_a_wider_rollout_keeps_everybody_who_was_in(spark: SparkSession) -> None:
    people = [Person(f"c{number}") for number in range(400)]
    narrow, wide = (decisions(spark, people, rollout=share) for share in (0.1, 0.5))
    inside = [{who for who, (said, _) in found.items() if said == "member"} for found in (narrow, wide)]
    assert inside[0] < inside[1]
    assert 20 <= len(inside[0]) <= 60
    assert 160 <= len(inside[1]) <= 240
    assert {reason for said, reason in narrow.values() if said == "refused"} == {"not_rolled_out"}


def test_the_rollout_says_nothing_about_who_is_held_out(spark: SparkSession) -> None:
    people = [Person(f"c{number}") for number in range(600)]
    found = decisions(spark, people, rollout=0.5, holdout=0.5)
    held_out = sum(said == "held_out" for said, _ in found.values())
    inside = sum(said != "refused" for said, _ in found.values())
    assert 0.4 < held_out / inside < 0.6


def test_a_customer_is_in_the_audience_with_the_highest_priority_alone(spark: SparkSession) -> None:
    given = activation(priority=1).model_dump(exclude_unset=True)
    win_back = given["audiences"]["win_back"]
    given["audiences"] |= {
        "vip": win_back | {"priority": 9, "where": "customer_id in ('both', 'vip')", "holdout": 0.0},
        "anyone": win_back | {"priority": None},
        "by_post": win_back | {"priority": 5, "channel": "post"},
    }
    settings = Activation.model_validate(given)
    known = frames(spark, [Person("both"), Person("vip", band="low"), Person("high"), Person("silent", status=None)])
    found = audience_members(settings, known, holdouts=no_holdouts(spark), night=NIGHT, key=KEY)
    said = {(row["audience"], row["customer_id"]): row["reason"] or row["decision"] for row in found.collect()}
    assert {key: value for key, value in said.items() if key[0] != "by_post"} == {
        ("vip", "both"): "member",
        ("vip", "vip"): "member",
        ("win_back", "both"): "higher_priority",
        ("win_back", "high"): "member",
        ("win_back", "silent"): "no_consent",
        ("anyone", "both"): "member",
        ("anyone", "high"): "member",
        ("anyone", "silent"): "no_consent",
    }
    assert said["by_post", "both"] == "no_consent"


def test_where_the_officer_allowed_it_silence_is_a_yes_and_a_refusal_a_no(spark: SparkSession) -> None:
    people = [Person(status or "silent", status=status) for status in STATUSES] + [Person("unreachable", email=None)]
    settings = Activation.model_validate(
        activation().model_dump(exclude_unset=True) | {"channels": {"email": BY_INTEREST}}
    )
    found = members(
        settings, "win_back", frames=frames(spark, people), holdouts=no_holdouts(spark), night=NIGHT, key=KEY
    ).collect()
    assert {row["customer_id"]: row["reason"] for row in found} == {
        **dict.fromkeys(("silent", "requested", "granted")),
        **dict.fromkeys(("denied", "withdrawn", "objected"), "no_consent"),
        "unreachable": "no_address",
    }
    assert {row["legal_basis"] for row in found} == {"legitimate_interest"}


def test_a_legal_basis_without_consent_names_who_decided_so() -> None:
    with pytest.raises(ValidationError, match="officer is missing"):
        ChannelSettings.model_validate(BY_INTEREST | {"officer": None})


def test_a_decision_names_the_consent_that_it_rests_on(spark: SparkSession) -> None:
    settings, people = activation(), [Person("yes"), Person("no", status="withdrawn"), Person("silent", status=None)]
    found = members(
        settings, "win_back", frames=frames(spark, people), holdouts=no_holdouts(spark), night=NIGHT, key=KEY
    )
    said = {row["customer_id"]: tuple(row[name] for name in CONSENT) for row in found.collect()}
    assert {who: (status, about) for who, (status, _, about) in said.items()} == {
        "yes": ("granted", "address"),
        "no": ("withdrawn", "address"),
        "silent": (None, None),
    }
    assert said["yes"][1] == datetime(2025, 1, 1, tzinfo=UTC).replace(tzinfo=None)


BY_INTEREST = {"legal_basis": "legitimate_interest", "officer": "Ada Byron, privacy officer"}
