"""What people decide about records goes before everything else, and cannot contradict itself."""

from pathlib import Path

import pytest

from lakehouse.errors import WrongCall
from pipelines.identity.cluster import clusters
from pipelines.identity.overrides import (
    Decided,
    Overrides,
    decide,
    decision_about,
    lines_about,
    read_overrides,
    waiting,
)
from tests.pipelines.identity.evidence import record, records, ties

HEAD = "record_a,record_b,decision,who,why"
CRM_1, CRM_2, CRM_3 = (f"contact:crm:{number}" for number in (1, 2, 3))


def file_of(folder: Path, *lines: str, head: str = HEAD) -> Path:
    file = folder / "overrides.csv"
    file.write_text("\n".join([head, *lines]) + "\n")
    return file


def members_of(overrides: Overrides) -> list[dict[str, object]]:
    """Three records of which two share an e-mail and a name, each with its group and what ties it there."""
    people = [record(1, "Anna Smit"), record(2, "Anna Smit"), record(3, "Carl Kahn")]
    tied = ties(("crm:1", "email:a"), ("crm:2", "email:a"))
    found: list[dict[str, object]] = clusters(
        records(people), tied, shared_by_at_most=10, overrides=overrides
    ).members.to_pylist()
    return [member for member in found if member["kind"] == "contact"]


def together(overrides: Overrides) -> list[set[object]]:
    groups: dict[object, set[object]] = {}
    for member in members_of(overrides):
        groups.setdefault(member["cluster"], set()).add(member["key"])
    return sorted(groups.values(), key=lambda group: sorted(map(str, group)))


def evidence_of(overrides: Overrides) -> dict[object, object]:
    return {member["key"]: member["evidence"] for member in members_of(overrides)}


def test_decisions_part_what_evidence_joins_and_join_what_nothing_does() -> None:
    assert together(Overrides()) == [{CRM_1, CRM_2}, {CRM_3}]
    assert together(Overrides(never=((CRM_1, CRM_2),))) == [{CRM_1}, {CRM_2}, {CRM_3}]
    assert together(Overrides(always=((CRM_2, CRM_3),))) == [{CRM_1, CRM_2, CRM_3}]
    decided = Overrides(always=((CRM_2, CRM_3),), never=((CRM_1, CRM_2),))
    assert together(decided) == [{CRM_1}, {CRM_2, CRM_3}]


def test_evidence_of_a_record_is_what_ties_it_to_its_own_person() -> None:
    assert evidence_of(Overrides()) == {CRM_1: "email", CRM_2: "email", CRM_3: "alone"}
    parted = Overrides(always=((CRM_2, CRM_3),), never=((CRM_1, CRM_2),))
    assert evidence_of(parted) == {CRM_1: "alone", CRM_2: "decided", CRM_3: "decided"}


def test_never_holds_for_whoever_is_always_the_same_person() -> None:
    decided = Overrides(always=((CRM_2, CRM_3),), never=((CRM_1, CRM_3),))
    assert together(decided) == [{CRM_1}, {CRM_2, CRM_3}]


def test_decision_about_a_record_that_nobody_has_changes_nothing() -> None:
    assert together(Overrides(never=((CRM_1, "contact:crm:99"),))) == together(Overrides())


def test_file_is_read_whatever_the_order_of_a_pair(tmp_path: Path) -> None:
    file = file_of(tmp_path, "web:9,crm:1,always,Ann,same passport", "crm:1, crm:2 ,Never,Ann,twins")
    assert read_overrides(file) == Overrides(always=((CRM_1, "contact:web:9"),), never=((CRM_1, CRM_2),))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("crm:1,crm:2,allways,Ann,x", "line 2: no such decision: allways (did you mean always?)"),
        ("crm:1,crm:2,never,,x", "line 2: who is empty"),
        ("1,crm:2,never,Ann,x", "line 2: a record is written <source>:<contact id>"),
        ("crm:1,crm:1,never,Ann,x", "line 2: both records are the same"),
    ],
)
def test_line_that_cannot_be_understood_is_refused(tmp_path: Path, line: str, told: str) -> None:
    with pytest.raises(WrongCall) as refused:
        read_overrides(file_of(tmp_path, line))
    assert told in str(refused.value)
    assert "no table was changed" in str(refused.value)


