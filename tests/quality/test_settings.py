from datetime import date

import pytest
from pydantic import TypeAdapter, ValidationError

from lakehouse.table import by_name
from pipelines.canonical import ENTITIES
from pipelines.tables import TABLES
from quality.gates import BUILT_IN, rules_for
from quality.settings import RuleSettings, check_rules

CONFORMED = [table for entity in ENTITIES.values() for table in (entity.conformed, entity.rejected)]
ALL = by_name([*CONFORMED, *TABLES])
LINES = TypeAdapter(list[RuleSettings])


def _line(**given: object) -> RuleSettings:
    return RuleSettings.model_validate({"table": "conformed.orders"} | given)


def test_a_line_of_the_retailer_file_becomes_a_rule() -> None:
    line = _line(rule="between", column="order_amount", min=-50000, max=50000, otherwise="reject")
    assert check_rules([line], ALL) == []
    rule = rules_for(ALL["conformed.orders"], [line])[-2]
    assert (rule.name, rule.severity) == ("order_amount is from -50000 to 50000", "reject")


def test_an_unknown_column_is_named_with_the_nearest() -> None:
    line = _line(rule="not_null", column="order_amont")
    (message,) = check_rules([line], ALL)
    assert message.startswith("rules: conformed.orders has no column order_amont (did you mean order_amount or ")


def test_an_unknown_table_is_named_with_the_nearest() -> None:
    line = _line(table="conformed.order", rule="not_null", column="order_id")
    assert check_rules([line], ALL)[0].startswith(
        "rules: there is no table conformed.order (did you mean conformed.ord"
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"rule": "between", "column": "kind", "min": 0}, "between cannot be asked of conformed.orders.kind"),
        ({"rule": "matches", "column": "order_amount", "pattern": "x"}, "matches cannot be asked of"),
        ({"rule": "not_in_future", "column": "kind"}, "not_in_future cannot be asked of"),
        (
            {"table": "unified.orders", "rule": "not_null", "column": "kind", "otherwise": "reject"},
            "sets no rows aside",
        ),
    ],
)
def test_a_rule_that_cannot_be_judged_is_refused(given: dict[str, object], message: str) -> None:
    problems = check_rules([_line(**given)], ALL)
    assert len(problems) == 1
    assert message in problems[0]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"rule": "between", "column": "order_amount"}, "needs min or max"),
        ({"rule": "in_set", "column": "kind"}, "needs values"),
        ({"rule": "not_null", "column": "kind", "min": 1}, "does not use min"),
        ({"rule": "not_before", "column": "ordered_at", "min": 3}, "needs a day"),
        ({"rule": "row_count", "min": 2.5}, "needs a whole number"),
        ({"rule": "not_nul", "column": "kind"}, "not_null"),
        ({"rule": "not_null", "colum": "kind"}, "Extra inputs"),
    ],
)
def test_an_incomplete_line_is_refused_when_the_file_is_loaded(given: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        _line(**given)


def test_days_and_numbers_keep_their_type() -> None:
    line = _line(rule="not_before", column="ordered_at", min=date(2020, 1, 31))
    assert check_rules([line], ALL) == []
    assert rules_for(ALL["conformed.orders"], [line])[-2].name == "ordered_at is not before 2020-01-31"


def test_every_built_in_rule_reads_columns_that_its_table_has() -> None:
    for name, rules in BUILT_IN.items():
        if name in ALL:
            unknown = {column for rule in rules for column in rule.columns} - set(ALL[name].column_names)
            assert not unknown, f"{name}: the rules in quality/gates read {unknown}, which the contract does not have"
            assert not any(rule.severity == "reject" and f"{name}_rejected" not in ALL for rule in rules), name
