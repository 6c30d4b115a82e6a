from dataclasses import replace
from datetime import date
from functools import partial

import pytest
from pyspark.sql import functions as F

from lakehouse.delta import Lakehouse
from lakehouse.errors import GateBlocked
from quality.gate import PublicationBlocked
from quality.publish import publish
from quality.rules import between, distinct_share, exists_in, rejected_share, sums_to
from quality.structure import structure_rules
from tests.quality.frames import NOTES, NOTES_REJECTED, notes

NIGHT = date(2026, 3, 1)
POSITIVE = between("amount", minimum=0, severity="reject")
RULES = (*structure_rules(NOTES), POSITIVE, rejected_share(0.5, always=0))


def test_rows_that_break_a_rule_are_set_aside_with_every_rule_and_the_rest_is_written(lake: Lakehouse) -> None:
    frame = notes(lake.spark, ("a", "1"), ("b", "2"), ("c", "3"), ("d", "-4"), ("e", "-5", "unparsed value in born_on"))
    published = publish(lake, NOTES, frame, rules=RULES, night=NIGHT, rejected=NOTES_REJECTED)
    assert {row["note_id"] for row in lake.read(NOTES).collect()} == {"a", "b", "c"}
    aside = {row["row_number"]: row["rules"] for row in lake.read(NOTES_REJECTED).collect()}
    assert aside == {4: [POSITIVE.name], 5: ["unparsed value in born_on", POSITIVE.name]}
    assert published.rejected == {POSITIVE.name: 2, "unparsed value in born_on": 1}
    assert (published.rows, published.rejected_rows, published.total_rows) == (3, 2, 3)
    assert [(count.published, count.rejected) for count in published.counts] == [(3, 2)]
    outcomes = {gate.rule: (gate.failed, gate.outcome) for gate in published.gates}
    assert outcomes[POSITIVE.name] == (2, "set aside")
    assert outcomes["source, note_id is unique"] == (0, "passed")


def test_a_blocked_gate_leaves_the_table_whole_and_says_what_to_do(lake: Lakehouse) -> None:
    publish(lake, NOTES, notes(lake.spark, ("a", "1")), rules=RULES, night=NIGHT, rejected=NOTES_REJECTED)
    before = lake.version(NOTES)
    bad = notes(lake.spark, ("b", "2"), (None, "3"))
    with pytest.raises(GateBlocked) as stopped:
        publish(lake, NOTES, bad, rules=RULES, night=date(2026, 3, 2), rejected=NOTES_REJECTED)
    assert str(stopped.value) == (
        "conformed.notes 2026-03-02: gate blocked publication: 1 of 2 rows have no note_id (limit 0).\n"
        "The table is unchanged. Look at conformed.notes_rejected, then `habitue night --date 2026-03-02`."
    )
    assert lake.version(NOTES) == before
    assert isinstance(stopped.value, PublicationBlocked)
    assert [gate.rule for gate in stopped.value.gates if gate.outcome == "blocked"] == ["note_id is given"]


def test_too_many_rows_set_aside_block_the_table_and_can_be_looked_at(lake: Lakehouse) -> None:
    frame = notes(lake.spark, ("a", "1"), ("b", "-2"), ("c", "-3"))
    with pytest.raises(GateBlocked, match=r"2 of 3 rows broke a rule and were set aside \(limit 1\)"):
        publish(lake, NOTES, frame, rules=RULES, night=NIGHT, rejected=NOTES_REJECTED)
    assert not lake.exists(NOTES)
    assert lake.read(NOTES_REJECTED).count() == 2


def test_rows_that_the_table_holds_already_count_where_a_limit_is_a_share_of_what_came(lake: Lakehouse) -> None:
    frame = notes(lake.spark, ("a", "1"), ("b", "-2"), ("c", "-3"))
    put = partial(publish, lake, NOTES, frame, rules=RULES, night=NIGHT, rejected=NOTES_REJECTED)
    with pytest.raises(GateBlocked, match=r"2 of 3 rows broke a rule"):
        put(unchanged=0)
    published = put(unchanged=1)
    assert (published.rows, published.rejected_rows) == (1, 2)


