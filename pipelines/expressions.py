"""What mapped Spark SQL may say: scalar or aggregate expressions over the delivered columns, and nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pyspark.errors import ParseException
from pyspark.sql import SparkSession

from lakehouse.errors import InvalidRetailerFile
from lakehouse.names import nearest
from pipelines.mapping import EntityMapping, Source

FILES_AND_CODE = frozenset(
    [
        "input_file_name",
        "input_file_block_length",
        "input_file_block_start",
        "reflect",
        "try_reflect",
        "java_method",
        "read_files",
    ]
)
CLOCK = frozenset(
    ["current_date", "curdate", "current_timestamp", "now", "localtimestamp", "current_time", "current_timezone"]
)
CHANCE = frozenset(
    [
        "rand",
        "randn",
        "random",
        "randstr",
        "uniform",
        "uuid",
        "shuffle",
        "monotonically_increasing_id",
        "spark_partition_id",
    ]
)
SESSION = frozenset(
    ["current_user", "user", "session_user", "current_catalog", "current_database", "current_schema", "version"]
)
REASONS = {
    FILES_AND_CODE: "reads files or runs code",
    CLOCK: "reads the clock, so that a rerun would give other rows",
    CHANCE: "draws at random, so that a rerun would give other rows",
    frozenset(["assert_true", "raise_error"]): "stops the whole night; a line of `rules` sets rows aside",
    SESSION: "depends on who runs it, so that a rerun would give other rows",
}
FORGIVING = {
    "aes_decrypt": "try_aes_decrypt",
    "parse_json": "try_parse_json",
    "to_binary": "try_to_binary",
    "to_number": "try_to_number",
    "unbase64": "try_to_binary(..., 'base64')",
    "url_decode": "try_url_decode",
    "validate_utf8": "try_validate_utf8",
    "variant_get": "try_variant_get",
    "str_to_map": "regexp_extract",
    **dict.fromkeys(
        [
            "xpath",
            "xpath_boolean",
            "xpath_double",
            "xpath_float",
            "xpath_int",
            "xpath_long",
            "xpath_number",
            "xpath_short",
            "xpath_string",
        ],
        "from_xml",
    ),
}
"""Functions that abort at one bad value even in a lenient session, and what gives null instead.

Source: every function of Spark 4.1.4 that reads text, tried on bad values with ANSI mode off.
"""
UNSUITED = {
    "window_funcs": "is a window function; a mapping sees one row or, with `group_by`, one group",
    "generator_funcs": "makes several rows of one; a mapping makes one row of one, or of a group",
    "table_funcs": "makes a table; a mapping makes one row of one, or of a group",
}
NODES = {
    "ScalarSubquery": "holds a subquery",
    "Exists": "holds a subquery",
    "InSubquery": "holds a subquery",
    "WindowExpression": "holds a window",
    "UnresolvedWindowExpression": "holds a window",
    "NamedParameter": "holds a parameter",
    "PosParameter": "holds a parameter",
    "Alias": "holds `as`; the name stands left of the colon",
    "MultiAlias": "holds `as`; the name stands left of the colon",
}


@dataclass(frozen=True)
class Parsed:
    """What an expression reads and calls, and the kinds of its nodes as Spark's parser names them."""

    columns: frozenset[str]
    functions: frozenset[str]
    nodes: frozenset[str]


def check_source(spark: SparkSession, source: Source, *, name: str) -> None:
    """Refuse a source with an expression that Spark cannot read or that a mapping may not use.

    Raises: InvalidRetailerFile, naming entity, column, position and fix.
    """
    for delivery, settings in source.deliveries.items():
        if settings.deleted_when:
            place = f"sources.{name}.deliveries.{delivery}.deleted_when"
            check_expression(spark, settings.deleted_when, where=place)
    for entity, mappings in source.entities.items():
        for position, mapping in enumerate(mappings):
            place = f"sources.{name}.entities.{entity}" + (f"[{position}]" if len(mappings) > 1 else "")
            check(spark, mapping, where=place)


def check(spark: SparkSession, mapping: EntityMapping, *, where: str) -> None:
    """Refuse a mapping with an expression that Spark cannot read or that a mapping may not use.

    Raises: InvalidRetailerFile.
    """
    for text in filter(None, [mapping.where]):
        check_expression(spark, text, where=f"{where}.where")
    groups = [check_expression(spark, text, where=f"{where}.group_by") for text in mapping.group_by]
    grouped = frozenset(column for group in groups for column in group.columns)
    for column, text in mapping.columns.items():
        place = f"{where}.columns.{column}"
        parsed = check_expression(spark, text, where=place, aggregates=bool(mapping.group_by))
        loose = sorted(parsed.columns - grouped)
        if mapping.group_by and loose and not _aggregates(spark, parsed):
            raise _wrong(
                f"`{text}` reads {', '.join(loose)}, which may differ within a group",
                where=place,
                fix=f"Aggregate it, as in min({loose[0]}), or add it to `group_by`.",
            )


