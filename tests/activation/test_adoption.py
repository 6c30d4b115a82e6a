"""How far scores were used: who of those put into audiences was written to, opened and clicked."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from pyspark.sql import SparkSession

from activation.adoption import Adoption, Contacts, Part, adoption
from activation.settings import Activation
from activation.tables import DELIVERIES
from pipelines.tables import MESSAGES
from tests.activation.builders import NIGHT, activation, rows

PUT_IN = NIGHT - timedelta(days=9)
HEIRS = "old_customer_id string, customer_id string"


def message(customer: str | None, *kinds: str, days: int = 2, hour: int = 12, **other: Any) -> list[dict[str, Any]]:
    """One message to a customer so many days after the ordinary delivery, and what became of it."""
    day = PUT_IN + timedelta(days=days)
    at = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    told = {"source": "marketing", "message_id": f"{customer} {days}", "customer_id": customer, "channel": "email"}
    return [
        told | {"kind": kind, "event_at": at + timedelta(hours=n)} | other for n, kind in enumerate(("sent", *kinds))
    ]


def taken(customer: str, operation: str = "add", night: date = PUT_IN, **other: Any) -> dict[str, Any]:
    """One acknowledged record of the audience of the newsletter."""
    what = {"name": "win_back", "destination": "newsletter", "operation": operation, "outcome": "acknowledged"}
    whose = {"customer_id": customer, "record_key": f"contact:crm:{customer}", "sequence": night.toordinal()}
    return what | whose | {"night": night} | other


def found(
    spark: SparkSession,
    messages: list[list[dict[str, Any]]],
    deliveries: list[dict[str, Any]],
    *,
    heirs: dict[str, str] | None = None,
    settings: Activation | None = None,
) -> Adoption:
    merged = [{"old_customer_id": old, "customer_id": heir} for old, heir in (heirs or {}).items()]
    return adoption(
        rows(spark, MESSAGES.schema, [event for one in messages for event in one]),
        rows(spark, DELIVERIES.schema, deliveries),
        rows(spark, HEIRS, merged),
        settings or activation(),
        night=NIGHT,
        as_of=datetime(2026, 2, 28, 23, tzinfo=UTC),
        timezone="Europe/Brussels",
    )


def counts(use: Any) -> dict[str, int]:
    return {"customers": use.customers} | {step: part.customers for step, part in use.steps.items()}


def test_customers_put_into_an_audience_are_followed_to_the_click(spark: SparkSession) -> None:
    messages = [
        message("a", "opened", "clicked"),
        message("a", "opened", days=3),
        message("b", "unsubscribed"),
        message("old_message_alone", "opened", days=-1),
        message("other_channel", "opened", channel="phone"),
        message("nobody_of_ours", "opened"),
        message(None, "opened"),
        message("b", "opened", days=20),
    ]
    put = map(taken, ("a", "b", "old_message_alone", "other_channel"))
    use = found(spark, messages, list(put))
    assert counts(use.audiences["win_back"]) == {
        "customers": 4, "messaged": 2, "opened": 1, "clicked": 1, "unsubscribed": 1,
    }  # fmt: skip
    assert use.audiences["win_back"].steps["opened"] == Part(1, 2)
    assert use.destinations == {"newsletter": use.audiences["win_back"]}
    assert use.contacts == {"email": Contacts(6, 3), "phone": Contacts(1, 0)}


def test_a_merged_customer_is_one_and_reads_under_the_id_that_lives(spark: SparkSession) -> None:
    use = found(spark, [message("heir", "opened")], [taken("old"), taken("heir")], heirs={"old": "heir"})
    assert counts(use.audiences["win_back"]) == {"customers": 1, "messaged": 1, "opened": 1}
    assert use.contacts == {"email": Contacts(1, 1)}


def test_a_message_counts_from_the_day_of_the_add_to_the_day_before_the_removal(spark: SparkSession) -> None:
    """Days are those of the retailer: at 23:00 UTC it is already the next one in Brussels."""
    messages = [message("a", days=day) for day in (0, 4, 5)] + [message("b", days=-1, hour=23)]
    put = [taken("a"), taken("a", "remove", PUT_IN + timedelta(days=5)), taken("b"), taken("c")]
    use = found(spark, messages, put)
    assert counts(use.audiences["win_back"]) == {"customers": 3, "messaged": 2}
    assert use.contacts == {"email": Contacts(4, 3)}


def test_who_was_put_in_long_ago_makes_contacts_and_is_not_counted_among_the_new(spark: SparkSession) -> None:
    long_ago = PUT_IN - timedelta(days=60)
    use = found(spark, [message("a", "opened"), message("b")], [taken("a", night=long_ago), taken("b")])
    assert counts(use.audiences["win_back"]) == {"customers": 1, "messaged": 1, "opened": 0}
    assert use.contacts == {"email": Contacts(2, 2)}


def test_what_was_not_taken_or_is_of_no_audience_of_the_file_says_nothing(spark: SparkSession) -> None:
    nothing = [
        taken("a", outcome="failed"),
        taken("a", name="left_the_file"),
        taken("a", name="crm_scores", destination="crm"),
        taken("a", night=NIGHT),
        taken("a", destination="left_for_another"),
    ]
    assert found(spark, [message("a", "opened")], nothing) == Adoption({}, {}, {})
    use = found(spark, [message("a", "opened")], [*nothing, taken("b")])
    assert counts(use.audiences["win_back"]) == {"customers": 1, "messaged": 0}
    assert use.contacts == {"email": Contacts(1, 0)}


def test_where_no_message_of_the_channel_is_known_nothing_is_said(spark: SparkSession) -> None:
    use = found(spark, [message("a", "opened", channel="phone")], [taken("a")])
    assert counts(use.audiences["win_back"]) == {"customers": 1}


def test_a_destination_counts_each_customer_once_and_says_what_all_its_tools_tell(spark: SparkSession) -> None:
    settings = activation()
    by_phone = settings.audiences["win_back"].model_copy(update={"channel": "phone"})
    settings = settings.model_copy(update={"audiences": settings.audiences | {"call": by_phone}})
    messages = [message("a", "opened"), message("b", "opened", channel="phone"), message("c", "clicked")]
    use = found(spark, messages, [taken("a"), taken("a", name="call"), taken("b", name="call")], settings=settings)
    assert counts(use.audiences["win_back"]) == {"customers": 1, "messaged": 1, "opened": 1, "clicked": 0}
    assert counts(use.audiences["call"]) == {"customers": 2, "messaged": 1, "opened": 1}
    assert counts(use.destinations["newsletter"]) == {"customers": 2, "messaged": 2, "opened": 2}
