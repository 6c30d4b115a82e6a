"""How two people are compared, column by column: the levels of likeness that Splink weighs.

One settings object for every engine: levels are Splink's own or SQL that DuckDB and Spark both read.
Source: splink.comparison_level_library.
"""

from collections.abc import Collection
from typing import Any

import splink.comparison_level_library as cll
from splink import SettingsCreator
from splink.internals.comparison_level_creator import ComparisonLevelCreator

Level = ComparisonLevelCreator

CONFUSED = {
    "relatives": ("last", "rest", "street", "postcode", "city", "phone", "email"),
    "namesakes": ("first", "last", "rest", "gender", "postcode", "city"),
    "neighbours": ("street", "postcode", "city"),
}
"""What two people have in common without being one person: those of one household, of one name and town, of one place.

Without neighbours, those of small data, where whole towns are compared, would be taken for households.
"""
TERM_FREQUENCIES = ("first", "last", "born", "postcode", "city")
"""Columns where an equal rare value says more than an equal frequent one; every extra column too."""
IDENTIFIERS = ("email", "phone", "card")
"""Columns whose values nearly name one person: two random records hardly ever share one."""


def settings(columns: Collection[str]) -> SettingsCreator:
    """The comparisons of the columns that hold values; probabilities are still to be estimated."""
    return SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="id",
        comparisons=[_comparison(name, levels) for name, levels in comparisons(columns).items()],
        blocking_rules_to_generate_predictions=[],
        retain_matching_columns=False,
        em_convergence=0.001,
        max_iterations=15,
    )


def comparisons(columns: Collection[str]) -> dict[str, list[Level]]:
    """Levels by column, the most alike first, without the first (a value is missing) and the last (all else)."""
    found = {name: levels() for name, levels in COLUMNS.items() if name in columns}
    return found | {name: _extra(name) for name in columns if name.startswith("extra_")}


def _comparison(name: str, levels: list[Level]) -> dict[str, Any]:
    every = [cll.NullLevel(name), *levels, cll.ElseLevel()]
    return {"output_column_name": name, "comparison_levels": [level.create_level_dict("duckdb") for level in every]}


def _sql(text: str, label: str) -> Level:
    return cll.CustomLevel(text, label)


def _close(name: str) -> Level:
    one_letter = cll.And(_sql(f"length({name}_l) >= 4", "long"), cll.LevenshteinLevel(name, 1))
    return cll.Or(cll.JaroWinklerLevel(name, 0.92), one_letter).configure(label_for_charts=f"{name} close")


def _exact(name: str) -> Level:
    return cll.ExactMatchLevel(name, term_frequency_adjustments=True)


def _first() -> list[Level]:
    return [
        _exact("first"),
        _sql("first_l = last_r and last_l = first_r", "first and last name reversed"),
        _sql("array_has_any(first_roots_l, first_roots_r)", "short form of the same name"),
        _close("first"),
        _sql("left(first_l, 1) = left(first_r, 1) and least(length(first_l), length(first_r)) = 1", "initial"),
        _sql("left(first_l, 3) = left(first_r, 3)", "same three letters"),
        _sql("array_contains(rest_r, first_l) or array_contains(rest_l, first_r)", "among the other names"),
        cll.JaroWinklerLevel("first", 0.8),
    ]


def _last() -> list[Level]:
    return [
        _exact("last"),
        _sql("last_l = first_r and first_l = last_r", "first and last name reversed"),
        _close("last"),
        _sql("array_contains(rest_r, last_l) or array_contains(rest_l, last_r)", "among the other names"),
        cll.JaroWinklerLevel("last", 0.8),
    ]


def _rest() -> list[Level]:
    return [
        _sql("rest_l = rest_r", "same other names"),
        cll.ArrayIntersectLevel("rest", 2),
        cll.ArrayIntersectLevel("rest", 1),
    ]


def _born() -> list[Level]:
    year, month, day = (f"substr(born_{{}}, {place})" for place in ("1, 4", "5, 2", "7, 2"))

    def same(left: str, right: str) -> str:
        return f"{left.format('l')} = {right.format('r')}"

    swapped = f"{same(year, year)} and {same(month, day)} and {same(day, month)}"
    two_parts = f"({same(year, year)} and {same(month, month)}) or ({same(month, month)} and {same(day, day)})"
    decade = f"abs(cast({year.format('l')} as int) - cast({year.format('r')} as int)) <= 10"
    return [
        _exact("born"),
        _sql(swapped, "day and month swapped"),
        cll.LevenshteinLevel("born", 1),
        _sql(two_parts, "year and month, or month and day"),
        _sql(same(year, year), "same year"),
        cll.LevenshteinLevel("born", 2),
        _sql(decade, "within ten years"),
    ]


def _email() -> list[Level]:
    typo = cll.And(cll.JaroWinklerLevel("email", 0.9), cll.LevenshteinLevel("email", 2)).configure(
        label_for_charts="email, a typo"
    )
    same = _sql("mailbox_l = mailbox_r and length(mailbox_l) >= 5", "same mailbox elsewhere")
    return [cll.ExactMatchLevel("email"), same, typo, cll.JaroWinklerLevel("mailbox", 0.9)]


def _number(name: str) -> list[Level]:
    return [cll.ExactMatchLevel(name), cll.LevenshteinLevel(name, 2)]


def _street() -> list[Level]:
    house = _sql("house_l = house_r", "same house number")
    close = cll.JaroWinklerLevel("street", 0.85)
    return [
        cll.And(_sql("street_l = street_r", "same street"), house).configure(label_for_charts="same street and number"),
        cll.And(house, close).configure(label_for_charts="same number, street close"),
        cll.ExactMatchLevel("street"),
        cll.JaroWinklerLevel("street", 0.92),
        house,
        cll.JaroWinklerLevel("street", 0.8),
    ]


def _postcode() -> list[Level]:
    region = _sql("left(area_l, 2) = left(area_r, 2)", "same region")
    return [_exact("postcode"), cll.LevenshteinLevel("postcode", 1), cll.ExactMatchLevel("area"), region]


def _city() -> list[Level]:
    words = "array_has_any(string_split(city_l, ' '), string_split(city_r, ' '))"
    return [_exact("city"), cll.JaroWinklerLevel("city", 0.9), _sql(words, "a word of the place")]


def _gender() -> list[Level]:
    return [cll.ExactMatchLevel("gender")]


def _extra(name: str) -> list[Level]:
    return [_exact(name), cll.LevenshteinLevel(name, 1), cll.JaroWinklerLevel(name, 0.85)]


COLUMNS = {
    "first": _first,
    "last": _last,
    "rest": _rest,
    "born": _born,
    "email": _email,
    "phone": lambda: _number("phone"),
    "card": lambda: _number("card"),
    "street": _street,
    "postcode": _postcode,
    "city": _city,
    "gender": _gender,
}
