"""A gate reads in Dagster as what broke, how often, where, and which limit it broke."""

from datetime import date

import dagster as dg

from orchestration.assets.gate_check import gate_check, set_aside
from quality.gate import GateOutcome
from quality.publish import Published

NIGHT = date(2026, 3, 1)
KEY = dg.AssetKey(["unified", "orders"])
PASSED = GateOutcome("unified.orders", "order_id is unique", "block", 0, 0, "passed")
ASIDE = GateOutcome(
    "unified.orders", "a | b is given", "reject", 2, 9, "set aside", sample=("t.csv row 4", "t.csv row 9")
)
WARNED = GateOutcome("unified.orders", "customer_id is known", "warn", 1_214, 100, "warned", sample=("order_id=7",))
BLOCKED = GateOutcome("unified.orders", "psi of channel", "block", 1, 0, "blocked", observed=0.31237)


def shown(found: dg.AssetCheckResult, name: str) -> str:
    return str(found.metadata[name].value)


def test_a_sound_gate_passes_and_rows_set_aside_do_not_fail_it() -> None:
    assert gate_check(KEY, [PASSED], night=NIGHT).passed
    found = gate_check(KEY, [PASSED, ASIDE], night=NIGHT)
    assert found.passed
    assert found.description == "1 of 2 rules set rows aside: a | b is given (2 rows)"


def test_a_rule_that_warned_fails_the_check_as_a_warning() -> None:
    found = gate_check(KEY, [PASSED, ASIDE, WARNED], night=NIGHT)
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert found.description == "1 of 3 rules warned: customer_id is known (1,214 rows, limit 100)"
    assert shown(found, "warned: customer_id is known") == "1,214 rows, limit 100; for example order_id=7"
    assert shown(found, "set aside: a | b is given") == "2 rows; for example t.csv row 4; t.csv row 9"
    assert shown(found, "which rules passed").splitlines()[2:] == ["| order_id is unique | block |"]
    counts = [found.metadata[name].value for name in ("rules", "rules that warned", "rules that blocked")]
    assert counts == [3, 1, 0]


def test_a_bar_in_a_rule_breaks_no_table() -> None:
    piped = GateOutcome("unified.orders", "a | b is given", "block", 0, 0, "passed")
    assert shown(gate_check(KEY, [piped], night=NIGHT), "which rules passed").splitlines()[2:] == [
        "| a \\| b is given | block |"
    ]


def test_a_rule_that_blocked_comes_first_and_fails_the_check_as_an_error() -> None:
    found = gate_check(KEY, [WARNED, BLOCKED, WARNED], night=NIGHT)
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert found.description == "1 of 2 rules blocked the table: psi of channel (observed 0.3124)"


def test_the_share_set_aside_is_one_of_all_rows_of_the_night() -> None:
    published = Published("conformed.orders", 75, {}, 25, gates=(), version=1, counts=(), total_rows=500)
    assert set_aside(published) == {"rows set aside": 25, "share set aside": 0.25}
