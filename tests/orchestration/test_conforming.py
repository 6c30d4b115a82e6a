"""One entity, conformed and published without the rest of a night."""

from datetime import date
from pathlib import Path

from lakehouse.delta import Lakehouse
from orchestration.conforming import conform_and_publish
from orchestration.retailer import load_retailer
from pipelines.canonical import ORDERS
from tests.end_to_end.small_shop import write_shop


def test_a_night_that_brings_nothing_has_no_figures_and_stops_nothing(lake: Lakehouse, tmp_path: Path) -> None:
    told: list[int] = []
    published, counted = conform_and_publish(
        lake,
        ORDERS,
        load_retailer(write_shop(tmp_path)),
        night=date(2024, 6, 3),
        check=lambda files, measures: told.extend((len(files), len(measures))),
    )
    assert (published.rows, list(counted), told) == (0, [], [0, 0])
