"""Nights of the small shop are drawn the same each time; every damage spoils what it says and nothing else."""

from functools import cache

import pandas as pd
import pytest

from benchmarks.damages import DAMAGES, Damage
from benchmarks.quality_damages import Signals
from benchmarks.shop_nights import GROUPS, Files, History, as_csv, delivered, from_csv, level, retailer
from orchestration.retailer import Retailer

NIGHT = 60


def tickets(group: int) -> pd.DataFrame:
    stores = [f"{group}0{number % 4 + 1}" for number in range(40)]
    return pd.DataFrame(
        {
            "Ticket": [f"{store}-{number:013d}" for number, store in enumerate(stores)],
            "Store": stores,
            "SoldAt": "01/02/2026 10:15",
            "Kind": ["R" if number % 9 == 0 else "S" for number in range(40)],
            "Card": "29000000001",
            "Customer": None,
            "Total": ["-5,00" if number % 9 == 0 else "12,50" for number in range(40)],
            "Discount": "0,00",
            "Currency": "EUR",
        }
    )


@cache
def known() -> History:
    sold = {group: tickets(place + 1) for place, group in enumerate(GROUPS)}
    lines = {g: rows[["Ticket", "SoldAt"]].assign(Line="1", Article="A1", Amount="12,50") for g, rows in sold.items()}
    orders = pd.DataFrame({"order_id": ["W1", "W2"], "placed_at": "2026-02-01T10:15:00Z", "total": [20.5, 30.0]})
    contacts = pd.DataFrame({"ContactId": [f"C{n}" for n in range(900)], "LastName": "François", "Town": "Gent"})
    return History(sold, lines, orders.assign(currency="EUR"), contacts)


@cache
def files(number: int) -> Files:
    return delivered(known(), number, seed=1)


def test_a_night_is_drawn_the_same_each_time_and_another_one_differs() -> None:
    assert files(NIGHT) == delivered(known(), NIGHT, seed=1)
    assert files(NIGHT) != delivered(known(), NIGHT, seed=2)


def test_numbers_are_never_used_twice() -> None:
    numbers = [
        number
        for night in (NIGHT - 1, NIGHT)
        for name, content in files(night).items()
        if name.startswith("pos/tickets")
        for number in from_csv(content)["Ticket"]
    ]
    assert len(numbers) == len(set(numbers))


def test_trade_follows_weekday_growth_holiday_and_sale() -> None:
    assert level(14) > level(7)
    assert level(30) < 0.3 * level(23)
    assert level(21) > 1.5 * level(14)


def test_the_shop_is_a_retailer_file() -> None:
    assert len(Retailer.model_validate(retailer()).calendar) == 2


def test_at_least_forty_kinds_of_damage_are_listed_once_each() -> None:
    assert len({damage.name for damage in DAMAGES}) == len(DAMAGES) >= 40


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name)
def test_a_damage_changes_what_is_delivered(damage: Damage) -> None:
    spoiled = damage.spoil(files(NIGHT), files(NIGHT - 1))
    assert spoiled != files(NIGHT)
    assert {name.split("/")[0] for name in spoiled} <= {"crm", "erp", "pos", "web"}


def test_tables_are_read_as_they_were_written() -> None:
    rows = tickets(1)
    assert as_csv(from_csv(as_csv(rows))) == as_csv(rows)


def test_the_loudest_signal_is_the_answer() -> None:
    assert Signals().answer == "silent"
    assert Signals(warned=("w",), rejected=("r",)).answer == "rejected"
    assert Signals(blocked=("b",), rejected=("r",)).answer == "blocked"
