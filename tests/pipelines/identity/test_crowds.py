"""How many records a value may join is what is usual in the data, and one crowded value changes nothing."""

import pyarrow as pa

from pipelines.identity.crowds import LARGEST, shared_by_at_most
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
