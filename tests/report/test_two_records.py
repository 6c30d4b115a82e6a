"""Two records in words: the waterfall adds up, and every line fits."""

from dataclasses import replace
from math import log2
from pathlib import Path
from xml.etree import ElementTree

import pytest

from pipelines.identity.chain import Link
from pipelines.identity.exact import Shared
from pipelines.identity.known import Side
from pipelines.identity.overrides import Decided
from pipelines.identity.review import Question
from report import waterfall
from report.plots import running_sums
from report.review import question_lines, review_page
from report.two_records import Row, percent, side_by_side, table_lines
from report.why import as_facts, changes, reasons, verdict, why_lines, why_page
from tests.report.two_people import ANN, ANNA, compared, explanation, found


@pytest.mark.parametrize("shift", [0.0, 2.5, -3.0])
def test_steps_of_the_waterfall_add_up_to_the_log_odds(shift: float) -> None:
    more = (compared("email", -3.0, relatives=-0.5), compared("phone", 0.0, left=None))
    told = replace(explanation(*more, shift=shift), rescored=shift / 2)
    p = told.probability
    assert running_sums(waterfall.steps(told))[-1] == pytest.approx(log2(p / (1 - p)))
    assert [step.label for step in waterfall.steps(told)].count("phone") == 0


def test_waterfall_is_drawn_with_every_step() -> None:
    drawn = ElementTree.fromstring(waterfall.as_svg(explanation()))
    assert len(drawn.findall("g")) == len(waterfall.steps(explanation()))


def test_no_line_is_wider_than_a_terminal() -> None:
    told = found(explanation=explanation(*(compared(name, -4.0) for name in ("born", "street", "postcode", "city"))))
    question = Question(told.left, told.right, 0.5, 0.5, explanation())
    for line in [*why_lines(told), *question_lines(question, number=1, of=9)]:
        assert len(line) <= 100, line


def test_reasons_name_decision_evidence_and_probability() -> None:
    shared = (Shared("contact:crm:1", "contact:web:2", "phone", may_be=False, links=False),)
    told = reasons(found(decision=Decided("never", "Ann", "twins"), shared=shared))
    assert told[0] == "People decided that they are never one person (decided by Ann: twins)."
    assert told[1].startswith("They share the same phone, but name and birth date contradict it")
    assert any(reason.startswith("By all that they say") for reason in told)


def test_pair_that_the_night_never_compared_is_told() -> None:
    assert any("never compared" in reason for reason in reasons(found(probability=None)))
    assert not any("never compared" in reason for reason in reasons(found()))


def test_two_customers_are_told_what_would_join_them() -> None:
    low = explanation(compared("email", -6.0))
    told = found(right=Side("contact:web:2", "c_b", ANN), explanation=low, chain=(), mean_probability=0.01)
    assert verdict(told) == "crm:1 and web:2 are two people: customers c_a and c_b."
    assert changes(told)[0] == "With an equal e-mail they would reach the cut."
    assert "crm:1,web:2=always" in changes(told)[-1]


def test_weakest_step_of_a_chain_is_named_with_how_to_ask_what_would_part_it() -> None:
    steps = (Link("contact:crm:1", "contact:pos:3", "match", 0.9), Link("contact:pos:3", "contact:web:2", "match", 0.6))
    told = changes(found(chain=steps))[0]
    assert "pos:3 - all that they say (60.0 %) - web:2. What would part it: habitue why pos:3 web:2" in told
    by_card = (steps[0], Link("contact:pos:3", "loyalty_id:5f", "loyalty_id", 0.5))
    assert "habitue why" not in changes(found(chain=by_card))[0]


def test_records_that_other_records_of_their_customers_hold_apart_are_told_so() -> None:
    told = found(right=Side("contact:web:2", "c_b", ANN), chain=(), mean_probability=0.09)
    assert changes(told)[0].endswith("the mean over all pairs would have to rise from 9.0 % to 50.0 %.")


def test_exact_link_is_parted_by_a_decision_alone() -> None:
    told = found(chain=(Link("contact:crm:1", "contact:web:2", "loyalty_id"),))
    assert changes(told)[0].startswith("Only a decision parts them")


def test_facts_for_programs_hold_the_whole_sum() -> None:
    facts = as_facts(found())
    whole = facts["prior_bits"] + facts["confusion_bits"] + facts["answers_bits"] + facts["rescored_bits"]
    whole += sum(each["bits"] + each["rarity_bits"] for each in facts["comparisons"])
    assert 1 / (1 + 2**-whole) == pytest.approx(facts["probability"])


def test_pages_run_no_script_and_show_values_as_text(tmp_path: Path) -> None:
    question = Question(found().left, found().right, 0.5, 0.5, explanation())
    for page in (why_page(found(), tmp_path / "a.html"), review_page([question], tmp_path / "b.html")):
        text = page.read_text()
        assert "<script" not in text
        assert "anna@&lt;b&gt;.example" in text
    assert "nothing to review" in review_page([], tmp_path / "c.html").read_text()


def test_name_that_one_record_does_not_part_is_told_in_one_piece_on_both_sides() -> None:
    rows = side_by_side(ANNA, ANN)
    assert rows[0] == Row("name", "anna smit", "smit ann")
    assert rows[0].differs
    assert not Row("name", "anna smit", "smit anna").differs
    assert [row.name for row in side_by_side(ANNA, ANNA)] == ["given name", "family name", "e-mail"]
    assert all(row.left or row.right for row in rows)


def test_when_records_were_first_seen_is_no_difference() -> None:
    assert not Row("first seen", "2024-01-01", "2025-01-01").differs
    assert Row("town", "gent", "brugge").differs


def test_value_that_is_too_long_for_the_terminal_is_cut() -> None:
    line = table_lines("crm:1", "web:2", [Row("street", "x" * 200, "y" * 200)])[1]
    assert len(line) <= 98
    assert line.count("…") == 2


def test_command_with_an_id_that_a_shell_would_run_is_quoted() -> None:
    told = found(left=Side("contact:crm:1; rm -rf ~", "c_a", ANNA))
    assert "--answer 'crm:1; rm -rf ~,web:2=never' --who" in changes(told)[-1]


def test_page_about_two_people_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    page = tmp_path / "why.html"
    page.write_text("an older page")
    page.chmod(0o644)
    assert why_page(found(), page).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("share", "told"), [(1.0, "over 99.9 %"), (0.5, "50.0 %"), (1e-9, "under 0.1 %")])
def test_nothing_probable_is_told_as_certain(share: float, told: str) -> None:
    assert percent(share) == told
