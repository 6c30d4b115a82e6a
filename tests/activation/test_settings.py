"""A wrong retailer file is refused with the path and the nearest names."""

from typing import Any

import pytest
from pydantic import ValidationError
from pyspark.sql import SparkSession

from activation.conditions import check_audiences
from activation.settings import Activation, unknown_sources
from lakehouse.errors import InvalidRetailerFile
from tests.activation.builders import activation, the_view


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"to": "newsleter"}, r"win_back.to: there is no destination newsleter \(did you mean newsletter\?\)"),
        ({"holdout": 1}, "less than 1"),
        ({"min_grade": "F"}, "min_grade"),
        ({"chanel": "email"}, "chanel"),
    ],
)
def test_a_wrong_audience_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        activation(**change)


@pytest.mark.parametrize(
    ("destination", "message"),
    [
        ({"type": "cvs", "source": "crm"}, r"no destination type cvs \(did you mean csv\?\)"),
        ({"type": "csv", "source": "crm"}, "destinations.crm.path is missing"),
        ({"type": "csv", "source": "crm", "path": "out", "user": "x"}, "destinations.crm.user: unknown key"),
        ({"type": "csv", "source": "crm", "pth": "out"}, r"destinations.crm.pth: unknown key \(did you mean path\?\)"),
        ({"type": "csv", "source": "crm", "path": 3}, "destinations.crm.path: Input should be a valid string"),
        ({"type": "webhook", "source": "crm", "url": "https://x.example"}, "destinations.crm.credentials is missing"),
    ],
)
def test_a_wrong_destination_is_refused(destination: dict[str, str], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Activation.model_validate({"destinations": {"crm": destination}})


def two_onto(*entries: dict[str, str], fields: tuple[str, ...]) -> Activation:
    """A sync and an audience that write onto the contacts of these entries, the audience these fields."""
    names = [f"tool_{number}" for number, _ in enumerate(entries)]
    audience = activation().audiences["win_back"].model_dump() | {"to": names[-1], "fields": fields}
    sync = {"to": names[0], "fields": ["churn_band", "segment"]}
    return Activation.model_validate(
        {
            "syncs": {"scores": sync},
            "audiences": {"win_back": audience},
            "destinations": dict(zip(names, entries, strict=True)),
        }
    )


HUBSPOT = {"type": "hubspot", "source": "crm", "credentials": "HUBSPOT_TOKEN"}
TRYTON = {"type": "tryton", "source": "crm", "credentials": "CRM", "url": "https://crm.example/crm", "user": "sync"}


@pytest.mark.parametrize("entries", [(HUBSPOT,), (HUBSPOT, HUBSPOT | {"list_id": "7"}), (TRYTON,)], ids=str)
def test_two_that_write_one_field_of_the_same_contacts_are_refused(entries: tuple[dict[str, str], ...]) -> None:
    said = "win_back.fields: segment is written onto the same contacts by scores, each would undo the other"
    with pytest.raises(ValidationError, match=said):
        two_onto(*entries, fields=("segment", "grade"))
    assert two_onto(*entries, fields=("grade",)).audiences["win_back"].fields == ("grade",)


def test_two_portals_and_two_files_may_hold_the_same_field() -> None:
    other = HUBSPOT | {"credentials": "OTHER_TOKEN"}
    assert two_onto(HUBSPOT, other, fields=("segment",)).audiences
    assert two_onto({"type": "csv", "source": "crm", "path": "out"}, fields=("segment",)).audiences


def test_a_sync_and_an_audience_may_not_share_a_name() -> None:
    given = activation().model_dump()
    with pytest.raises(ValidationError, match="a sync has the same name"):
        Activation.model_validate({**given, "syncs": {"win_back": {"to": "crm", "fields": ["grade"]}}})


def test_a_destination_of_an_unknown_source_is_named() -> None:
    assert unknown_sources(activation(), ["crn", "web"])[0] == (
        "destinations.crm.source: there is no source crm (did you mean crn?)"
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"where": "churn_bnd = 'high'"},
            r"audiences.win_back.where: there is no column churn_bnd \(did you mean churn_band",
        ),
        ({"where": "churn_band ="}, "not a Spark SQL condition"),
        ({"where": "value_amount"}, "DATATYPE_MISMATCH"),
        ({"where": "count(*) > 1"}, "INVALID_WHERE_CONDITION"),
        ({"where": "customer_id in (select x from y)"}, "may not hold a subquery"),
        ({"where": "exists(select 1)"}, "may not hold a subquery"),
        ({"where": "rand() < 0.1"}, "rand may not be used"),
        ({"where": "valid_until > current_date"}, "current_date may not be used"),
        ({"where": "reflect('java.lang.System', 'exit', 1) = 'x'"}, "reflect may not be used"),
        ({"fields": ["segmnt"]}, r"audiences.win_back.fields: there is no column segmnt \(did you mean segment\?\)"),
    ],
)
def test_a_condition_that_cannot_be_answered_is_refused(
    spark: SparkSession, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidRetailerFile, match=message):
        check_audiences(spark, activation(**change), the_view())


def test_a_sound_condition_passes(spark: SparkSession) -> None:
    sound = "churn_band = 'high' and orders_count_90d > 1 and array_contains(reasons, 'x')"
    check_audiences(spark, activation(where=sound, fields=["segment", "email", "phone"]), the_view())


def test_only_channels_whose_price_the_file_tells_have_one() -> None:
    channels = {"email": {"contact_costs": 0}, "post": {"contact_costs": 0.95}, "sms": {}}
    assert Activation.model_validate({"channels": channels}).contact_costs == {"email": 0, "post": 0.95}
    assert activation().contact_costs == {}
