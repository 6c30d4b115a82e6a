"""What the commands that explain and review go by is what the night went by."""

from dataclasses import replace
from datetime import date

from lakehouse.delta import Lakehouse
from orchestration.known_people import known_people
from pipelines.identity.match import FEWEST_RECORDS
from pipelines.identity.model import LEARNED_NOTHING, as_json
from pipelines.mapping import IdentitySettings
from pipelines.tables import IDENTITY_MODELS, PERSON_RECORDS
from tests.pipelines.conformed_rows import Values, of_table

NIGHT = date(2026, 3, 1)


def people(count: int) -> list[Values]:
    return [{"record_key": f"contact:crm:{number}"} for number in range(count)]


def test_limit_is_the_learned_one_where_a_model_linked_the_records(lake: Lakehouse) -> None:
    model = replace(LEARNED_NOTHING, usually_share=12)
    learned: Values = {"night": NIGHT, "version": model.version, "parameters": as_json(model)}
    lake.replace_all(IDENTITY_MODELS, of_table(lake.spark, IDENTITY_MODELS, [learned]))
    told = []
    for count in (FEWEST_RECORDS, FEWEST_RECORDS - 1):
        lake.replace_all(PERSON_RECORDS, of_table(lake.spark, PERSON_RECORDS, people(count)))
        known = known_people(lake, IdentitySettings(shared_by_at_most=5))
        told.append((known.model, known.shared_by_at_most))
    assert told == [(model, 12), (None, 5)]
