"""The pairs that a person should decide, both records side by side: in the terminal and as one HTML page."""

from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any

from pipelines.identity.explain import Compared
from pipelines.identity.review import Question
from report.page import kept_close, template
from report.two_records import column, decision_command, percent, side_by_side, table_lines

NOTHING = "No undecided pair lies near the cut: there is nothing to review."


def question_lines(question: Question, *, number: int, of: int) -> list[str]:
    """One pair for a terminal of 100 columns."""
    rows = side_by_side(question.left.values, question.right.values)
    return [
        f"{number} of {of}: {standing(question)}",
        *(f"  {line}" for line in table_lines(question.left.name, question.right.name, rows)),
        *(
            line
            for voice in voices(question)
            for line in wrap(voice, 98, initial_indent="  ", subsequent_indent="    ")
        ),
    ]


def review_page(asked: Sequence[Question], out: Path) -> Path:
    """The path of the page, written to `out`; it shows records, so it lies where only few may look."""
    shown = [
        {
            "left": question.left.name,
            "right": question.right.name,
            "standing": standing(question),
            "rows": side_by_side(question.left.values, question.right.values),
            "voices": voices(question),
            "answers": [decision_command(question.left, question.right, decision) for decision in ("always", "never")],
        }
        for question in asked
    ]
    return kept_close(out, template("review.html").render(questions=shown, nothing=NOTHING))


def as_facts(question: Question) -> dict[str, Any]:
    """One pair for programs."""
    rows = side_by_side(question.left.values, question.right.values)
    return {
        "record_a": question.left.name,
        "record_b": question.right.name,
        "customer_a": question.left.customer_id,
        "customer_b": question.right.customer_id,
        "probability": question.probability,
        "cut": question.cut,
        "values": {row.name: [row.left, row.right] for row in rows},
    }


def standing(question: Question) -> str:
    """How probable one person is, against the cut, and how the two stand now."""
    now = "one customer" if question.is_one_person else "two customers"
    return f"one person with {percent(question.probability)} probability, cut at {percent(question.cut)}; {now} now"


def voices(question: Question) -> list[str]:
    """What speaks for one person and what against it, in bits."""
    told = {"for it": question.speaking_for, "against": question.speaking_against}
    return [f"{name}: {', '.join(_voice(each) for each in voices)}" for name, voices in told.items() if voices]


def _voice(compared: Compared) -> str:
    return f"{column(compared.column)} {compared.level} ({compared.weight + compared.rarity:+.1f})"
