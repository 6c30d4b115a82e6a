"""Words and values for pages about two records: what columns, levels and kinds of evidence are called."""

from collections.abc import Mapping
from typing import Any

COLUMNS = {
    "first": "given name",
    "last": "family name",
    "rest": "other names",
    "born": "birth date",
    "email": "e-mail",
    "card": "loyalty card",
    "street": "street",
    "city": "town",
}
KINDS = {
    "loyalty_id": "the same loyalty card",
    "email": "the same e-mail",
    "phone": "the same phone",
    "cookie": "the same cookie",
    "name_birth": "the same whole name and birth date",
    "name_place": "the same whole name and postal code",
    "link": "a link that a source states",
    "decided": "a decision of people",
    "match": "all that they say",
}
CLASSES = {
    "one_person": "one person",
    "relatives": "two of one household",
    "namesakes": "two of one name",
    "neighbours": "neighbours",
    "strangers": "strangers",
}


def column(name: str) -> str:
    """What a column of the comparisons is called."""
    return COLUMNS.get(name, name.removeprefix("extra_").replace("_", " "))


def columns(names: tuple[str, ...]) -> str:
    """Columns in one phrase: `family name, phone and town`."""
    words = [column(name) for name in names]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def kind(name: str) -> str:
    """What a kind of evidence is called."""
    return KINDS.get(name, name.replace("_", " "))


def percent(probability: float) -> str:
    """A probability as people read it; never 0 or 100 % of what is only probable."""
    if probability >= 0.999:
        return "over 99.9 %"
    return "under 0.1 %" if probability < 0.001 else f"{100 * probability:.1f} %"


def values(record: Mapping[str, Any]) -> dict[str, str]:
    """What a person record says, by what it is called; the same names in the same order for every record."""
    given, family = (" ".join(record.get(part) or ()) for part in ("given", "family"))
    parted = {"given name": given, "family name": family}
    return {
        **parted,
        "whole name": "" if given or family else " ".join(record.get("tokens") or ()),
        "birth date": _text(record.get("born_on")),
        "e-mail": _text(record.get("email")),
        "phone": _text(record.get("phone")),
        "loyalty card": _text(record.get("card")),
        "street": " ".join(filter(None, (_text(record.get("street")), _text(record.get("house"))))),
        "postcode": _text(record.get("postcode")),
        "town": _text(record.get("city")),
        "gender": _text(record.get("gender")),
        "first seen": _text(record.get("first_seen"))[:10],
    }


def side_by_side(left: Mapping[str, Any], right: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(name, left, right) of everything that either record says."""
    ours, theirs = values(left), values(right)
    return [(name, ours[name], theirs[name]) for name in ours if ours[name] or theirs[name]]


def table_lines(left: str, right: str, rows: list[tuple[str, str, str]]) -> list[str]:
    """Two records side by side in a terminal, where they differ marked by `≠`."""
    lines = [f"{'':<16}{'':<3}{left:<38}{right}"]
    for name, one, other in rows:
        mark = "≠" if one and other and one != other else ""
        lines.append(f"{name:<16}{mark:<3}{one:<38}{other}".rstrip())
    return lines


def _text(value: Any) -> str:
    return "" if value is None else str(value)
