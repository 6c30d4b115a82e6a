from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from report.plots import (
    WIDTH,
    Bar,
    Curve,
    Interval,
    Mark,
    bars,
    calibration,
    histogram,
    intervals,
    round_step,
    shares,
    shares_beside,
)

NAMES = "<b>&amp;</b> Käse & Brot"
AMOUNTS = st.lists(st.floats(0, 1e9), max_size=30)


@given(AMOUNTS)
def test_every_plot_is_well_formed_whatever_the_numbers(amounts: list[float]) -> None:
    rows = [Bar(NAMES, amount, NAMES) for amount in amounts]
    curve = Curve(NAMES, tuple((amount / 1e9, amount / 1e9) for amount in amounts), "#000")
    gains = [Interval(NAMES, amount, amount - 1, amount + 1) for amount in amounts]
    for plot in (
        bars(rows, title=NAMES),
        shares(rows, title=NAMES),
        histogram(rows, title=NAMES, axis=NAMES),
        histogram(rows, title=NAMES, axis=NAMES, mark=Mark(len(rows), NAMES)),
        intervals(gains, title=NAMES),
        shares_beside(gains, title=NAMES, colours=["#000"] * len(gains)),
        calibration([curve], title=NAMES),
    ):
        assert ElementTree.fromstring(plot).tag == "svg"
        assert "nan" not in plot
        assert "inf" not in plot


def test_the_longest_bar_fills_the_room_and_the_others_are_in_proportion() -> None:
    plot = ElementTree.fromstring(bars([Bar("a", 10, ""), Bar("b", 5, "")], title="t"))
    widths = [float(rect.attrib["width"]) for rect in plot.iter("rect")]
    assert widths[1] == pytest.approx(widths[0] / 2)


def test_long_words_find_room_behind_the_longest_bar() -> None:
    words = "1,900,000 · 64 %"
    plot = ElementTree.fromstring(bars([Bar("a", 10, words)], title="t"))
    label, told = list(plot.iter("text"))
    assert (label.text, told.text) == ("a", words)
    assert float(told.attrib["x"]) + 7.5 * len(words) <= WIDTH


def test_a_mark_stands_where_its_column_begins() -> None:
    columns = [Bar(str(number), number, "") for number in range(4)]
    plot = ElementTree.fromstring(histogram(columns, title="t", axis="a", mark=Mark(2, "cut")))
    begin = float(list(plot.iter("rect"))[2].attrib["x"]) - 1
    lines = [path.attrib["d"] for path in plot.iter("path")]
    assert [float(line[1:].split()[0]) for line in lines] == [pytest.approx(begin)]


@given(st.floats(1e-6, 1e9), st.integers(1, 50))
def test_round_steps_cover_the_span(span: float, parts: int) -> None:
    step = round_step(span, parts)
    assert span / parts * 0.99 <= step <= span / parts * 2.6


def test_a_label_without_room_keeps_its_start_and_is_told_whole_on_hover() -> None:
    label = "marketing: kind is one of sent, opened, clicked, bounced, unsubscribed"
    plot = ElementTree.fromstring(bars([Bar(label, 1, "7")], title="t", labels=290))
    drawn, whole = plot.findtext(".//text"), plot.findtext(".//title")
    assert drawn == "marketing: kind is one of sent, opened,…"
    assert whole == f"{label}: 7"
