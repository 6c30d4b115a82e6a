"""Figures of what a delivery brought: counts, sums and shares, of the night's own sound rows alone."""

from typing import Any

import pytest

from lakehouse.delta import Lakehouse
from pipelines.canonical import ENTITIES
from pipelines.measures import Measure, measured
from tests.pipelines.deliveries import FIRST, SECOND, File, conformed, deliver, published, source

ORDERS = {
    "from": "rows",
    "columns": {
        "order_id": "id",
        "ordered_at": "to_timestamp(sold)",
        "order_amount": "total",
        "store_id": "store",
        "loyalty_id": "card",
    },
}
ROWS: list[dict[str, Any]] = [
    {"id": "A", "sold": "2026-02-28 09:30:00", "total": "20", "store": "1", "card": "L1"},
    {"id": "B", "sold": "2026-02-28 10:10:00", "total": "10", "store": "1", "card": None},
    {"id": "C", "sold": "2026-02-20 10:50:00", "total": "0.5", "store": "2", "card": None},
    {"id": "D", "sold": "2026-02-31 10:50:00", "total": "90", "store": "2", "card": None},
]


def figures(lake: Lakehouse, *files: File) -> dict[tuple[str, str], Measure]:
    """The measures of the last night of the files, by measure and part."""
    deliver(lake, *files)
    night = files[-1].night
    if night != FIRST:
        published(lake, conformed(lake, source(ORDERS)))
    found = conformed(lake, source(ORDERS), night=night)
    told = measured(found.kept, ENTITIES["orders"], mapped=found.mapped, night=night, timezone="Europe/Paris")
    found.release()
    return {(measure.measure, measure.part): measure for measure in told}


@pytest.fixture
def told(lake: Lakehouse) -> dict[tuple[str, str], Measure]:
    return figures(lake, File(ROWS))


def test_sound_rows_are_counted_with_their_amount_and_newest_day(told: dict[tuple[str, str], Measure]) -> None:
    assert told["changed rows", ""] == Measure("shop", "rows", "orders", "changed rows", "", 3, 3)
    assert told["amount", ""].value == 30.5
    assert told["newest", ""].value == 20512  # 28 February 2026


def test_completeness_is_told_of_mapped_columns_and_of_who_bought(told: dict[tuple[str, str], Measure]) -> None:
    complete = {part: found.value for (measure, part), found in told.items() if measure == "complete"}
    assert complete == {
        "order_id": 1, "ordered_at": 1, "order_amount": 1, "store_id": 1, "loyalty_id": 1 / 3, "person": 1 / 3,
    }  # fmt: skip


def test_rows_are_counted_by_hour_age_size_and_group(told: dict[tuple[str, str], Measure]) -> None:
    def of(name: str) -> dict[str, float]:
        return {part: found.value for (measure, part), found in told.items() if measure == name}

    assert of("hour") == {"10": 1, "11": 2}
    assert of("age") == {"0 to 1 days": 2, "8 to 31 days": 1}
    assert of("size") == {"4": 1, "3": 1, "-1": 1}
    assert of("store_id") == {"1": 2, "2": 1}
    assert of("amount by store_id") == {"1": 30, "2": 0.5}
    assert of("kind") == {"sale": 3}


def test_what_was_there_already_is_no_change_and_earlier_nights_are_not_counted(lake: Lakehouse) -> None:
    again = [ROWS[0] | {"till": "7"}, ROWS[1] | {"total": "11"}]
    told = figures(lake, File(ROWS), File(again, night=SECOND, name="rows_2.csv"))
    assert (told["changed rows", ""].value, told["changed rows", ""].rows) == (1, 2)
    assert told["amount", ""].value == 31
    assert (told["corrected", ""].value, told["corrected", ""].rows) == (0.5, 2)
