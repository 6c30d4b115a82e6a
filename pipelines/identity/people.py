"""The columns by which two person records are compared and found, from the records of records.py. DuckDB SQL."""

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.identity.nicknames import name_roots

# fmt: off
PARTICLES = (
    "af", "al", "and", "av", "ben", "bin", "da", "das", "de", "del", "della", "den", "der", "des", "di", "do", "dos",
    "du", "el", "et", "la", "las", "le", "les", "los", "of", "op", "st", "nd", "rd", "th", "ten", "ter", "the", "to",
    "und", "van", "vom", "von", "y", "zu", "zum", "zur",
)
# fmt: on
"""Words of names that say nothing alone; some systems drop them."""

REVERSED = -4.0
"""Below this sum of log odds a name stands in the wrong order: odds of 55 to 1."""

SOUNDS = (
    *(("ph", "f"), ("ck", "k"), ("sch", "s"), ("th", "t"), ("ll", "l"), ("tt", "t"), ("ss", "s"), ("nn", "n")),
    *(("rr", "r"), ("mm", "m"), ("ff", "f"), ("pp", "p"), ("dd", "d"), ("c", "k"), ("z", "s"), ("q", "k")),
)
"""Spellings of one sound, in the order in which they are replaced; then vowels, h, w and y go, but for the first."""


def prepare(engine: duckdb.DuckDBPyConnection, records: pa.Table) -> list[str]:
    """Make table `people` of the records that are no test accounts; the names of its columns that hold values.

    Grain: one row per record, `id` counts them by record_key; rows without any name, date or identifier stay.
    """
    orient(engine, records)
    engine.execute(f"create or replace temp table people as {_people(records, begin=0)}")
    return _filled(engine)


def add(engine: duckdb.DuckDBPyConnection, records: pa.Table) -> list[str]:
    """Add records to the table `people`; the names of its columns that hold values.

    Units: ids go on counting; which names stand in the wrong order is told by the records that were there before.
    """
    [begin] = engine.execute("select count(*) from people").fetchall()[0]
    _tell(engine, records)
    engine.execute(f"insert into roles from ({WORDS}) anti join roles using (word)")
    engine.execute(f"insert into people by name {_people(records, begin=begin)}")
    return _filled(engine)


def orient(engine: duckdb.DuckDBPyConnection, records: pa.Table) -> None:
    """Make view `oriented`: the records that are no test accounts, with their first and last name in the right order.

    Grain: one row per record; first and last are one word each, beside how they sound and what the first may stand for.
    """
    roots = name_roots()
    engine.register("roots", pa.table({"name": list(roots), "roots": pa.array(list(roots.values()))}))
    engine.execute(_sound_macro())
    _tell(engine, records)
    engine.execute(f"create or replace temp table roles as {WORDS}")
    engine.execute(ORIENTED)


def _tell(engine: duckdb.DuckDBPyConnection, records: pa.Table) -> None:
    """Make the tables `records` and `told`."""
    keys = [name for name in records.column_names if name.endswith("_key") and name != "record_key"]
    places = pa.array(np.arange(records.num_rows, dtype=np.int64))
    engine.register("records", records.drop_columns(keys).append_column("position", places))
    engine.execute(TOLD, {"particles": list(PARTICLES)})


def _people(records: pa.Table, *, begin: int) -> str:
    extras = "".join(f", {name}" for name in records.column_names if name.startswith("extra_"))
    return PEOPLE.format(extras=extras, begin=begin)


def _filled(engine: duckdb.DuckDBPyConnection) -> list[str]:
    """The columns of people that hold values."""
    names = [row[0] for row in engine.execute("select column_name from (describe people)").fetchall()]
    counts = engine.execute(f"select {', '.join(f'count({name})' for name in names)} from people").fetchall()[0]
    return [name for name, count in zip(names, counts, strict=True) if count]


TOLD = """
create or replace temp table told as
with said as (
    select *,
        list_filter(tokens, lambda word: not list_contains($particles, word)) as plain_tokens,
        list_filter(given, lambda word: not list_contains($particles, word)) as plain_given,
        list_filter(family, lambda word: not list_contains($particles, word)) as plain_family
    from (select position, given, family, tokens from records where not is_test)
)
select position,
        if(len(plain_tokens) > 0, plain_tokens, tokens) as words,
        coalesce(plain_given[1], given[1], if(len(family) = 0, plain_tokens[1], null)) as first,
        coalesce(plain_family[-1], family[-1],
            if(len(given) = 0 and len(plain_tokens) > 1, plain_tokens[-1], null)) as last
from said
"""
"""The names alone, by the position of their record: to copy whole records took as long as all the rest."""

WORDS = """
with seen as (
    select first as word, 1 as as_first, 0 as as_last from told where first is not null
    union all select last, 0, 1 from told where last is not null
), counted as (
    select word, ln((sum(as_first) + 1) / (sum(as_last) + 1)) as lean from seen group by word
)
select word, lean, sound(word) as sound, coalesce(roots.roots, [word]) as roots
from counted left join roots on roots.name = word
"""
"""What only a word says, worked out once per word: how often it is a given name and how often a family name in these
data, how it sounds, and what it may stand for."""

ORIENTED = f"""
create or replace temp view oriented as
with named as (
    select told.*, coalesce(x.lean, 0) - coalesce(y.lean, 0) < {REVERSED} as is_reversed,
        x.sound as one_sound, y.sound as other_sound, x.roots as one_roots, y.roots as other_roots
    from told left join roles x on x.word = first left join roles y on y.word = last
)
select records.* exclude (given, family, tokens), words,
    if(is_reversed, last, first) as first, if(is_reversed, first, last) as last,
    if(is_reversed, other_sound, one_sound) as first_sound, if(is_reversed, one_sound, other_sound) as last_sound,
    if(is_reversed, other_roots, one_roots) as first_roots
from records join named using (position)
"""
"""Names in the wrong order, found by what their words lean to."""

PEOPLE = """
select
    id,
    record_key,
    source,
    first,
    last,
    if(len(words) > 0, words, null) as words,
    nullif(list_sort(list_filter(words, lambda word: word <> coalesce(first, '') and word <> coalesce(last, ''))), [])
        as rest,
    if(len(words) > 1, array_to_string(list_sort(words), ' '), null) as whole,
    first_roots,
    first_sound,
    last_sound,
    strftime(born_on, '%Y%m%d') as born,
    email,
    split_part(email, '@', 1) as mailbox,
    phone,
    card,
    street,
    house,
    postcode,
    case when regexp_matches(postcode, '[a-z]') and length(postcode) >= 5 then left(postcode, length(postcode) - 3)
         else left(postcode, greatest(length(postcode) - 2, 1)) end as area,
    city,
    gender{extras}
from oriented
join (select position, cast({begin} + row_number() over (order by record_key) - 1 as integer) as id
      from records where not is_test) using (position)
"""
"""Counted apart from their values: to sort whole rows took twice as long as all the rest."""


def _sound_macro() -> str:
    spelled = "x"
    for written, spoken in SOUNDS:
        spelled = f"replace({spelled}, '{written}', '{spoken}')"
    bare = "left(s, 1) || regexp_replace(substr(s, 2), '[aeiouhwy]', '', 'g')"
    return f"create or replace macro sound(x) as (select {bare} from (select {spelled} as s))"
