"""Who was once held out stays so, also as a part of another; nobody is contacted who is held out of everything."""

from datetime import date, timedelta
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from activation.audience import members
from activation.holdout import EVERYWHERE, GLOBAL_HOLDOUT, control_until, moved, new_assignments, sides
from activation.payload import CONTROL, desired
from activation.settings import Activation
from activation.sync import records
from activation.tables import HOLDOUTS
from tests.activation.builders import KEY, NIGHT, Person, activation, frames, no_holdouts, only_audience, rows, sided

YESTERDAY = NIGHT - timedelta(days=1)


def heirs(spark: SparkSession, merged: dict[str, str]) -> DataFrame:
    """Customers and whom they were merged into."""
    schema = "old_customer_id string, customer_id string"
    return rows(spark, schema, [{"old_customer_id": old, "customer_id": new} for old, new in merged.items()])


def everywhere(share: float, **audience: object) -> Activation:
    """A retailer file with a global holdout."""
    return only_audience(**audience).model_copy(update={"global_holdout": share})


def test_a_merged_person_is_held_out_if_either_was_and_is_marked_where_they_differed(spark: SparkSession) -> None:
    stored = sided(
        spark,
        [
            {"customer_id": "contacted", "since": NIGHT},
            {"customer_id": "was_out", "arm": "held_out", "since": YESTERDAY},
            {"customer_id": "out", "arm": "held_out"},
            {"customer_id": "was_out_too", "arm": "held_out"},
            {"customer_id": "was_in"},
            {"customer_id": "alone"},
            {"customer_id": "earlier", "arm": "held_out", "changed_on": YESTERDAY},
        ],
    )
    merged = heirs(spark, {"was_out": "contacted", "was_out_too": "out", "was_in": "without_a_side"})
    held = sides(stored, merged, night=NIGHT).localCheckpoint()
    found = {row["customer_id"]: (row["arm"], row["since"], row["changed_on"]) for row in held.collect()}
    assert found == {
        "contacted": ("held_out", YESTERDAY, NIGHT),
        "out": ("held_out", NIGHT, None),
        "without_a_side": ("contacted", NIGHT, None),
        "alone": ("contacted", NIGHT, None),
        "earlier": ("held_out", NIGHT, YESTERDAY),
    }
    rewritten = moved(held, stored).localCheckpoint()
    assert {row["customer_id"] for row in rewritten.collect()} == {"contacted", "without_a_side"}
    kept = stored.join(rewritten, "customer_id", "left_anti").select(*HOLDOUTS.column_names)
    later = sides(kept.unionByName(rewritten), merged, night=date(2026, 5, 1))
    assert later.exceptAll(held.select(*later.columns)).isEmpty()
    people = frames(spark, [Person("contacted"), Person("alone")])
    chosen = members(activation(holdout=0), "win_back", frames=people, holdouts=held, night=NIGHT, key=KEY)
    assert dict(chosen.select("customer_id", "decision").collect()) == {"contacted": "held_out", "alone": "member"}


def test_the_global_holdout_is_contacted_by_no_audience_and_has_no_side_of_its_own_in_any(spark: SparkSession) -> None:
    settings = everywhere(0.3, holdout=0.2)
    people = frames(spark, [Person(f"c{number:03}") for number in range(200)])
    decided = members(settings, "win_back", frames=people, holdouts=no_holdouts(spark), night=NIGHT, key=KEY)
    assigned = new_assignments(decided, no_holdouts(spark), activation=settings, night=NIGHT).localCheckpoint()
    placed = {(row["audience"], row["customer_id"]): (row["arm"], row["share"]) for row in assigned.collect()}
    out = {who for (audience, who), (arm, _) in placed.items() if audience == EVERYWHERE and arm == "held_out"}
    own = {who for audience, who in placed if audience == "win_back"}
    assert 40 < len(out) < 80
    assert own.isdisjoint(out)
    assert len(own) + len(out) == 200
    assert {share for (audience, _), (_, share) in placed.items() if audience == EVERYWHERE} == {0.3}
    said = {row["customer_id"]: (row["decision"], row["reason"]) for row in decided.collect()}
    assert {who for who, what in said.items() if what == ("held_out", GLOBAL_HOLDOUT)} == out
    again = members(everywhere(0.9), "win_back", frames=people, holdouts=assigned, night=NIGHT, key="another")
    assert {row["customer_id"] for row in again.where(f"reason = '{GLOBAL_HOLDOUT}'").collect()} == out


def test_a_record_says_until_when_its_customer_is_a_control(spark: SparkSession) -> None:
    settings = everywhere(0.1, lift_days=30)
    stored: list[dict[str, Any]] = [
        {"customer_id": "runs", "arm": "held_out", "since": YESTERDAY},
        {"customer_id": "over", "arm": "held_out", "since": NIGHT - timedelta(days=30)},
        {"customer_id": "contacted"},
        {"customer_id": "changed", "arm": "held_out", "changed_on": NIGHT},
        {"customer_id": "never", "arm": "held_out", "audience": EVERYWHERE, "since": date(2024, 1, 1)},
        {"customer_id": "gone", "arm": "held_out", "audience": "an audience of the past"},
    ]
    told = control_until(sided(spark, stored), settings, night=NIGHT).localCheckpoint()
    assert {row["customer_id"]: row[CONTROL] for row in told.collect()} == {
        "runs": YESTERDAY + timedelta(days=29),
        "never": date(NIGHT.year, 12, 31),
    }
    known = frames(spark, [Person("runs"), Person("contacted")])
    chosen = records(known, "crm").selectExpr("*", "record_key as address")
    for controls, expected in ((told, "2026-03-29"), (None, None)):
        beside = type(known)(**{**vars(known), "controls": controls})
        sent = desired(chosen, beside, fields=("churn_band", CONTROL), key=KEY, night=NIGHT)
        payloads = {row["customer_id"]: row["payload"] for row in sent.collect()}
        assert (f'"{CONTROL}":"{expected}"' in payloads["runs"]) == (expected is not None)
        assert f'"{CONTROL}":null' in payloads["contacted"]
