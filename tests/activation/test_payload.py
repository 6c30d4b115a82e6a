"""Fields that are made as they are sent: consent to e-mail, and how many cards of a CRM are one person."""

import json
from dataclasses import replace
from datetime import date

from pyspark.sql import SparkSession

from activation.payload import EMAIL_CONSENT, LINKED, desired
from activation.sync import records
from tests.activation.builders import KEY, NIGHT, Person, frames


def test_a_record_tells_what_was_said_last_of_marketing_by_email(spark: SparkSession) -> None:
    people = [
        Person("yes"),
        Person("no", status="withdrawn"),
        Person("silent", status=None),
        Person("over", expires_on=date(2026, 2, 1)),
        Person("without", email=None),
    ]
    known = frames(spark, people)
    chosen = records(known, "crm").selectExpr("*", "record_key as address")
    sent = desired(chosen, known, fields=(EMAIL_CONSENT,), key=KEY, night=NIGHT).collect()
    assert {row["customer_id"]: json.loads(row["payload"])[EMAIL_CONSENT] for row in sent} == {
        "yes": "granted",
        "no": "withdrawn",
        "silent": "unknown",
        "over": "expired",
        "without": "no address",
    }


def test_one_person_on_two_cards_has_the_scores_on_both_marked_as_linked(spark: SparkSession) -> None:
    twice = frames(spark, [Person("ann"), Person("bob"), Person("second", contact="ann-2")])
    merged = twice.links.replace({"second": "ann"}, subset=["customer_id"])
    known = replace(twice, links=merged)
    chosen = records(known, "crm").selectExpr("*", "record_key as address")
    sent = desired(chosen, known, fields=("churn_band", LINKED), key=KEY, night=NIGHT).collect()
    assert {row["record_key"]: json.loads(row["payload"]) for row in sent} == {
        "contact:crm:crm-ann": {"churn_band": "high", LINKED: 2},
        "contact:crm:ann-2": {"churn_band": "high", LINKED: 2},
        "contact:crm:crm-bob": {"churn_band": "high", LINKED: 1},
    }
