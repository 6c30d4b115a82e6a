"""The model card: verdict, tests beside every rival, groups with their gaps, limits; and nothing made up."""

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from models.eligibility import REASONS
from report import card_pictures
from report.card_figures import Card
from report.model_card import write_card
from tests.report.card_rows import GROUPS, TESTS, empty_card, full_card


def words(card: Card, folder: Path) -> str:
    """The text of the page, without its tags."""
    page = write_card(card, "demo", folder / "models" / "card.html", currency="EUR").read_text()
    assert "<script" not in page
    return re.sub(r"\s+", " ", re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL))


@pytest.mark.parametrize("model", ["churn", "lifetime_value"])
def test_a_card_tells_the_verdict_every_test_and_rival_and_who_is_not_scored(model: str, tmp_path: Path) -> None:
    card = full_card(model)
    told = words(card, tmp_path)
    assert "Promoted: surely better than the recency rule in every test." in told
    assert "now champion: it scores" in told
    for test in TESTS:
        assert told.count(str(test)) >= len({one["rival"] for one in card.tests})
    assert "+0.050 +0.020 to +0.080" in told
    assert all(why.capitalize() in told for _, why in REASONS)
    assert "12 because the customer is under 18" in told
    assert "unified.orders 3" in told


def test_a_group_that_is_too_small_is_named_without_figures(tmp_path: Path) -> None:
    told = words(full_card(), tmp_path)
    assert "gender female 40 too small" in told
    assert "age band 18 to 29 310 42.0 %" in told
    plots = card_pictures.gaps(full_card().groups)
    assert set(plots) == {"ranking", "calibration_error", "share_high"}
    assert all("female" not in plot for plot in plots.values())
    assert len(GROUPS) == 3


def test_a_version_with_no_groups_no_night_and_no_test_says_so(tmp_path: Path) -> None:
    told = words(empty_card(), tmp_path)
    assert "This version was not tested." in told
    assert "names no groups that differ" in told
    assert "No night has scored with this version yet" in told


def test_a_version_that_was_taken_back_is_not_told_as_in_use(tmp_path: Path) -> None:
    card = empty_card()
    taken = replace(card, about={**card.about, "alias": "", "rolled_back": "2026-03-04"})
    assert "now taken back after the night of 2026-03-04" in words(taken, tmp_path)


def test_tenths_begin_with_the_highest_and_end_with_everything_found() -> None:
    card = full_card()
    rows = card_pictures.tenths(card.newest(card.bins))
    assert [one["bin"] for one in rows] == list(range(10, 0, -1))
    assert rows[0]["lift"] == pytest.approx(10 / 5.5)
    assert (rows[0]["found"], rows[-1]["found"]) == (pytest.approx(10 / 55), pytest.approx(1))


def test_the_plot_of_tenths_begins_where_the_table_of_tenths_does() -> None:
    card = full_card("lifetime_value")
    plot = card_pictures.spends(card.newest(card.bins))
    heights = [float(spot.split(",")[1]) for spot in re.findall(r'points="([^"]*)"', plot)[0].split()]
    assert heights == sorted(heights)
    assert heights[0] < heights[-1]
    assert plot.index(">tenth 1<") < plot.index(">tenth 10<")


def test_rivals_and_amounts_are_told_as_a_marketer_would(tmp_path: Path) -> None:
    value, churn = words(full_card("lifetime_value"), tmp_path), words(full_card(), tmp_path)
    assert "over last year's spend" in unescape(value)
    assert "mean predicted spend, EUR" in value
    assert "over the recency rule" in churn
    assert "logistic RFM" in churn
    assert ">60%<" in card_pictures.moved(full_card().months, (), "churn")


def test_what_has_drifted_is_told_in_words(tmp_path: Path) -> None:
    told = words(full_card(), tmp_path)
    assert re.search(r"drifted 0 is as in training, from 0\.\d\d on it has drifted", told)


def test_the_figure_that_a_model_should_move_is_told_before_anything_was_sent_and_since(tmp_path: Path) -> None:
    told = words(full_card(), tmp_path)
    assert "The start: the night of 2025-11-01" in told
    assert re.search(r"before the start 8 \d\d\.\d % 80\.0 % [\d. ]+ since 4 ", told)
    assert "78 % of 900 customers had a score. Of those with a score 17 % were in an audience" in told
    unsent = words(replace(full_card(), started=None), tmp_path)
    assert "No score was sent yet" in unsent
    assert "since 4" not in unsent


@pytest.mark.parametrize("model", ["churn", "lifetime_value"])
def test_what_contacts_cost_stands_beside_the_figure_that_a_model_should_move(model: str, tmp_path: Path) -> None:
    card = full_card(model)
    told = words(card, tmp_path)
    assert "cost per contact, EUR cost per customer who ordered again, EUR" in told
    before, since = told.split("before the start 8 ")[1].split(" since 4 ")
    assert before.endswith(" 80.0 % 0.020 0.109")
    assert " 80.0 % 0.020 0.080 Cost: messages sent to these customers" in since
    assert "Messages without a price do not count, those on: sms." in told
    unknown = words(replace(card, months=tuple(replace(one, cost=None) for one in card.months)), tmp_path)
    assert "80.0 % – – since" in unknown
    assert "Not known: of no two months are messages on a channel with a price known." in unknown


def test_without_a_price_on_any_channel_the_card_tells_no_cost_and_says_so(tmp_path: Path) -> None:
    bare = tuple(replace(one, cost=None) for one in full_card().months)
    told = words(replace(full_card(), months=bare, unpriced=None), tmp_path)
    assert "Not known: the retailer file tells no price of a contact" in told
    assert "cost per contact" not in told


@pytest.mark.parametrize(
    ("model", "more"),
    [
        ("churn", {"Predicted against seen churn", "Value kept less cost of contact", card_pictures.MOVES["churn"][1]}),
        ("lifetime_value", {"Predicted and seen spend by tenth", card_pictures.MOVES["lifetime_value"][1]}),
    ],
)
def test_a_full_card_draws_every_plot(model: str, more: set[str], tmp_path: Path) -> None:
    page = write_card(full_card(model), "demo", tmp_path / "card.html", currency="EUR").read_text()
    drawn = {unescape(title) for title in re.findall(r'<svg [^>]*aria-label="([^"]*)"', page)}
    always = {"Gain over each rival with its 95 % interval", "Lift", "Features by what the trees gained by them"}
    always |= {f"Gap to all others, {measure}" for measure in ("ranking", "calibration error", "share high")}
    assert drawn == always | more | {card_pictures.COSTS, f"Stability index over nights, {model}"}
