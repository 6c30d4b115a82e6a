"""Recall and precision of planted rows are counted by row and kind."""

import pandas as pd

from benchmarks.quality_planted import of_repeats, of_rows

TRUTH = pd.DataFrame(
    [
        ("a.csv", 1, "future_date", "rejected"),
        ("a.csv", 2, "cut_row", "rejected"),
        ("a.csv", 3, "exact_repeat", "repeat"),
        ("b.csv", 1, "unparsed_birth_date", "unparsed"),
        ("c.csv", 0, "repeated_file", "repeated_file"),
    ],
    columns=["file", "row_number", "kind", "expected"],
)


def found(*aside: tuple[str, int, list[str]]) -> dict[str, float]:
    rows = pd.DataFrame(list(aside), columns=["file", "row_number", "rules"])
    return {check.name: check.value for check in of_rows(TRUTH, rows)}


def test_a_row_counts_as_caught_by_the_rule_of_its_kind_alone() -> None:
    values = found(
        ("a.csv", 1, ["dated in the future"]),
        ("a.csv", 2, ["order_id is missing"]),
        ("b.csv", 1, ["born_on could not be parsed"]),
    )
    assert values["planted: future_date: recall"] == 1
    assert values["planted: cut_row: recall"] == 0
    assert values["planted: recall"] == round(2 / 3, 6)
    assert values["planted: precision"] == 1


def test_a_sound_row_set_aside_costs_precision() -> None:
    values = found(("a.csv", 1, ["dated in the future"]), ("a.csv", 7, ["dated in the future"]))
    assert values["planted: precision"] == 0.5


def test_a_row_set_aside_under_two_mappings_is_one_row() -> None:
    values = found(("a.csv", 1, ["dated in the future"]), ("a.csv", 1, ["visit_id is missing"]))
    assert values["planted: rows set aside"] == 1
    assert values["planted: future_date: recall"] == 1


def test_repeats_are_compared_file_by_file() -> None:
    repeats, files = pd.Series({"a.csv": 1, "b.csv": 2}), pd.Series(["c.csv"])
    values = {check.name: check.value for check in of_repeats(TRUTH, repeats, files)}
    assert values["planted: exact_repeat: files counted otherwise"] == 1
    assert values["planted: repeated_file: files told otherwise"] == 0
