"""`habitue review`: answers are kept; contradictions, and records that nobody has, are not."""

import json
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from orchestration import cli, reviewing
from pipelines.identity.explain import Explanation
from pipelines.identity.known import Side
from pipelines.identity.overrides import COLUMNS, read_overrides
from pipelines.identity.review import Question
from tests.end_to_end.small_shop import write_shop
from tests.pipelines.identity.evidence import record, records, ties
from tests.pipelines.identity.known import known

HEAD = ",".join(COLUMNS)


@pytest.fixture
def decisions(tmp_path: Path) -> Path:
    """An empty file of decisions that the shop's retailer file names."""
    file = write_shop(tmp_path)
    file.write_text(f"{file.read_text()}identity: {{overrides: decisions.csv}}\n")
    kept = tmp_path / "decisions.csv"
    kept.write_text(f"{HEAD}\n")
    return kept


@pytest.fixture
def known_lake(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lake whose last night knew crm:1 to crm:3, crm:7, 5=b and till:2."""
    rows = [*(record(number, "Anna Smit") for number in (1, 2, 3, "7, 5=b")), record(2, "Anna Smit", source="till")]
    monkeypatch.setattr(reviewing, "open_lake", lambda *_, **__: nullcontext())
    monkeypatch.setattr(reviewing, "known_people", lambda *_: known(records(rows), ties()))


def answer(folder: Path, *answers: str, who: str = "Ann", why: str = "asked her") -> int:
    place = ["--retailer", str(folder / "shop.yaml"), "--lake", str(folder / "lake")]
    said = [part for text in answers for part in ("--answer", text)]
    return cli.main(["review", *place, *said, "--who", who, "--why", why, "--json"])


@pytest.mark.usefixtures("known_lake")
def test_answers_on_the_command_line_are_kept(decisions: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(decisions.parent, "crm:1,till:2=always", "crm:1,crm:3=never") == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"file": str(decisions), "always": 1, "never": 1}
    assert decisions.read_text().splitlines()[1] == "crm:1,till:2,always,Ann,asked her"


@pytest.mark.usefixtures("known_lake")
def test_ids_may_hold_what_parts_an_answer(decisions: Path) -> None:
    assert answer(decisions.parent, "crm:7, 5=b,till:2=always", "crm:1, crm:7, 5=b=never") == 0
    overrides = read_overrides(decisions)
    assert overrides.always == (("contact:crm:7, 5=b", "contact:till:2"),)
    assert overrides.never == (("contact:crm:1", "contact:crm:7, 5=b"),)


@pytest.mark.usefixtures("known_lake")
def test_contradiction_keeps_none_of_the_answers(decisions: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = decisions.read_bytes()
    assert answer(decisions.parent, "crm:1,till:2=always", "till:2,crm:1=never") == 2
    assert "contradict" in capsys.readouterr().err
    assert decisions.read_bytes() == before


@pytest.mark.usefixtures("known_lake")
def test_answer_about_a_record_that_no_source_has_keeps_none_and_names_the_nearest(
    decisions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = decisions.read_bytes()
    assert answer(decisions.parent, "crm:1,till:2=always", "crm:2,tlil:2=never") == 2
    said = capsys.readouterr().err
    assert "no source has the record tlil:2" in said
    assert "Did you mean till:2 or" in said
    assert decisions.read_bytes() == before


@pytest.mark.usefixtures("known_lake")
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("crm:1=always", "this is no answer"),
        ("crm:1,crm:2", "this is no answer"),
        ("crm:1,crm:2,crm:3=never", "this is no answer"),
        ("1,crm:2=never", "this is no answer"),
        ("crm:1,crm:2=maybe", "no such decision: maybe"),
    ],
)
def test_answer_that_cannot_be_understood_is_refused(
    decisions: Path, text: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert answer(decisions.parent, text) == 2
    assert says in capsys.readouterr().err
    assert read_overrides(decisions).record_keys == []


def test_answer_without_a_file_of_decisions_says_what_to_add(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_shop(tmp_path)
    assert answer(tmp_path, "crm:1,crm:2=never") == 2
    assert "Add `overrides: decisions.csv` under `identity`" in capsys.readouterr().err


def question(left: str, right: str) -> Question:
    sides = [Side(f"contact:{name}", None, {"given": ["anna"]}) for name in (left, right)]
    nothing = Explanation(sides[0].record_key, sides[1].record_key, 0.0, 0.0, {}, ())
    return Question(sides[0], sides[1], 0.5, 0.5, nothing)


def replies(*said: str) -> Iterator[str]:
    yield from said
    raise EOFError


def asked(file: Path, *said: str, pairs: tuple[tuple[str, str], ...]) -> int:
    told = replies(*said)
    return reviewing.ask([question(*pair) for pair in pairs], file, who="Ann", why=None, read=lambda _: next(told))


def test_each_answer_at_the_terminal_is_kept_at_once(decisions: Path) -> None:
    pairs = (("crm:1", "till:1"), ("crm:2", "till:2"), ("crm:3", "till:3"), ("crm:4", "till:4"))
    assert asked(decisions, "s", "what", "?", "D", "q", pairs=pairs) == 2
    found = read_overrides(decisions)
    assert found.always == (("contact:crm:1", "contact:till:1"),)
    assert found.never == (("contact:crm:3", "contact:till:3"),)
    assert found.signed["contact:crm:3", "contact:till:3"] == ("Ann", "seen side by side, 50.0 %")


def test_what_follows_from_an_answer_is_not_asked(decisions: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pairs = (("crm:1", "till:1"), ("crm:2", "till:1"), ("crm:1", "crm:2"))
    assert asked(decisions, "s", "s", "d", pairs=pairs) == 2
    assert read_overrides(decisions).never == ()


def test_end_of_input_ends_the_review(decisions: Path) -> None:
    assert asked(decisions, pairs=(("crm:1", "till:1"),)) == 0


def test_no_pair_at_all_is_no_review(decisions: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = ["--retailer", str(decisions.parent / "shop.yaml"), "--lake", str(decisions.parent / "lake")]
    assert cli.main(["review", *place, "--count", "0"]) == 2
    assert "Pass --count 1 or more." in capsys.readouterr().err


def test_lake_without_a_night_has_nothing_to_review(decisions: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = ["--retailer", str(decisions.parent / "shop.yaml"), "--lake", str(decisions.parent / "lake")]
    assert cli.main(["review", *place]) == 2
    assert "no night of this lake has said who is who" in capsys.readouterr().err
    assert answer(decisions.parent, "crm:1,till:2=always") == 2
    assert "no night of this lake has said who is who" in capsys.readouterr().err
