"""`habitue review`: the pairs nearest to the cut, shown to a person, whose answers are kept as decisions."""

import argparse
import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lakehouse.errors import WrongCall
from orchestration.known_people import known_people
from orchestration.night import Place, open_lake
from orchestration.retailer import Retailer, load_retailer
from orchestration.running import place_of
from pipelines.identity.known import KnownPeople, nearest_names, unknown_records
from pipelines.identity.overrides import COLUMNS, Overrides, decide, decision_about, read_overrides
from pipelines.identity.review import Question, questions
from report.review import NOTHING, as_facts, question_lines, review_page
from report.two_records import percent

KEYS = {"s": "always", "d": "never"}
PROMPT = "  one person? s same, d different, ? unsure, q quit: "
BETWEEN = r",(?=\s*[a-z][a-z0-9_]*:)"
"""The comma before the second record; ids may hold others."""
HELD = "The next night goes by it: always and never go before any model."


def review(asked: argparse.Namespace) -> int:
    """`habitue review`: show undecided pairs and take answers, at a terminal or by --answer.

    Raises: WrongCall if an answer cannot be understood, names a record that no source has, or contradicts a decision;
            the file is then as it was.
    """
    place = place_of(asked)
    retailer = load_retailer(place.retailer_file)
    if asked.answer:
        return _answer(asked, place, retailer)
    if asked.count < 1:
        raise _wrong(f"--count {asked.count} shows nothing", "Pass --count 1 or more.")
    file = _file(retailer, place) if asked.who else retailer.identity.overrides
    with open_lake(place, purpose="review") as lake:
        known = known_people(lake, retailer.identity)
    found = questions(known, count=asked.count)
    if asked.html:
        review_page(found, asked.html)
    if asked.json:
        print(json.dumps({"questions": [as_facts(question) for question in found]}))
    elif asked.who and file and sys.stdin.isatty():
        ask(found, file, who=asked.who, why=asked.why, read=input)
    else:
        print(_listed(found, asked.html))
    return 0


def ask(asked: Sequence[Question], file: Path, *, who: str, why: str | None, read: Callable[[str], str]) -> int:
    """How many pairs were decided: each is shown and asked about until `read` says q; answers are kept at once."""
    decided = 0
    for number, question in enumerate(asked, start=1):
        if decision_about(read_overrides(file), question.pair):
            continue
        print("\n".join(["", *question_lines(question, number=number, of=len(asked))]))
        said = _said(read)
        if said == "q":
            break
        if said in KEYS:
            reason = why or f"seen side by side, {percent(question.probability)}"
            decided += _kept(file, question, KEYS[said], who=who, why=reason)
    print(f"{decided} decided, in {file}. {HELD if decided else ''}".rstrip())
    return decided


def _said(read: Callable[[str], str]) -> str:
    """The first letter of an answer that is one of those offered; q where no more can be read."""
    while True:
        try:
            said = read(PROMPT).strip().lower()[:1]
        except EOFError:
            return "q"
        if said in (*KEYS, "?", "q"):
            return said


def _kept(file: Path, question: Question, decision: str, *, who: str, why: str) -> int:
    """1 where the answer is in the file now, 0 where it contradicts one that is."""
    try:
        decide(file, [_line(question.left.name, question.right.name, decision, who, why)])
    except WrongCall as refused:
        print(f"  not kept: {refused.what}")
        return 0
    return 1


def answer(lines: Sequence[Mapping[str, str]], file: Path, known: KnownPeople) -> Overrides:
    """The decisions of the file once these are added to it: all of them or, where one is refused, none.

    Raises: WrongCall as `decide` does, and where a record is named that no source has.
    """
    missing = unknown_records(known, [line[end] for line in lines for end in COLUMNS[:2]])
    if missing:
        near = " or ".join(nearest_names(known, missing[0], records_alone=True))
        raise _wrong(
            f"no source has the record {' or '.join(missing)}",
            f"Did you mean {near}? Write a record as <source>:<contact id>, as the source itself writes the id.",
        )
    return decide(file, lines)


def _answer(asked: argparse.Namespace, place: Place, retailer: Retailer) -> int:
    """Decisions without a terminal."""
    file = _file(retailer, place)
    if not asked.who or not asked.why:
        raise _wrong("an answer needs a name and a reason", "Add --who NAME --why REASON.")
    lines = [_line(*_parsed(text), asked.who, asked.why) for text in asked.answer]
    with open_lake(place, purpose="review") as lake:
        after = answer(lines, file, known_people(lake, retailer.identity))
    facts = {"file": str(file), "always": len(after.always), "never": len(after.never)}
    print(json.dumps(facts) if asked.json else f"{file} holds {len(after.always) + len(after.never)} decisions. {HELD}")
    return 0


def _parsed(text: str) -> tuple[str, str, str]:
    pair, sign, decision = text.rpartition("=")
    ends = [end.strip() for end in re.split(BETWEEN, pair)]
    if not sign or len(ends) != 2 or not all(":" in end for end in ends):
        raise _wrong("this is no answer: two records, = and a decision", "Write --answer crm:1001,pos:77=always.")
    return ends[0], ends[1], decision


def _line(left: str, right: str, decision: str, who: str, why: str) -> dict[str, str]:
    return dict(zip(COLUMNS, (left, right, decision, who, why), strict=True))


def _listed(found: Sequence[Question], page: Path | None) -> str:
    if not found:
        return NOTHING
    shown = ["\n".join(question_lines(each, number=number, of=len(found))) for number, each in enumerate(found, 1)]
    how = "Answer at a terminal with --who NAME, or with --answer RECORD,RECORD=always|never --who NAME --why REASON."
    return "\n\n".join([*shown, *([str(page)] if page else []), how])


def _file(retailer: Retailer, place: Place) -> Path:
    """The file that decisions go to."""
    if retailer.identity.overrides:
        return retailer.identity.overrides
    raise WrongCall(
        "the retailer file names no file of decisions",
        where=str(place.retailer_file),
        still_true="Nothing was written.",
        next_step="Add `overrides: decisions.csv` under `identity`; the path starts at the retailer file.",
    )


def _wrong(what: str, next_step: str) -> WrongCall:
    return WrongCall(what, where="habitue review", still_true="Nothing was written.", next_step=next_step)
