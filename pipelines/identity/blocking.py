"""Which pairs of people are looked at: those that share one of many keys, rare values first, within a budget."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import duckdb

YEAR, DAY = "left(born, 4)", "substr(born, 5)"

# fmt: off
KEYS: Mapping[str, tuple[str, ...]] = {
    "email": ("email",), "phone": ("phone",), "card": ("card",), "mailbox": ("mailbox",),
    "whole name": ("whole",), "any word": ("unnest(words)",), "first": ("first",), "last": ("last",),
    "sounds": ("first_sound", "last_sound"), "root, last": ("unnest(first_roots)", "last_sound"),
    "last, other": ("last", "unnest(rest)"), "first, other": ("first", "unnest(rest)"),
    "born": ("born",), "first, born": ("first", "born"), "last, born": ("last", "born"),
    "first, year": ("first", YEAR), "last, year": ("last", YEAR),
    "first sound, day": ("first_sound", DAY), "last sound, day": ("last_sound", DAY),
    "postcode": ("postcode",), "house": ("postcode", "house"), "street": ("street", "house"),
    "first, street": ("first", "street"), "born, postcode": ("born", "postcode"),
    "first, postcode": ("first", "postcode"), "last, postcode": ("last", "postcode"),
    "sounds, area": ("first_sound", "last_sound", "area"), "first sound, area": ("first_sound", "area"),
    "last sound, area": ("last_sound", "area"), "year, area": (YEAR, "area"), "day, area": (DAY, "area"),
    "first sound, city": ("first_sound", "city"), "last sound, city": ("last_sound", "city"),
    "year, city": (YEAR, "city"), "day, city": (DAY, "city"),
}
EXTRA_KEYS: Mapping[str, tuple[str, ...]] = {
    "{extra}": ("{extra}",), "first, {extra}": ("first", "{extra}"), "last, {extra}": ("last", "{extra}"),
    "city, {extra}": ("city", YEAR, "{extra}"), "area, {extra}": ("area", YEAR, "{extra}"),
}
# fmt: on
"""Keys by name, each the SQL of values that must all be equal; wide ones serve where their values are rare."""

SHARE_OF_A_KEY = 8
"""A key gets at most this part of all pairs (1/8), so that no single one starves the others."""


SMALL_DATA_PAIRS_PER_RECORD, PAIRS_PER_RECORD, FEWEST_PAIRS = 80, 20, 8_000_000
"""How many pairs may be looked at in all. Source: benchmarks/identity.py; at 1,000,000 records more find nobody."""


@dataclass(frozen=True)
class KeyYield:
    """What one key gave: pairs (those of other keys among them), and what was left out for being too frequent.

    Units: largest is the number of people in the largest block that was looked at; 1 where none was.
    """

    key: str
    pairs: int
    blocks_left_out: int
    pairs_left_out: int
    largest: int


def find_pairs(engine: duckdb.DuckDBPyConnection, columns: Collection[str], *, budget: int) -> list[KeyYield]:
    """Make table `pairs` (l, r, l < r: ids of people) from the table `people`; what each key gave and left out.

    Units: one row per pair; the largest blocks over all keys are left out until the rest fits the budget.
    """
    keys = usable_keys(columns)
    engine.execute(f"create or replace temp table blocked as {_all_members(keys)}")
    engine.execute(SIZES)
    engine.execute(KEPT, {"total": budget, "own": budget // SHARE_OF_A_KEY})
    engine.execute(PAIRS)
    return _yields(engine, list(keys))


def find_pairs_of(
    engine: duckdb.DuckDBPyConnection, columns: Collection[str], *, largest: Mapping[str, int], table: str
) -> list[KeyYield]:
    """Make table `pairs` of those with at least one of the people of a table of people, as `find_pairs` would.

    Units: largest is the size of the largest block of each key that is looked at; a key without one gives none.
    """
    keys = usable_keys(columns)
    engine.execute(f"create or replace temp table own as {_all_members(keys, table)}")
    met = (MET.format(number=n, members=_members(n, parts), table=table) for n, parts in enumerate(keys.values()))
    engine.execute("create or replace temp table blocked as " + " union all ".join(["from own", *met]))
    engine.execute(SIZES)
    limits = ", ".join(f"({number}, {largest.get(name, 1)})" for number, name in enumerate(keys))
    engine.execute(KEPT_WITHIN.format(limits=limits))
    engine.execute(PAIRS_OF.format(table=table))
    return _yields(engine, list(keys))


def most_pairs(records: int) -> int:
    """How many pairs may be looked at among that many records."""
    return min(SMALL_DATA_PAIRS_PER_RECORD * records, max(FEWEST_PAIRS, PAIRS_PER_RECORD * records))


def usable_keys(columns: Collection[str]) -> dict[str, tuple[str, ...]]:
    """The keys whose columns hold values."""
    extras = [name for name in columns if name.startswith("extra_")]
    named: dict[str, tuple[str, ...]] = {
        name.format(extra=extra): tuple(part.format(extra=extra) for part in parts)
        for extra in extras
        for name, parts in EXTRA_KEYS.items()
    }
    return {name: parts for name, parts in {**KEYS, **named}.items() if all(_column(part) in columns for part in parts)}


def _yields(engine: duckdb.DuckDBPyConnection, names: list[str]) -> list[KeyYield]:
    found = engine.execute(YIELDS).fetchall()
    engine.execute("drop table blocked; drop table block_sizes; drop table kept_blocks; drop table if exists own")
    return [KeyYield(names[number], *counts) for number, *counts in found]


def _column(part: str) -> str:
    """The column that a part of a key reads."""
    return part.split("(")[-1].split(",")[0].rstrip(")")


def _all_members(keys: Mapping[str, tuple[str, ...]], people: str = "people") -> str:
    """SQL of who is in which block of every key."""
    members = (_members(number, parts, people) for number, parts in enumerate(keys.values()))
    return " union all ".join([NOBODY, *members])


def _members(number: int, parts: tuple[str, ...], people: str = "people") -> str:
    """SQL of who is in which block of a key: key, block, id."""
    names = [f"part_{place}" for place in range(len(parts))]
    chosen = ", ".join(f"{part} as {name}" for part, name in zip(parts, names, strict=True))
    present = " and ".join(f"{name} is not null" for name in names)
    # One of a list's values may come twice.
    once = "distinct" if any(part.startswith("unnest") for part in parts) else ""
    return (
        f"select {once} {number}::utinyint as key, hash({', '.join(names)}) as block, id"
        f" from (select id, {chosen} from {people}) where {present}"
    )


NOBODY = "select 0::utinyint as key, 0::ubigint as block, 0::integer as id where false"
MET = """
select key, block, id from ({members})
semi join (select distinct block from own where key = {number}) using (block) anti join {table} using (id)
"""
"""One key at a time: who meets none of the fresh in it, nearly everybody, falls out of a table that fits a cache."""

SIZES = """
create or replace temp table block_sizes as
select key, block, count(*) as size from blocked group by key, block having count(*) > 1
"""
KEPT = """
create or replace temp table kept_blocks as
with by_size as (
    select key, size, sum(size * (size - 1) / 2) as pairs from block_sizes group by key, size
), own as (
    select key, size, pairs, sum(pairs) over (partition by key order by size) as up_to_here from by_size
), fitting as (
    select key, size, pairs from own where up_to_here <= $own
), all_keys as (
    select size, sum(sum(pairs)) over (order by size) as up_to_here from fitting group by size
)
select block_sizes.key, block_sizes.block
from block_sizes join fitting using (key, size) join all_keys using (size)
where all_keys.up_to_here <= $total
"""
PAIRS = """
create or replace temp table pairs as
with members as (from blocked semi join kept_blocks using (key, block))
select distinct x.id as l, y.id as r
from members x join members y on x.key = y.key and x.block = y.block and x.id < y.id
"""
KEPT_WITHIN = """
create or replace temp table kept_blocks as
select block_sizes.key, block_sizes.block
from block_sizes join (values {limits}) limits(key, largest) using (key) where size <= largest
"""
PAIRS_OF = """
create or replace temp table pairs as
with members as (from blocked semi join kept_blocks using (key, block))
select distinct least(x.id, y.id) as l, greatest(x.id, y.id) as r
from (from members semi join {table} using (id)) x
join members y on x.key = y.key and x.block = y.block and x.id <> y.id
"""
YIELDS = """
select key,
    cast(coalesce(sum(size * (size - 1) / 2) filter (kept), 0) as bigint),
    count(*) filter (not kept),
    cast(coalesce(sum(size * (size - 1) / 2) filter (not kept), 0) as bigint),
    coalesce(max(size) filter (kept), 1)
from (select block_sizes.*, kept_blocks.block is not null as kept
      from block_sizes left join kept_blocks using (key, block))
group by key order by key
"""
