"""Rules: each has two readings, a Spark predicate (setting rows aside) and a Great Expectations expectation (the gate).

A null breaks `not_null` alone; every other rule about a row passes it by, as Great Expectations does.
"""

from lakehouse.stability import DRIFT
from quality.rules.contact_points import valid_email, valid_phone, valid_postcode
from quality.rules.formats import Form, length, ordered, reads_as
from quality.rules.references import exists_in, sums_to
from quality.rules.rule import Rule, Severity, marks, with_judgements
from quality.rules.tables import (
    distinct_share,
    fresh,
    match_share,
    null_share,
    rejected_share,
    row_count,
    stable_categories,
    stable_numbers,
)
from quality.rules.values import between, in_set, matches, not_before, not_in_future, not_null, unique

__all__ = [
    "DRIFT",
    "Form",
    "Rule",
    "Severity",
    "between",
    "distinct_share",
    "exists_in",
    "fresh",
    "in_set",
    "length",
    "marks",
    "match_share",
    "matches",
    "not_before",
    "not_in_future",
    "not_null",
    "null_share",
    "ordered",
    "reads_as",
    "rejected_share",
    "row_count",
    "stable_categories",
    "stable_numbers",
    "sums_to",
    "unique",
    "valid_email",
    "valid_phone",
    "valid_postcode",
    "with_judgements",
]
