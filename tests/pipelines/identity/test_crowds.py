"""How many records a value may join is what is usual in the data, and one crowded value changes nothing."""

from dataclasses import replace

import pyarrow as pa
import pytest

from pipelines.identity.crowds import LARGEST, in_force, shared_by_at_most
from pipelines.identity.model import LEARNED_NOTHING
from pipelines.mapping import IdentitySettings
from tests.pipelines.identity.evidence import RECORDS, Record, record


def holding(value: str, records: int, *, is_deleted: bool = False) -> list[Record]:
    """So many records that hold one e-mail."""
    return [
        record(f"{value}-{number}", is_deleted=is_deleted) | {"email_key": f"email:{value}"}
        for number in range(records)
    ]


def limit(*people: list[Record], floor: int = 10) -> int:
    return shared_by_at_most(pa.Table.from_pylist([row for rows in people for row in rows], RECORDS), floor=floor)


def test_a_person_in_each_of_twelve_systems_is_usual_where_many_are() -> None:
    assert limit(*(holding(str(person), 12) for person in range(20))) == 12
    assert limit(*(holding(str(person), 12) for person in range(19))) == 10


def test_one_email_on_half_of_the_records_is_not_usual() -> None:
    assert limit(*(holding(str(person), 3) for person in range(100)), holding("desk", 300)) == 10


def test_the_floor_holds_where_little_is_shared_and_offices_end_at_the_largest() -> None:
    assert limit() == 10
    assert limit(*(holding(str(person), 2) for person in range(100)), floor=4) == 4
    assert limit(*(holding(str(office), LARGEST + 10) for office in range(30))) == LARGEST


def test_records_of_tests_and_those_that_are_gone_do_not_count() -> None:
    people = [row for n in range(30) for row in holding(str(n), 11) + holding(str(n) + "x", 20, is_deleted=True)]
    assert limit(people) == 11


@pytest.mark.parametrize(("learned", "expected"), [(12, 12), (3, 10), (0, 10), (None, 10)])
def test_setting_is_the_floor_of_what_the_model_learned(learned: int | None, expected: int) -> None:
    settings = IdentitySettings(shared_by_at_most=10, duplicate_free=("crm",))
    for model in (replace(LEARNED_NOTHING, usually_share=learned), None):
        found = in_force(settings, model)
        assert found.shared_by_at_most == (expected if model else 10)
        assert found.duplicate_free == settings.duplicate_free
