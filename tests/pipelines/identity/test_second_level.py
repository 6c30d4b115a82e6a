"""Households and doubts from what a night has written: a rerun changes nothing, nothing personal is left behind."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from lakehouse.delta import Lakehouse
from pipelines.identity.match import FEWEST_RECORDS
from pipelines.identity.model import LEARNED_NOTHING, as_json
from pipelines.identity.second_level import second_level
from pipelines.mapping import IdentitySettings
from pipelines.tables import HOUSEHOLDS, IDENTITY_LINKS, IDENTITY_MODELS, IDENTITY_PAIRS, PERSON_RECORDS
from tests.pipelines.conformed_rows import KEY, NIGHT, Values, of_table

HOME: Values = {
    "street": "kerkstraat",
    "house": "12",
    "postcode": "9000",
    "source": "crm",
    "is_test": False,
    "is_deleted": False,
}


def known(number: int, given: str, **values: object) -> Values:
    names = {"given": [given], "family": ["smit"], "tokens": [given, "smit"]}
    return HOME | {"record_key": f"contact:crm:{number}", "source_contact_id": str(number)} | names | values


def test_households_and_doubts_are_told_and_a_rerun_changes_nothing(lake: Lakehouse) -> None:
    people = [known(1, "anna", born_on=date(1980, 5, 1)), known(2, "bert"), known(3, "carl", born_on=date(1955, 11, 2))]
    owners = {"contact:crm:1": "c1", "contact:crm:2": "c2", "contact:crm:3": "c1"}
    links: list[Values] = [
        {"record_key": key, "source": "crm", "customer_id": owner, "evidence": "alone"} for key, owner in owners.items()
    ]
    pair: Values = {"record_a": "contact:crm:1", "record_b": "contact:crm:3", "probability": 0.6}
    for table, rows in ((PERSON_RECORDS, people), (IDENTITY_LINKS, links), (IDENTITY_PAIRS, [pair])):
        lake.replace_all(table, of_table(lake.spark, table, rows))
    with second_level(lake, IdentitySettings(country="BE"), night=NIGHT, key=KEY) as found:
        homes, doubted = found.households.rows.collect(), found.suspicious.rows.collect()
        lake.merge(HOUSEHOLDS, found.households.rows, gone=found.households.gone)
    assert [row["customer_id"] for row in sorted(homes, key=lambda row: row["customer_id"])] == ["c1", "c2"]
    assert len({row["household_id"] for row in homes}) == 1
    assert [(row["customer_id"], row["reasons"], row["part"]) for row in doubted] == [
        ("c1", ["contradiction"], ["contact:crm:1"])
    ]
    with second_level(lake, IdentitySettings(country="BE"), night=NIGHT, key=KEY) as found:
        assert found.households.rows.isEmpty()
        assert found.households.gone is not None
        assert found.households.gone.isEmpty()
    assert (found.figures.suspicious, found.figures.people_per_household) == (1, ((2, 1),))
    assert not list((Path(lake.path) / "personal" / "_tmp").iterdir())


@pytest.mark.parametrize(("shared_by_at_most", "at_home"), [(10, 0), (12, 12)])
def test_what_a_model_learned_of_records_makes_no_household(
    lake: Lakehouse, shared_by_at_most: int, at_home: int
) -> None:
    nowhere = {"street": None, "house": None, "postcode": None}
    people = [known(number, "anna", **({} if number < 12 else nowhere)) for number in range(FEWEST_RECORDS)]
    links: list[Values] = [
        {"record_key": row["record_key"], "source": "crm", "customer_id": f"c{number}", "evidence": "alone"}
        for number, row in enumerate(people)
    ]
    model = replace(LEARNED_NOTHING, usually_share=12)
    learned: Values = {"night": NIGHT, "version": model.version, "parameters": as_json(model)}
    for table, rows in ((PERSON_RECORDS, people), (IDENTITY_LINKS, links), (IDENTITY_MODELS, [learned])):
        lake.replace_all(table, of_table(lake.spark, table, rows))
    settings = IdentitySettings(shared_by_at_most=shared_by_at_most)
    with second_level(lake, settings, night=NIGHT, key=KEY) as found:
        assert found.households.rows.count() == at_home
