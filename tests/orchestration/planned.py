"""What Spark itself says a column is made of: read from the analysed plan of a step, run on frames without rows."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.lineage import ColumnName, named
from lakehouse.rows import frame_of
from lakehouse.table import Table

MARK = "column "
"""Begins the literal that stands in a marked column: metadata is lost in the JSON of a plan."""


def empty(spark: SparkSession, table: Table) -> DataFrame:
    """The table without a row; every column remembers whose it is, however often the frame is joined."""
    frame = frame_of(spark, [], table.schema)
    names = table.column_names
    return frame.select(*(F.when(F.lit(f"{MARK}{table.name}.{n}") != "", F.col(n)).alias(n) for n in names))


@dataclass(frozen=True)
class Planned:
    """The columns of tables that go into each column of a frame, and all those that its plan looks at."""

    values: dict[str, frozenset[ColumnName]]
    looked_at: frozenset[ColumnName]


def planned(frame: DataFrame) -> Planned:
    """The lineage of the frame's columns, by its analysed plan."""
    nodes = json.loads(frame._jdf.queryExecution().analyzed().toJSON())
    tree = _tree(iter(nodes))
    reading = _Reading()
    reading.node(tree)
    output = zip(frame.columns, reading.output(tree), strict=True)
    everything = {origin for one in reading.asked for origin in reading.origins(one)}
    return Planned({name: reading.origins(one) for name, one in output}, frozenset(everything))


Node = dict[str, Any]


def _tree(nodes: Iterator[Node]) -> Node:
    """A tree from its nodes in the order in which Spark lists them: each before its children."""
    head = next(nodes)
    return head | {"_children": [_tree(nodes) for _ in range(head["num-children"])]}


@dataclass
class _Reading:
    """What each expression id stands for; filled while the plan is walked."""

    made: dict[int, set[int]] = field(default_factory=dict)
    leaves: dict[int, ColumnName] = field(default_factory=dict)
    asked: set[int] = field(default_factory=set)

    def node(self, node: Node) -> None:
        for child in node["_children"]:
            self.node(child)
        for expression in _expressions(node):
            self.expression(expression)
        kind = _kind(node)
        if kind == "Generate":
            refs = {i for e in _expressions({"g": node["generator"]}) for i in _references(e)}
            self.made |= {_id(one[0]): refs for one in node["generatorOutput"]}
        if kind == "Union":
            for position, first in enumerate(self.output(node["_children"][0])):
                others = {self.output(child)[position] for child in node["_children"][1:]}
                self.made[first] = self.made.get(first, set()) | others
        if kind == "MapInArrow":
            inner = set(self.output(node["_children"][0]))
            self.made |= {_id(one[0]): inner for one in node["output"]}

    def expression(self, expression: Node) -> None:
        for one in _walk(expression):
            if _kind(one) == "AttributeReference":
                self.asked.add(_id(one))
            if _kind(one) == "Alias":
                marks = [str(below.get("value", "")) for below in _walk(one) if _kind(below) == "Literal"]
                self.leaves |= {_id(one): named(mark.removeprefix(MARK)) for mark in marks if mark.startswith(MARK)}
                self.made[_id(one)] = set(_references(one["_children"][0]))

    def output(self, node: Node) -> list[int]:
        kind = _kind(node)
        if kind in ("Project", "Aggregate"):
            return [_id(one[0]) for one in node["projectList" if kind == "Project" else "aggregateExpressions"]]
        below = [self.output(child) for child in node["_children"]]
        if kind == "Join":
            left_alone = str(node["joinType"]).find("Left") >= 0 and "Outer" not in str(node["joinType"])
            return below[0] if left_alone else below[0] + below[1]
        if kind == "Window":
            return below[0] + [_id(one[0]) for one in node["windowExpressions"]]
        if kind == "Generate":
            unneeded = set(node["unrequiredChildIndex"] or [])
            kept = [one for place, one in enumerate(below[0]) if place not in unneeded]
            return kept + [_id(one[0]) for one in node["generatorOutput"]]
        return below[0] if below else [_id(one[0]) for one in node["output"]]

    def origins(self, one: int) -> frozenset[ColumnName]:
        seen: set[int] = set()
        waiting, found = [one], set()
        while waiting:
            here = waiting.pop()
            if here in seen:
                continue
            seen.add(here)
            found |= {self.leaves[here]} if here in self.leaves else set()
            waiting += self.made.get(here, set())
        return frozenset(found)


def _kind(node: Node) -> str:
    return str(node["class"]).rsplit(".", 1)[-1]


def _id(node: Node) -> int:
    return int(node["exprId"]["id"])


def _references(tree: Node) -> Iterator[int]:
    return (_id(one) for one in _walk(tree) if _kind(one) == "AttributeReference")


def _walk(tree: Node) -> Iterator[Node]:
    yield tree
    for child in tree["_children"]:
        yield from _walk(child)


def _expressions(node: Node) -> Iterator[Node]:
    """The expressions of a node, each as a tree; Spark writes one as a list of its nodes."""
    for name, value in node.items():
        if name != "_children" and isinstance(value, list) and value:
            lists = value if isinstance(value[0], list) else [value]
            for one in lists:
                if one and isinstance(one[0], dict) and "class" in one[0]:
                    yield _tree(iter(one))
