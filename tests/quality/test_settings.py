from datetime import date
from typing import Any, get_args

import pytest
from pydantic import TypeAdapter, ValidationError
from pyspark.sql import SparkSession

from lakehouse.table import Table, by_name
from pipelines.canonical import ENTITIES
from pipelines.tables import TABLES
from quality.gates import BUILT_IN, rules_for
from quality.rule_check import check_patterns, check_rules, references
from quality.rule_kinds import KINDS, Kind
from quality.settings import RuleSettings

CONFORMED = [table for entity in ENTITIES.values() for table in (entity.conformed, entity.rejected)]
TICKETS = Table("raw.till_tickets", "one row per delivered row", (), (), "append_once", open_columns=True)
ALL = by_name([*CONFORMED, *TABLES, TICKETS])
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


LINES_OF_EVERY_KIND: list[dict[str, Any]] = [
    {"rule": "not_null", "column": "store_id", "otherwise": "reject", "limit": 0.5},
    {"rule": "unique", "columns": ["order_id"]},
    {"rule": "between", "column": "order_amount", "min": -5, "max": 5},
    {"rule": "in_set", "column": "kind", "values": ["sale"]},
    {"rule": "matches", "column": "channel", "pattern": "^web$"},
    {"rule": "length", "column": "currency", "min": 3, "max": 3},
    {"rule": "reads_as", "column": "order_id", "form": "whole_number"},
    {"rule": "valid_email", "column": "email", "otherwise": "reject"},
    {"rule": "valid_phone", "column": "phone", "country": "DE", "otherwise": "reject"},
    {"table": "conformed.contacts", "rule": "valid_phone", "column": "phone", "country_column": "country"},
    {"table": "conformed.contacts", "rule": "valid_postcode", "column": "postcode", "country": "DE"},
    {"rule": "not_in_future", "column": "ordered_at"},
    {"rule": "not_before", "column": "ordered_at", "min": date(2020, 1, 31)},
    {"table": "conformed.visits", "rule": "ordered", "columns": ["started_at", "ended_at"], "otherwise": "reject"},
    {"table": "conformed.order_lines", "rule": "exists_in", "columns": ["product_id"], "in": "conformed.products"},
    {"rule": "exists_in", "columns": ["returned_order_id"], "in": "raw.till_tickets", "key": ["Ticket"]},
    {
        "rule": "sums_to",
        "column": "order_amount",
        "in": "conformed.order_lines",
        "part": "line_amount",
        "key": ["source", "order_id"],
        "tolerance": 0.05,
        "otherwise": "reject",
    },
    {"rule": "row_count", "min": 3, "max": 9},
    {"rule": "null_share", "column": "store_id", "max": 0.1, "otherwise": "warn"},
    {"table": "unified.orders", "rule": "match_share", "column": "customer_id", "min": 0.7},
    {"rule": "distinct_share", "column": "order_id", "min": 0.9},
    {"rule": "stable", "column": "channel", "shares": {"web": 0.4, "store": 0.6}, "max": 0.1},
    {"rule": "stable", "column": "order_amount", "edges": [0, 50], "shares": [0.1, 0.5, 0.4]},
    {"rule": "fresh", "column": "ordered_at", "days": 2},
]


@pytest.mark.parametrize("given", LINES_OF_EVERY_KIND, ids=lambda given: given["rule"])
def test_every_kind_of_rule_can_be_stated_in_the_retailer_file(given: dict[str, Any]) -> None:
    line = _line(**given)
    assert check_rules([line], ALL) == []
    rule = line.as_rule()
    assert set(rule.columns) == set(line.read())
    assert (rule.kind, rule.other) == (line.rule, line.other)
    assert rule.severity == given.get("otherwise", "warn" if line.rule in {"fresh", "stable"} else "block")
    assert rule.name in [asked.name for asked in rules_for(ALL[line.table], [line])]
    assert KINDS[line.rule].of_table == (rule.holds is None)


