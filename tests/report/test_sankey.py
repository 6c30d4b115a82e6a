"""Flows between segments, and what the night page makes of the moves of many nights."""

import re
from datetime import date, timedelta
from pathlib import Path

from pyspark.sql import SparkSession

from lakehouse.delta import Lakehouse
from lakehouse.rows import frame_of
from models.tables import SEGMENT_MOVES
from report import figures, pictures
from report.figures import Moves, Scores, Segment
from report.plots import GREEN, GREY, RED
from report.sankey import Flow, sankey

NIGHT = date(2026, 3, 10)


def rectangles(drawn: str) -> list[float]:
    return [float(tall) for tall in re.findall(r'<rect [^>]*height="([\d.]+)"', drawn)]


def test_a_group_is_as_tall_as_what_flows_through_it() -> None:
    flows = [Flow("a", "b", 30, "30"), Flow("a", "c", 10, "10")]
    a, b, c = rectangles(sankey(flows, order=["a", "b", "c"], title="moves"))
    assert a == b + c
    assert b == 3 * c


def test_one_customer_among_many_is_still_seen_and_a_name_can_do_no_harm() -> None:
    flows = [Flow("a", "b", 100_000, "many"), Flow("a", "<c>", 1, "one")]
    drawn = sankey(flows, order=["a"], title="moves")
    assert min(rectangles(drawn)) >= 1
    assert "<c>" not in drawn
    assert "&lt;c&gt;" in drawn


def test_moves_up_and_down_are_told_by_colour_and_no_move_is_no_plot() -> None:
    scores = Scores(segments=(Segment("loyal", "", 5, 0.1, 90.0), Segment("lapsed", "", 5, 0.9, 2.0)))
    moves = (("lapsed", "loyal", 1), ("loyal", "lapsed", 2), ("entered", "loyal", 3), ("loyal", "left", 4))
    drawn = pictures.segment_moves(Moves(moves, 1), scores)
    colours = dict(re.findall(r'fill="(#\w+)" fill-opacity="0.5"><title>([^:]+):', drawn))
    assert set(colours) == {GREEN, RED, GREY}
    assert colours[GREEN] == "lapsed → loyal"
    assert colours[GREY] == "entered → loyal"
    assert pictures.segment_moves(Moves(), scores) == ""


def test_nights_of_the_same_segments_are_summed_and_the_first_and_relearned_ones_left_out(
    spark: SparkSession, tmp_path: Path
) -> None:
    lake = Lakehouse(str(tmp_path / "lake"), spark)
    nights = {
        40: [("s1", "s2", 99, False)],
        3: [("entered", "s1", 50, False)],
        2: [("s1", "s1", 40, False), ("s1", "s2", 10, False)],
        1: [("s1", "s3", 50, True), ("entered", "s3", 1, False)],
        0: [("s1", "s2", 2, False), ("s2", "s2", 7, False), ("entered", "s2", 1, False)],
    }
    rows = [
        (NIGHT - timedelta(days=ago), start, end, start, end, count, anew)
        for ago, moves in nights.items()
        for start, end, count, anew in moves
    ]
    frame = frame_of(spark, rows, SEGMENT_MOVES.schema).coalesce(1)
    lake.replace_since(SEGMENT_MOVES, frame, NIGHT - timedelta(days=60))
    found = figures.moves(lake, str(NIGHT))
    assert found == Moves((("entered", "s2", 1), ("s1", "s2", 12)), 2, 7, 3, "2026-03-09")
