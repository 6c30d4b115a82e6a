"""Forty and more kinds of damaged delivery: how the files of one night are spoiled, and how the night has to answer."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import pandas as pd

from benchmarks.shop_nights import CONTACTS_ENCODING, FLAGSHIP, Files, as_csv, as_json_lines, from_csv, from_json_lines

Answer = Literal["blocked", "rejected", "warned", "silent"]
SILENT: Answer = "silent"
Edit = Callable[[pd.DataFrame], pd.DataFrame]
Spoil = Callable[[Files, Files], Files]
"""From the files of the night and of the night before, what is delivered instead."""

TILL, TICKETS, LINES, NORTH = "pos/", "pos/tickets_", "pos/lines_", "pos/tickets_north_"
WEB, CONTACTS = "web/orders_", "crm/contacts_"
HOURS = 9


@dataclass(frozen=True)
class Damage:
    """One kind of damage, and the loudest answer that a night must give."""

    name: str
    expected: Answer
    spoil: Spoil


def _content(of: str, edit: Callable[[bytes], bytes]) -> Spoil:
    """Files whose path begins so, with their bytes edited."""
    return lambda files, _: {name: edit(found) if name.startswith(of) else found for name, found in files.items()}


def _rows(of: str, edit: Edit) -> Spoil:
    """Files whose path begins so, with their rows edited."""
    return _content(of, partial(_edited, edit=edit, of=of))


def _edited(content: bytes, *, edit: Edit, of: str) -> bytes:
    if of == WEB:
        return as_json_lines(edit(from_json_lines(content)))
    encoding = CONTACTS_ENCODING if of == CONTACTS else "utf-8"
    return as_csv(edit(from_csv(content, encoding=encoding)), encoding=encoding)


def _values(of: str, **columns: Callable[[pd.Series], pd.Series]) -> Spoil:
    """Columns with their values changed."""
    return _rows(of, lambda rows: rows.assign(**{name: change(rows[name]) for name, change in columns.items()}))


def _without(of: str) -> Spoil:
    return lambda files, _: {name: found for name, found in files.items() if not name.startswith(of)}


def _stale(of: str, add: bytes = b"") -> Spoil:
    """Yesterday's content under today's names."""

    def spoil(files: Files, before: Files) -> Files:
        old = {name[:-15]: content for name, content in before.items() if name.startswith(of)}
        return {name: old[name[:-15]] + add if name.startswith(of) else found for name, found in files.items()}

    return spoil


def _again(files: Files, _: Files) -> Files:
    copies = {name.replace(".csv", "_copy.csv"): found for name, found in files.items() if name.startswith(NORTH)}
    return {**files, **copies}


def _renumbered(rows: pd.DataFrame, chosen: pd.Series | None = None) -> pd.DataFrame:
    """The rows, and the chosen ones once more under other numbers."""
    more = rows if chosen is None else rows[chosen]
    return pd.concat([rows, more.assign(Ticket=more["Ticket"] + "9")], ignore_index=True)


def _largest_store(rows: pd.DataFrame) -> pd.Series:
    return rows["Ticket"].str.slice(0, 3) == FLAGSHIP


def _of_odd_stores(rows: pd.DataFrame) -> pd.Series:
    return rows["Ticket"].str.slice(2, 3).astype(int) % 2 == 1


def _values_left(content: bytes) -> bytes:
    """Every row without its second value, under the old header."""
    header, *rows = content.decode().splitlines()
    cut = [";".join(values[:1] + values[2:]) for values in (row.split(";") for row in rows)]
    return "\n".join([header, *cut, ""]).encode()


def _rotated(rows: pd.DataFrame) -> pd.DataFrame:
    """Values under the header of their neighbour."""
    return rows[[*rows.columns[1:], rows.columns[0]]].set_axis(list(rows.columns), axis=1)


def _grouped_by_thousands(amounts: pd.Series) -> pd.Series:
    return amounts.map("{:,.2f}".format)


def _swapped(moments: pd.Series) -> pd.Series:
    return moments.str.slice(3, 5) + "/" + moments.str.slice(0, 2) + moments.str.slice(5)


def _later(moments: pd.Series) -> pd.Series:
    moved = pd.to_datetime(moments) + pd.Timedelta(hours=HOURS)
    return moved.dt.strftime("%Y-%m-%dT%H:%M:%SZ")


def _two_encodings(content: bytes) -> bytes:
    """The second half of the rows as another system writes them."""
    lines = content.splitlines(keepends=True)
    half = len(lines) // 2
    return b"".join(lines[:half]) + b"".join(lines[half:]).decode(CONTACTS_ENCODING).encode()


def _with_commas(content: bytes) -> bytes:
    return content.replace(b",", b".").replace(b";", b",")


def _stray_quote(content: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    lines[5] = lines[5].replace(b";S;", b';"S;', 1).replace(b";R;", b';"R;', 1)
    return b"".join(lines)


def _twice_otherwise(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([rows, rows.head(30).assign(Town="Elsewhere")], ignore_index=True)


def _of_yesterday(numbers: pd.Series) -> pd.Series:
    """Ticket numbers that the night before has used: its number stands behind the store's."""
    return (
        numbers.str.slice(0, 4) + (numbers.str.slice(4, 8).astype(int) - 1).map("{:04d}".format) + numbers.str.slice(8)
    )