def test_no_kind_of_rule_is_left_out() -> None:
    assert {given["rule"] for given in LINES_OF_EVERY_KIND} == set(KINDS) == set(get_args(Kind))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"rule": "between", "column": "kind", "min": 0}, "between cannot be asked of conformed.orders.kind"),
        ({"rule": "matches", "column": "order_amount", "pattern": "x"}, "matches cannot be asked of"),
        ({"rule": "not_in_future", "column": "kind"}, "not_in_future cannot be asked of"),
        ({"rule": "fresh", "column": "kind", "days": 1}, "fresh cannot be asked of conformed.orders.kind, which is a"),
        ({"rule": "length", "column": "ordered_at", "min": 1}, "length cannot be asked of"),
        ({"rule": "valid_email", "column": "order_amount"}, "valid_email cannot be asked of"),
        ({"rule": "stable", "column": "order_amount", "shares": {"web": 1}}, "stable cannot be asked of"),
        ({"rule": "stable", "column": "kind", "edges": [0], "shares": [0.5, 0.5]}, "stable cannot be asked of"),
        ({"rule": "ordered", "columns": ["ordered_at", "kind"]}, "ordered cannot compare conformed.orders.ordered_at"),
        ({"rule": "ordered", "columns": ["ordered_at", "knd"]}, "has no column knd (did you mean kind"),
        ({"rule": "valid_phone", "column": "phone", "country_column": "ordered_at"}, "holds no countries"),
        (
            {"rule": "exists_in", "columns": ["store_id"], "in": "conformed.shops"},
            "there is no table conformed.shops",
        ),
        (
            {"rule": "exists_in", "columns": ["store_id"], "in": "conformed.visits"},
            "conformed.visits has no column store_id",
        ),
        (
            {"rule": "exists_in", "columns": ["order_id"], "in": "unified.orders"},
            "cannot look into unified.orders, which a night does not make before it",
        ),
        (
            {"rule": "exists_in", "columns": ["order_id"], "in": "conformed.orders"},
            "cannot look into conformed.orders, which a night does not make before it",
        ),
        (
            {"rule": "exists_in", "columns": ["store_id"], "in": "conformed.visits", "key": ["started_at"]},
            "conformed.orders.store_id is a string, and conformed.visits.started_at is a timestamp",
        ),
        (
            {
                "rule": "sums_to",
                "column": "order_amount",
                "in": "conformed.order_lines",
                "part": "kind",
                "key": ["order_id"],
            },
            "conformed.order_lines.kind cannot be added up: it is a string",
        ),
        ({"table": "raw.till_tickets", "rule": "not_null", "column": "Ticket"}, "raw.till_tickets is not gated"),
        ({"table": "conformed.orders_rejected", "rule": "not_null", "column": "source"}, "is not gated"),
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


def test_a_pattern_that_is_no_regular_expression_is_refused_before_a_night(spark: SparkSession) -> None:
    sound, broken = (_line(rule="matches", column="kind", pattern=pattern) for pattern in ("^(sale|return)$", "(sale"))
    assert check_patterns(spark, [sound, broken]) == [
        "rules: conformed.orders.kind: (sale is no regular expression of Java"
    ]


def test_tables_that_look_into_one_another_are_refused() -> None:
    lines = [
        _line(table="conformed.order_lines", rule="exists_in", columns=["order_id"], **{"in": "conformed.orders"}),
        _line(rule="exists_in", columns=["order_id"], **{"in": "conformed.order_lines"}),
    ]
    assert [check_rules([line], ALL) for line in lines] == [[], []]
    (message,) = check_rules(lines, ALL)
    assert message == (
        "rules: these tables look into one another: conformed.order_lines, conformed.orders; drop one rule"
    )
    assert references(lines)["conformed.orders"] == {"conformed.order_lines"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"rule": "between", "column": "order_amount"}, "needs min or max"),
        ({"rule": "between", "column": "order_amount", "min": 3, "max": 2}, "min of 3 above its max of 2"),
        ({"rule": "between", "column": "ordered_at", "min": date(2020, 1, 1), "max": 2}, "a day and a number"),
        ({"rule": "in_set", "column": "kind"}, "needs values"),
        ({"rule": "not_null", "column": "kind", "min": 1}, "does not use min"),
        ({"rule": "not_before", "column": "ordered_at", "min": 3}, "needs a day"),
        ({"rule": "row_count", "min": 2.5}, "needs a whole number"),
        ({"rule": "length", "column": "kind", "max": -1}, "needs a whole number"),
        ({"rule": "null_share", "column": "kind", "max": 30}, "needs a share from 0 to 1"),
        ({"rule": "null_share", "column": "kind", "max": 0.3, "limit": 0.1}, "does not use limit"),
        ({"rule": "fresh", "column": "ordered_at", "days": 1, "otherwise": "reject"}, "sets no row aside"),
        ({"rule": "fresh", "column": "ordered_at", "days": -1}, "greater than or equal to 0"),
        ({"rule": "ordered", "columns": ["a", "b", "c"]}, "needs two columns"),
        ({"rule": "exists_in", "columns": ["a"], "in": "b", "key": ["c", "d"]}, "1 columns and 2 in its key"),
        ({"rule": "sums_to", "column": "a", "in": "b", "key": ["c"]}, "needs part"),
        ({"rule": "stable", "column": "a", "edges": [1], "shares": [1]}, "one share more than edges"),
        ({"rule": "stable", "column": "a", "edges": [2, 1], "shares": [0.5, 0.2, 0.3]}, "ascending edges"),
        ({"rule": "stable", "column": "a", "edges": [1], "shares": [0.5, 0.2]}, "do not add up to 1"),
        ({"rule": "stable", "column": "a", "shares": {"b": 0.6, "c": 0.5}}, "add up to more than 1"),
        ({"rule": "stable", "column": "a", "edges": [1], "shares": {"b": 0.6}}, "belong to a list"),
        ({"rule": "valid_postcode", "column": "a"}, "needs country or country_column"),
        ({"rule": "valid_postcode", "column": "a", "country": "XX"}, "knows no country XX"),
        ({"rule": "valid_phone", "column": "a", "country": "Germany"}, "knows no country Germany"),
        ({"rule": "reads_as", "column": "a", "form": "date"}, "whole_number"),
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
