"""Truth lists every planted row, and every planted row is where it says."""

from collections import Counter
from collections.abc import Callable

import pytest

from tests.synthetic.delivered import Retail, Row

IDS = {"pos/tickets": "Ticket", "pos/lines": "Ticket", "web/orders": "order_id", "web/visits": "visit_id"}
IDS["loyalty/movements"] = "movement"

FUTURE = {"24/12/2099", "2099-12-24", "2099122410"}

BROKEN: dict[str, Callable[[str, Row], bool]] = {
    "missing_id": lambda delivery, row: row.get(IDS[delivery], "") is None,
    "unparsed_date": lambda _, row: "31/02/2025" in row.values(),
    "future_date": lambda _, row: bool(FUTURE & {str(value)[:10] for value in row.values()}),
    "unknown_currency": lambda _, row: (row.get("Currency") or row.get("currency")) == "XXX",
    "rating_out_of_range": lambda _, row: row.get("rating") == "10",
    "cut_row": lambda _, row: not row or row.get("movement") == "ECUT",
    "negative_quantity": lambda _, row: row.get("Kind") == "S" and str(row.get("Pieces")).startswith("-"),
    "unparsed_birth_date": lambda _, row: row.get("BirthDate") == "31/02/1975",
}


def delivery_of(file: str) -> str:
    return file.rsplit("/", 1)[0] + "/" + file.rsplit("/", 1)[1].split("_")[0]


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_rows_are_exactly_those_that_truth_lists(retail: Retail, kind: str) -> None:
    planted = retail.truth("planted").query("kind == @kind")
    listed = set(zip(planted["file"], planted["row_number"], strict=True))
    files = {file for delivery in (*IDS, "crm/contacts", "survey/answers") for file in retail.files(delivery)}
    wanted = {file for file in files if kind != "missing_id" or delivery_of(file) in IDS}
    found = {
        (file, number)
        for file in wanted
        for number, row in enumerate(retail.rows(file), start=1)
        if BROKEN[kind](delivery_of(file), row)
    }
    repeats = retail.truth("planted").query("kind == 'exact_repeat'")
    assert listed
    assert listed == found - set(zip(repeats["file"], repeats["row_number"], strict=True))


def test_exact_repeats_are_the_only_rows_that_occur_twice(retail: Retail) -> None:
    planted = retail.truth("planted").query("kind == 'exact_repeat'").groupby("file").size().to_dict()
    deliveries = ("pos/tickets", "pos/lines", "web/orders", "web/visits", "loyalty/movements", "marketing/messages")
    found = {}
    for file in [file for delivery in (*deliveries, "crm/contacts") for file in retail.files(delivery)]:
        seen = Counter(tuple(row.items()) for row in retail.rows(file))
        found[file] = sum(count - 1 for count in seen.values())
    assert {file: count for file, count in found.items() if count} == planted


def test_repeated_file_has_the_bytes_of_another(retail: Retail) -> None:
    planted = retail.truth("planted").query("kind == 'repeated_file'")
    landing = retail.folder / "landing"
    assert len(planted)
    for file, rows in zip(planted["file"], planted["rows"], strict=True):
        original = file.replace("_again1", "")
        assert (landing / file).read_bytes() == (landing / original).read_bytes()
        assert rows == len(retail.rows(original))


def test_every_kind_has_one_expected_outcome(retail: Retail) -> None:
    planted = retail.truth("planted")
    assert planted.groupby("kind")["expected"].nunique().max() == 1
    assert set(planted["expected"]) <= {"rejected", "repeat", "unparsed", "published", "repeated_file"}


def test_good_orders_are_those_of_the_truth(retail: Retail) -> None:
    planted = retail.truth("planted").query("expected in ['rejected', 'repeat']")
    broken = set(zip(planted["file"], planted["row_number"], strict=True))
    orders = retail.truth("orders").set_index("order_id")
    delivered = {}
    for delivery, name, amount in (("pos/tickets", "Ticket", "Total"), ("web/orders", "order_id", "total")):
        for file in retail.files(delivery):
            for number, row in enumerate(retail.rows(file), start=1):
                if (file, number) not in broken:
                    delivered[row[name]] = float(str(row[amount]).replace(",", "."))
    amounts = orders["amount"].to_dict()
    assert delivered == {order: amounts.get(order) for order in delivered}
    held_back = set(orders.index[orders["day"] < 2]) - delivered.keys()
    assert len(held_back) <= 5