def _nothing(values: pd.Series) -> pd.Series:
    return pd.Series(None, index=values.index, dtype=object)


def _first_lines(content: bytes, share: float = 0.4) -> bytes:
    lines = content.splitlines(keepends=True)
    return b"".join(lines[: int(len(lines) * share)])


PAGE = b"<html><body><h1>503 Service Unavailable</h1>\n<p>Try again later</p></body></html>\n"
ONE_MORE = b"101-NEW;101;01/04/2026 10:00;S;;;;10,00;0,00;EUR\n"

DAMAGES: tuple[Damage, ...] = (
    Damage("cut_within_a_row", "rejected", _content(NORTH, lambda content: content[: len(content) * 6 // 10])),
    Damage("cut_after_a_row", "blocked", _content(TICKETS, _first_lines)),
    Damage("cut_json", "rejected", _content(WEB, lambda content: content[: len(content) * 9 // 10])),
    Damage("empty_file", "warned", _content("pos/tickets_lux_", lambda _: b"")),
    Damage("one_file_missing", "warned", _without("pos/tickets_lux_")),
    Damage("all_tickets_missing", "warned", _without(TICKETS)),
    Damage("all_lines_missing", "warned", _without(LINES)),
    Damage("contacts_missing", "blocked", _without(CONTACTS)),
    Damage("rows_doubled", "blocked", _content(TICKETS, lambda content: content + content.split(b"\n", 1)[1])),
    Damage("rows_doubled_under_new_numbers", "blocked", _rows(TILL, _renumbered)),
    Damage("file_delivered_twice", "warned", _again),
    Damage("one_store_doubled", "blocked", _rows(TILL, lambda rows: _renumbered(rows, _largest_store(rows)))),
    Damage("one_store_missing", "warned", _rows(TILL, lambda rows: rows[~_largest_store(rows)])),
    Damage("half_the_stores_missing", "blocked", _rows(TILL, lambda rows: rows[~_of_odd_stores(rows)])),
    Damage("stale_tickets", "warned", _stale(TICKETS)),
    Damage("stale_tickets_with_a_new_row", "blocked", _stale(TICKETS, ONE_MORE)),
    Damage("stale_contacts", "warned", _stale(CONTACTS)),
    Damage("value_missing_in_every_row", "warned", _content(TICKETS, _values_left)),
    Damage("shifted_columns", "blocked", _rows(TICKETS, _rotated)),
    Damage("other_delimiter", "warned", _content(TICKETS, _with_commas)),
    Damage("renamed_column", "warned", _content(TICKETS, lambda content: content.replace(b"Total", b"Amount", 1))),
    Damage("added_column", "warned", _rows(TICKETS, lambda rows: rows.assign(Clerk="7"))),
    Damage("thousand_separators", "rejected", _values(WEB, total=_grouped_by_thousands)),
    Damage("decimal_comma_lost", "blocked", _values(TICKETS, Total=lambda totals: totals.str.replace(",", ""))),
    Damage("amounts_in_cents", "blocked", _values(WEB, total=lambda totals: (totals * 100).round())),
    Damage("amounts_all_zero", "blocked", _values(TICKETS, Total=lambda totals: totals.map(lambda _: "0,00"))),
    Damage("signs_flipped", "blocked", _values(TICKETS, Total=lambda t: ("-" + t).str.replace("--", ""))),
    Damage("returns_without_sign", "rejected", _values(TICKETS, Total=lambda totals: totals.str.lstrip("-"))),
    Damage("day_and_month_swapped", "blocked", _values(TILL, SoldAt=_swapped)),
    Damage("wrong_year", "rejected", _values(TILL, SoldAt=lambda moments: moments.str.replace("/2026", "/2025"))),
    Damage("clock_in_another_time_zone", "warned", _values(WEB, placed_at=_later)),
    Damage("currency_without_a_rate", "blocked", _values(WEB, currency=lambda codes: codes.map(lambda _: "USD"))),
    Damage("changed_currency", "warned", _values(TICKETS, Currency=lambda codes: codes.map(lambda _: "GBP"))),
    Damage("stores_all_null", "warned", _values(TICKETS, Store=_nothing)),
    Damage("customers_all_null", "blocked", _values(TICKETS, Card=_nothing, Customer=_nothing)),
    Damage("mixed_encodings", "warned", _content(CONTACTS, _two_encodings)),
    Damage("utf_16", "warned", _content(TICKETS, lambda content: content.decode().encode("utf-16"))),
    Damage("error_page_instead_of_a_file", "warned", _content(TICKETS, lambda _: PAGE)),
    Damage("stray_quote", "rejected", _content(NORTH, _stray_quote)),
    Damage("contacts_halved", "blocked", _content(CONTACTS, partial(_first_lines, share=0.5))),
    Damage("contacts_twice_with_two_towns", "rejected", _rows(CONTACTS, _twice_otherwise)),
    Damage("numbers_of_yesterday", "blocked", _values(TILL, Ticket=_of_yesterday)),
)  # fmt: skip
"""Name, how the night has to answer, and how the files are spoiled."""
