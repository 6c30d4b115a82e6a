"""Words and values for pages about two records: what columns, levels and kinds of evidence are called."""

from collections.abc import Mapping
from dataclasses import dataclass
from shlex import quote
from typing import Any

from pipelines.identity.known import Side

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
NAME, SEEN = "name", "first seen"
CELL = 37
"""Columns of the terminal for one value."""
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
    "kept": "one customer as before",
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


@dataclass(frozen=True)
class Row:
    """What two records say of one thing; empty text where a record says nothing."""

    name: str
    left: str
    right: str

    @property
    def differs(self) -> bool:
        """Whether both say something, and not the same; when they were first seen is no matter of who they are."""
        same_words = self.name == NAME and sorted(self.left.split()) == sorted(self.right.split())
        return bool(self.left and self.right) and self.left != self.right and self.name != SEEN and not same_words


def values(record: Mapping[str, Any], *, is_whole: bool = False) -> dict[str, str]:
    """What a person record says, by what it is called; the same names in the same order for every record.

    Units: is_whole gives the name in one piece, as a record says it that does not part it.
    """
    given, family = (" ".join(record.get(part) or ()) for part in ("given", "family"))
    whole = " ".join(filter(None, (given, family))) or " ".join(record.get("tokens") or ())
    named = {NAME: whole} if is_whole else {"given name": given, "family name": family}
    return {
        **named,
        "birth date": _text(record.get("born_on")),
        "e-mail": _text(record.get("email")),
        "phone": _text(record.get("phone")),
        "loyalty card": _text(record.get("card")),
        "street": " ".join(filter(None, (_text(record.get("street")), _text(record.get("house"))))),
        "postcode": _text(record.get("postcode")),
        "town": _text(record.get("city")),
        "gender": _text(record.get("gender")),
        SEEN: _text(record.get("first_seen"))[:10],
    }


def side_by_side(left: Mapping[str, Any], right: Mapping[str, Any]) -> list[Row]:
    """Everything that either record says; names in one piece where one of them does not part it."""
    is_whole = not all(record.get("given") or record.get("family") for record in (left, right))
    ours, theirs = (values(record, is_whole=is_whole) for record in (left, right))
    return [Row(name, ours[name], theirs[name]) for name in ours if ours[name] or theirs[name]]


def table_lines(left: str, right: str, rows: list[Row]) -> list[str]:
    """Two records side by side in a terminal of 100 columns, where they differ marked by `≠`."""
    lines = [f"{'':<16}{'':<3}{_short(left):<{CELL + 1}}{_short(right)}"]
    for row in rows:
        mark = "≠" if row.differs else ""
        lines.append(f"{row.name:<16}{mark:<3}{_short(row.left):<{CELL + 1}}{_short(row.right)}".rstrip())
    return lines


def decision_command(left: Side, right: Side, decision: str) -> str:
    """The command that decides a pair, safe to paste whatever a source writes into its ids."""
    answer = quote(f"{left.name},{right.name}={decision}")
    return f"habitue review --answer {answer} --who NAME --why REASON"


def _short(text: str) -> str:
    return text if len(text) <= CELL else f"{text[: CELL - 1]}…"


def _text(value: Any) -> str:
    return "" if value is None else str(value)
