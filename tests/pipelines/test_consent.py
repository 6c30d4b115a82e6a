"""Laws of consent: silence is no, the newest statement wins, a refusal wins a tie, and a yes never moves."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession

from lakehouse.rows import frame_of
from pipelines.consent import REFUSALS, consent_state, objections
from tests.pipelines.conformed_rows import KEY, NIGHT, Values, at, conformed
from tests.pipelines.test_history import identifiers

COLUMNS = (
    *("night date", "destination string", "source string", "source_contact_id string", "channel string"),
    *("status string", "refused_at timestamp", "is_standing boolean"),
)
TOLD = {column.split()[0]: column for column in COLUMNS}
"""The columns of activation.tool_refusals."""
SAID: Values = {"channel": "email", "purpose": "marketing", "email": "a@mail.example", "source_contact_id": "1"}


def state(
    spark: SparkSession,
    statements: Iterable[Values],
    *,
    messages: Iterable[Values] = (),
    contacts: Iterable[Values] = (),
    owners: Iterable[tuple[str, str, str]] = (),
    told: Iterable[Values] = (),
) -> DataFrame:
    numbered = [{"consent_id": str(number)} | row for number, row in enumerate(statements)]
    return consent_state(
        conformed(spark, "consents", numbered),
        conformed(spark, "messages", ({"message_id": "m"} | row for row in messages)),
        conformed(spark, "contacts", contacts),
        identifiers(spark, owners),
        night=NIGHT,
        key=KEY,
        region="BE",
        told=frame_of(spark, [tuple(row.get(name) for name in TOLD) for row in told], ", ".join(TOLD.values())),
    )


def by_address(found: DataFrame) -> dict[str | None, str]:
    """Status by address; statements about a record stand under their subject key."""
    return {row["address"] or row["subject_key"]: row["status"] for row in found.collect()}


def test_statuses_that_follow_one_another(spark: SparkSession) -> None:
    stories: dict[str, list[tuple[str, datetime | None]]] = {
        "newest": [("withdrawn", at(1)), ("granted", at(2))],
        "taken_back": [("granted", at(1)), ("withdrawn", at(2))],
        "tie": [("granted", at(1)), ("withdrawn", at(1))],
        "undated_yes": [("denied", at(1)), ("granted", None)],
        "undated_no": [("denied", None), ("granted", at(1))],
        "asked": [("requested", at(1))],
        "odd_word": [("maybe", at(1))],
        "only_undated": [("granted", None)],
    }
    rows = [
        SAID | {"source_contact_id": None, "email": f"{name}@mail.example", "status": status, "event_at": when}
        for name, story in stories.items()
        for status, when in story
    ]
    found = by_address(state(spark, rows))
    assert {str(address).split("@")[0]: status for address, status in found.items()} == {
        "newest": "granted",
        "taken_back": "withdrawn",
        "tie": "withdrawn",
        "undated_yes": "denied",
        "undated_no": "denied",
        "asked": "requested",
        "odd_word": "denied",
        "only_undated": "granted",
    }


def test_grant_expires(spark: SparkSession) -> None:
    rows = [
        SAID | {"email": f"{end.day}@mail.example", "status": "granted", "expires_on": end}
        for end in (NIGHT, date(2026, 3, 2))
    ]
    assert by_address(state(spark, rows)) == {"1@mail.example": "expired", "2@mail.example": "granted"}


def test_yes_stays_with_its_address_and_a_no_reaches_the_record_and_its_address(spark: SparkSession) -> None:
    contacts: list[Values] = [{"source_contact_id": "1", "email": "new@mail.example"}]
    yes, no = SAID | {"status": "granted"}, SAID | {"status": "withdrawn", "event_at": at(3)}
    assert by_address(state(spark, [yes], contacts=contacts)) == {"a@mail.example": "granted"}
    assert by_address(state(spark, [yes, no], contacts=contacts)) == {
        "a@mail.example": "withdrawn",
        "contact:crm:1": "withdrawn",
        "new@mail.example": "withdrawn",
    }


def test_unsubscribing_and_bouncing_count_for_the_address_and_its_channel(spark: SparkSession) -> None:
    granted = [
        SAID | {"status": "granted", "email": f"{name}@mail.example", "source_contact_id": None} for name in "abc"
    ]
    granted += [
        SAID | {"status": "granted", "email": "a@mail.example", "purpose": "surveys", "source_contact_id": None}
    ]
    messages: list[Values] = [
        {"message_id": "1", "kind": "unsubscribed", "email": "a@mail.example", "event_at": at(5), "channel": "email"},
        {"message_id": "2", "kind": "bounced", "email": "b@mail.example", "event_at": at(5), "channel": "email"},
        {"message_id": "3", "kind": "opened", "email": "c@mail.example", "event_at": at(5), "channel": "email"},
    ]
    found = {
        (row["address"][0], row["purpose"]): row["status"] for row in state(spark, granted, messages=messages).collect()
    }
    assert found == {
        ("a", "marketing"): "withdrawn",
        ("a", "surveys"): "withdrawn",
        ("b", "marketing"): "undeliverable",
        ("c", "marketing"): "granted",
    }


def test_general_refusal_reaches_every_brand_and_channel_and_a_general_yes_does_not(spark: SparkSession) -> None:
    rows = [
        SAID | {"email": "not@mail.example", "source_contact_id": "1", "brand": "tea", "status": "granted"},
        SAID
        | {
            "email": "not@mail.example",
            "source_contact_id": "1",
            "channel": None,
            "status": "objected",
            "event_at": at(9),
        },
        SAID | {"email": "yes@mail.example", "source_contact_id": "2", "brand": "tea", "status": "denied"},
        SAID | {"email": "yes@mail.example", "source_contact_id": "2", "status": "granted", "event_at": at(9)},
    ]
    found = {
        (row["address"], row["brand"]): row["status"]
        for row in state(spark, rows).where("channel = 'email' and address is not null").collect()
    }
    assert found == {
        ("not@mail.example", "tea"): "objected",
        ("yes@mail.example", "tea"): "denied",
        ("yes@mail.example", ""): "granted",
    }


def test_merging_persons_moves_no_consent(spark: SparkSession) -> None:
    rows = [
        SAID | {"status": "granted"},
        SAID | {"email": "b@mail.example", "source_contact_id": None, "status": "denied"},
    ]
    apart = [("email", "a@mail.example", "x"), ("email", "b@mail.example", "y")]
    merged = [("email", "a@mail.example", "x"), ("email", "b@mail.example", "x")]
    first, second = (state(spark, rows, owners=owners) for owners in (apart, merged))
    assert first.drop("customer_id").exceptAll(second.drop("customer_id")).isEmpty()
    assert [row["customer_id"] for row in second.orderBy("address").collect()] == ["x", "x"]


def test_refusing_profiling_takes_the_customer_out_of_scores(spark: SparkSession) -> None:
    rows: list[Values] = [
        {"source_contact_id": "1", "channel": "all", "purpose": "profiling", "status": "objected"},
        {"source_contact_id": "2", "channel": "all", "purpose": "profiling", "status": "granted"},
        {"source_contact_id": "3", "channel": "email", "purpose": "marketing", "status": "objected"},
    ]
    owners = [("contact", f"contact:crm:{number}", f"c{number}") for number in "123"]
    assert [tuple(row) for row in objections(state(spark, rows, owners=owners)).collect()] == [("c1",)]


moments = st.one_of(st.none(), st.integers(1, 27).map(at))
statements = st.lists(
    st.tuples(st.sampled_from(["granted", "denied", "withdrawn", "requested"]), moments), min_size=1, max_size=4
)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(statements, min_size=10, max_size=30))
def test_nobody_is_granted_without_a_yes_newer_than_every_no(
    spark: SparkSession, stories: list[list[tuple[str, datetime | None]]]
) -> None:
    rows = [
        SAID | {"email": f"{place}@mail.example", "source_contact_id": None, "status": status, "event_at": when}
        for place, story in enumerate(stories)
        for status, when in story
    ]
    shown = by_address(state(spark, reversed(rows)))
    arrived = datetime.combine(date(2026, 2, 2), datetime.min.time(), tzinfo=at(1).tzinfo)
    for place, story in enumerate(stories):
        refused = [when or arrived for status, when in story if status in REFUSALS]
        granted = [when or datetime.min.replace(tzinfo=arrived.tzinfo) for status, when in story if status == "granted"]
        if shown[f"{place}@mail.example"] == "granted":
            assert granted
            assert all(max(granted) > no for no in refused)
        elif refused:
            assert not granted or max(granted) <= max(refused) or "requested" in {status for status, _ in story}


IN_A_TOOL: Values = {
    "night": NIGHT,
    "destination": "newsletter",
    "source": "crm",
    "source_contact_id": "1",
    "channel": "email",
    "status": "withdrawn",
    "is_standing": True,
}


def test_an_unsubscribe_in_a_tool_is_a_withdrawal_for_the_record_and_its_address(spark: SparkSession) -> None:
    contacts: list[Values] = [{"source_contact_id": "1", "email": "a@mail.example"}]
    yes = SAID | {"status": "granted", "event_at": at(1)}
    found = state(spark, [yes], contacts=contacts, told=[IN_A_TOOL])
    assert by_address(found) == {"a@mail.example": "withdrawn", "contact:crm:1": "withdrawn"}
    assert {(row["source"], row["evidence"]) for row in found.collect()} == {("newsletter", "told by newsletter")}


def test_an_undated_yes_never_undoes_an_unsubscribe_and_a_later_dated_one_does(spark: SparkSession) -> None:
    contacts: list[Values] = [{"source_contact_id": "1", "email": "a@mail.example"}]
    undated = SAID | {"status": "granted", "event_at": None, "known_from": NIGHT + timedelta(days=9)}
    later = SAID | {"status": "granted", "event_at": datetime(2026, 3, 5, tzinfo=UTC)}
    assert by_address(state(spark, [undated], contacts=contacts, told=[IN_A_TOOL]))["a@mail.example"] == "withdrawn"
    assert by_address(state(spark, [later], contacts=contacts, told=[IN_A_TOOL]))["a@mail.example"] == "granted"


def test_that_a_tool_reports_no_refusal_any_more_is_no_yes(spark: SparkSession) -> None:
    lifted = IN_A_TOOL | {"night": NIGHT + timedelta(days=1), "is_standing": False}
    assert by_address(state(spark, [], told=[IN_A_TOOL, lifted])) == {"contact:crm:1": "withdrawn"}
    assert state(spark, [], told=[lifted]).count() == 0


def test_a_bounce_in_a_tool_is_no_withdrawal_of_the_person(spark: SparkSession) -> None:
    contacts: list[Values] = [{"source_contact_id": "1", "email": "a@mail.example"}]
    yes = SAID | {"status": "granted", "event_at": at(1)}
    found = by_address(state(spark, [yes], contacts=contacts, told=[IN_A_TOOL | {"status": "undeliverable"}]))
    assert found == {"a@mail.example": "granted", "contact:crm:1": "undeliverable"}