def test_a_rule_that_looks_into_another_table_sets_aside_what_is_not_there(lake: Lakehouse) -> None:
    publish(lake, NOTES, notes(lake.spark, ("a", "1"), ("b", "2")), rules=[], night=NIGHT, rejected=NOTES_REJECTED)
    answers = replace(NOTES, name="conformed.answers")
    aside = replace(NOTES_REJECTED, name="conformed.answers_rejected")
    rules = (
        exists_in(["note_id"], NOTES.name, severity="reject"),
        sums_to("amount", NOTES.name, part="amount", key=["source", "note_id"], tolerance=0, severity="reject"),
    )
    frame = notes(lake.spark, ("a", "1"), ("b", "3"), ("c", "0"), (None, None))
    published = publish(lake, answers, frame, rules=rules, night=NIGHT, rejected=aside, others={NOTES.name: NOTES})
    assert {row["row_number"]: row["rules"] for row in lake.read(aside).collect()} == {
        2: [rules[1].name],
        3: [rules[0].name],
    }
    assert sorted(row["row_number"] for row in lake.read(answers).collect()) == [1, 4]
    assert tuple(lake.read(answers).columns) == answers.column_names
    assert [(gate.failed, gate.outcome) for gate in published.gates] == [(1, "set aside"), (1, "set aside")]


def test_a_figure_that_blocks_is_said_with_what_was_observed(lake: Lakehouse) -> None:
    frame = notes(lake.spark, ("a", "1"), ("b", "1"), ("c", "1"), ("d", "2"))
    rule = distinct_share("amount", at_least=0.9)
    with pytest.raises(PublicationBlocked) as stopped:
        publish(lake, NOTES, frame, rules=[rule], night=NIGHT)
    assert str(stopped.value).startswith(
        "conformed.notes 2026-03-01: gate blocked publication: it does not hold that the share of different values of "
        "amount is from 0.9 to 1 (observed: 0.5).\n"
    )
    assert [(gate.failed, gate.limit, gate.observed) for gate in stopped.value.gates] == [(1, 0, 0.5)]


def test_a_repaired_rerun_of_a_night_empties_its_rejected_rows(lake: Lakehouse) -> None:
    for amount, expected in (("-2", 1), ("2", 0)):
        frame = notes(lake.spark, ("a", "1"), ("b", amount))
        publish(lake, NOTES, frame, rules=RULES, night=NIGHT, rejected=NOTES_REJECTED)
        assert lake.read(NOTES_REJECTED).count() == expected


def test_a_rule_that_rejects_stops_a_table_that_sets_nothing_aside(lake: Lakehouse) -> None:
    frame = notes(lake.spark, ("a", "1"), ("b", "-2"))
    with pytest.raises(GateBlocked, match=r"1 of 2 rows do not have a amount"):
        publish(lake, NOTES, frame, rules=[POSITIVE], night=NIGHT)
    assert not lake.exists(NOTES)


def test_a_warning_is_reported_and_the_table_is_written(lake: Lakehouse) -> None:
    rule = between("amount", minimum=0, severity="warn")
    published = publish(lake, NOTES, notes(lake.spark, ("b", "-2")), rules=[rule], night=NIGHT)
    assert [(gate.failed, gate.outcome) for gate in published.gates] == [(1, "warned")]
    assert lake.read(NOTES).count() == 1


def test_the_frame_that_was_gated_is_the_frame_that_is_written(lake: Lakehouse) -> None:
    drawn = F.when(F.rand() > 0.5, 1).otherwise(-1).cast("decimal(18,2)")
    frame = notes(lake.spark, *((str(number), "0") for number in range(30))).withColumn("amount", drawn)
    published = publish(lake, NOTES, frame, rules=RULES[:-1], night=NIGHT, rejected=NOTES_REJECTED)
    assert lake.read(NOTES).where("amount < 0").isEmpty()
    assert published.total_rows + lake.read(NOTES_REJECTED).count() == 30


def test_nothing_stays_in_memory_after_a_table_is_published_or_blocked(lake: Lakehouse) -> None:
    frame = notes(lake.spark, ("a", "-1"))
    publish(lake, NOTES, frame, rules=[], night=NIGHT)
    assert not frame.storageLevel.useMemory
    with pytest.raises(GateBlocked):
        publish(lake, NOTES, frame, rules=[POSITIVE], night=NIGHT)
    assert not frame.storageLevel.useMemory