def test_contradiction_is_refused_even_over_a_third_record(tmp_path: Path) -> None:
    lines = ("crm:1,crm:2,always,Ann,x", "crm:2,crm:3,always,Ann,x", "crm:1,crm:3,never,Bert,y")
    with pytest.raises(WrongCall, match="contradict one another: crm:1 and crm:3"):
        read_overrides(file_of(tmp_path, *lines))


@pytest.mark.parametrize("name", ["anna@mail.example", "+32 475 12 34 56", "0475123456"])
def test_contradiction_repeats_no_id_that_may_be_personal(tmp_path: Path, name: str) -> None:
    lines = (f"crm:{name},crm:2,always,Ann,x", f"crm:2,crm:{name},never,Bert,y")
    with pytest.raises(WrongCall, match="contradict one another: the records of line 3 are never") as refused:
        read_overrides(file_of(tmp_path, *lines))
    assert name not in str(refused.value)


def test_missing_file_or_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongCall, match="there is no such file"):
        read_overrides(tmp_path / "gone.csv")
    with pytest.raises(WrongCall, match="the file has no column who, why"):
        read_overrides(file_of(tmp_path, head="record_a,record_b,decision"))


def answered(left: str, right: str, decision: str) -> dict[str, str]:
    return {"record_a": left, "record_b": right, "decision": decision, "who": "Ann", "why": "asked, in person"}


def test_answer_is_added_to_the_file_and_read_from_it(tmp_path: Path) -> None:
    file = file_of(tmp_path, "crm:1,crm:2,never,Bert,twins", head=f"{HEAD},since")
    file.write_text(file.read_text().rstrip("\n"))
    after = decide(file, [answered("web:9", "crm:1", "always")])
    assert read_overrides(file) == after == Overrides(always=((CRM_1, "contact:web:9"),), never=((CRM_1, CRM_2),))
    assert file.read_text().splitlines()[1:] == [
        "crm:1,crm:2,never,Bert,twins",
        'web:9,crm:1,always,Ann,"asked, in person",',
    ]


def test_answer_that_is_known_is_not_written_twice(tmp_path: Path) -> None:
    file = file_of(tmp_path, "crm:1,crm:2,never,Bert,twins")
    before = file.read_bytes()
    decide(file, [answered("crm:2", "crm:1", "never")])
    assert file.read_bytes() == before


def test_answer_that_contradicts_is_refused_and_the_file_stays_as_it_was(tmp_path: Path) -> None:
    file = file_of(tmp_path, "crm:1,crm:2,always,Bert,x", "crm:2,crm:3,always,Bert,x")
    before = file.read_bytes()
    with pytest.raises(WrongCall, match="contradict one another: crm:1 and crm:3"):
        decide(file, [answered("crm:4", "crm:5", "always"), answered("crm:1", "crm:3", "never")])
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def test_what_follows_from_decisions_is_known_with_whoever_made_them(tmp_path: Path) -> None:
    lines = ("crm:1,crm:2,always,Ann,x", "crm:2,crm:3,always,Ann,x", "crm:3,web:9,never,Bert,y")
    decided = read_overrides(file_of(tmp_path, *lines))
    assert decision_about(decided, (CRM_2, CRM_1)) == Decided("always", "Ann", "x")
    assert decision_about(decided, (CRM_1, CRM_3)) == Decided("always")
    assert decision_about(decided, ("contact:web:9", CRM_1)) == Decided("never")
    assert decision_about(decided, (CRM_1, "contact:web:8")) is None


def test_decisions_that_wait_are_told_by_their_lines_and_not_by_the_ids(tmp_path: Path) -> None:
    lines = [f"crm:{number},crm:anna{number}@mail.example,never,Ann,x" for number in range(12)]
    decided = read_overrides(file_of(tmp_path, *lines))
    file = Path("decided.csv")
    gone = [key for key in decided.record_keys if "@" in key]
    assert lines_about(decided, gone[:1]) == (2,)
    assert waiting(file, ()) == ()
    told = "decided.csv: decisions wait for records that no source has; they stand on line"
    assert waiting(file, (2,)) == (f"{told} 2",)
    assert waiting(file, lines_about(decided, gone)) == (f"{told} 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 2 more",)
