"""Nights run in order, and a rerun starts from what its first start found."""

from dataclasses import replace
from datetime import date

import pytest

from lakehouse.delta import Lakehouse, NightStart
from lakehouse.errors import NightOutOfOrder
from lakehouse.nights import begin_night, check_order, end_night
from lakehouse.rows import frame_of
from lakehouse.table import Table, columns, required

COUNTS = Table("ops.counts", "one row", ("id",), columns(required("id", "int", "id")), "replace_all")
FIRST = date(2024, 3, 1)
SECOND = date(2024, 3, 2)


def begin(lake: Lakehouse, night: date, models: dict[str, str]) -> dict[str, str]:
    return dict(begin_night(lake, night, tables=[COUNTS], models=models, first_night=FIRST).models)


def test_rerun_keeps_the_versions_of_its_first_start_also_when_an_alias_has_moved(lake: Lakehouse) -> None:
    first = begin_night(lake, FIRST, tables=[COUNTS], models={"churn": "1"}, first_night=FIRST)
    lake.replace_all(COUNTS, frame_of(lake.spark, [(1,)], COUNTS.schema))
    again = begin_night(lake, FIRST, tables=[COUNTS], models={"churn": "2"}, first_night=FIRST)
    assert again == first
    assert again.models["churn"] == "1"
    assert again.versions["ops.counts"] == -1


def test_rebuild_of_a_night_is_kept_once_and_is_not_that_of_the_next_night(lake: Lakehouse) -> None:
    def start(night: date, rebuild_from: str | None = None) -> NightStart:
        return begin_night(lake, night, tables=[COUNTS], models={}, first_night=FIRST, rebuild_from=rebuild_from)

    began = start(FIRST)
    rebuilt = start(FIRST, "conformed")
    assert rebuilt == start(FIRST, "conformed") == start(FIRST) == replace(began, rebuilt=frozenset({"conformed"}))
    end_night(lake, FIRST)
    assert start(SECOND).rebuilt == frozenset()


def test_nights_run_in_order(lake: Lakehouse) -> None:
    with pytest.raises(NightOutOfOrder, match="the first night of this retailer is 2024-03-01"):
        check_order(lake, SECOND, first_night=FIRST)
    begin(lake, FIRST, {})
    with pytest.raises(NightOutOfOrder, match="night 2024-03-01 started and did not end"):
        check_order(lake, SECOND, first_night=FIRST)
    end_night(lake, FIRST)
    check_order(lake, SECOND, first_night=FIRST)
    begin(lake, SECOND, {})
    end_night(lake, SECOND)
    with pytest.raises(NightOutOfOrder, match="only the last night may run again"):
        check_order(lake, FIRST, first_night=FIRST)


def test_night_after_a_gap_is_refused_with_the_command_that_catches_up(lake: Lakehouse) -> None:
    begin(lake, FIRST, {})
    end_night(lake, FIRST)
    with pytest.raises(NightOutOfOrder, match="habitue night --from 2024-03-02 --to 2024-03-09"):
        check_order(lake, date(2024, 3, 9), first_night=FIRST)