def check_expression(spark: SparkSession, text: str, *, where: str, aggregates: bool = False) -> Parsed:
    """What the expression reads and calls, once it is known to be allowed.

    Raises: InvalidRetailerFile.
    """
    parsed = _parsed(spark, text, where=where)
    for node in sorted(parsed.nodes & set(NODES)):
        raise _wrong(f"`{text}` {NODES[node]}", where=where, fix="Write a scalar expression over delivered columns.")
    for called in sorted(parsed.functions | _bare_calls(parsed)):
        _check_function(spark, called, where=where, aggregates=aggregates)
    return parsed


def columns_read(spark: SparkSession, expression: str) -> frozenset[str]:
    """The delivered columns that the expression reads, as it spells them.

    Raises: InvalidRetailerFile if Spark cannot read the expression.
    """
    return _parsed(spark, expression, where=f"`{expression}`").columns


def columns_of(spark: SparkSession, mapping: EntityMapping) -> frozenset[str]:
    """The delivered columns that any expression of the mapping reads."""
    texts = [*mapping.columns.values(), *mapping.group_by, *filter(None, [mapping.where])]
    return frozenset(column for text in texts for column in columns_read(spark, text))


def _check_function(spark: SparkSession, name: str, *, where: str, aggregates: bool) -> None:
    for names, reason in REASONS.items():
        if name in names:
            raise _wrong(f"{name} {reason}", where=where, fix="Use delivered columns alone.")
    if name in FORGIVING:
        what = f"{name} stops the whole night at the first value that it cannot read"
        raise _wrong(what, where=where, fix=f"Use {FORGIVING[name]}, which gives null: only that row is set aside.")
    group = _function_group(spark, name)
    if group is None:
        known = [row[0] for row in spark.sql("show system functions").collect()]
        raise _wrong(f"there is no function {name}{_close(name, known)}", where=where, fix="Correct its name.")
    if group in UNSUITED:
        raise _wrong(f"{name} {UNSUITED[group]}", where=where, fix="Use a scalar function or `group_by`.")
    if group == "agg_funcs" and not aggregates:
        fix = "Give the mapping a `group_by`, or use a scalar function; `where` and `group_by` see single rows."
        raise _wrong(f"{name} is an aggregate, and this reads single rows", where=where, fix=fix)


def _aggregates(spark: SparkSession, parsed: Parsed) -> bool:
    return any(_function_group(spark, name) == "agg_funcs" for name in parsed.functions)


def _close(name: str, known: list[str]) -> str:
    hint = nearest(name, known)
    return hint if hint.startswith(" (did") else ""


def _bare_calls(parsed: Parsed) -> frozenset[str]:
    """Functions that SQL calls without brackets, as current_date."""
    return frozenset(column.lower() for column in parsed.columns) & {
        "current_date",
        "current_timestamp",
        "localtimestamp",
        "current_time",
        "current_user",
    }


def _function_group(spark: SparkSession, name: str) -> str | None:
    """The group that Spark's documentation puts the function in; None if there is no such function."""
    identifier = spark._jvm.org.apache.spark.sql.catalyst.FunctionIdentifier(name)  # type: ignore[union-attr]
    found = spark._jsparkSession.sessionState().functionRegistry().lookupFunction(identifier)
    return str(found.get().getGroup()) if found.isDefined() else None


def _parsed(spark: SparkSession, text: str, *, where: str) -> Parsed:
    try:
        tree = spark._jsparkSession.sessionState().sqlParser().parseExpression(text)
    except ParseException as failure:
        raise _wrong(f"Spark cannot read the SQL: {_position(failure)}", where=where, fix="Correct the SQL.") from None
    nodes = list(_nodes(tree, frozenset()))
    return Parsed(
        columns=frozenset(name for kind, name in nodes if kind == "UnresolvedAttribute"),
        functions=frozenset(name.lower() for kind, name in nodes if kind == "UnresolvedFunction"),
        nodes=frozenset(kind for kind, _ in nodes),
    )


def _nodes(node: Any, bound: frozenset[str]) -> Iterator[tuple[str, str]]:
    """(kind, name) of every node; a variable that a lambda does not bind is a delivered column."""
    kind = str(node.getClass().getSimpleName())
    below = node.children()
    children = [below.apply(position) for position in range(below.size())]
    if kind == "LambdaFunction":
        bound |= {_name(argument) for argument in children[1:]}
    if kind == "UnresolvedNamedLambdaVariable":
        yield ("LambdaVariable" if _name(node) in bound else "UnresolvedAttribute", _name(node))
    elif kind == "UnresolvedFunction":
        yield kind, str(node.nameParts().mkString("."))
    else:
        yield kind, _name(node) if kind == "UnresolvedAttribute" else ""
    for child in children:
        yield from _nodes(child, bound)


def _name(node: Any) -> str:
    return str(node.nameParts().head())


def _position(failure: ParseException) -> str:
    """The parser's complaint with line and position, without the SQL below it."""
    return str(failure).split("\n\n== SQL", maxsplit=1)[0].strip()


def _wrong(what: str, *, where: str, fix: str) -> InvalidRetailerFile:
    return InvalidRetailerFile(what, where=where, still_true="Nothing was started.", next_step=fix)
