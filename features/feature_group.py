"""What a feature is: a definition that the table, the data dictionary, the models and the reasons derive from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pyspark.sql import Column
from pyspark.sql import functions as F

from lakehouse.errors import Permanent

SOURCES = ("orders", "order_lines", "visits", "loyalty_movements", "messages", "feedback")
"""The kinds of event that carry when they happened and when that was known: features are made of these alone."""
WINDOWS = (30, 90, 180, 365)
"""Days back from the snapshot that counts and sums are taken over, beside all time."""


@dataclass(frozen=True)
class Feature:
    """One number about a customer, with its meaning and what stands where nothing is known.

    Units: no_history is None where zero would be a lie (the mean basket of someone who never bought).
           theme is the subject under which a reason is told to a marketer; the group's name unless given.
    """

    name: str
    type: str
    unit: str
    meaning: str
    no_history: int | None = None
    theme: str | None = None


class NoHistory(Permanent):
    """A feature would be made of an attribute as it stands today, which no past night knew."""


@dataclass(frozen=True)
class FeatureGroup:
    """Features that come from one source of the history.

    Reads: `reads` are the columns of that source (name to Spark type) beside customer_id, event_at and known_from.
    Shape: `compute` gives one aggregate per feature over the rows that a snapshot sees; each row also carries
           `day`, the retailer's day of it, and `age_days`, the whole days from there to the night (1 is yesterday).
           `activity` tells which rows are something that the customer did to buy or to stay in touch: a return is
           none, nor is what we or the calendar did.
    Raises: NoHistory if the source is no kind of event.
    """

    name: str
    source: str
    reads: Mapping[str, str]
    features: tuple[Feature, ...]
    compute: Callable[[], Mapping[str, Column]]
    activity: Callable[[], Column]

    def __post_init__(self) -> None:
        if self.source not in SOURCES:
            raise NoHistory(
                f"{', '.join(feature.name for feature in self.features)}: {self.source} keeps no history",
                where=f"feature group {self.name}",
                still_true="No feature was computed.",
                next_step=f"Map each change of it, with its date, to one of {', '.join(SOURCES)}.",
            )


def count(name: str, unit: str, meaning: str, *, theme: str | None = None) -> Feature:
    """A count: nothing seen is zero."""
    return Feature(name, "bigint", unit, meaning, no_history=0, theme=theme)


def amount(name: str, meaning: str, *, no_history: int | None = 0, theme: str | None = None) -> Feature:
    """Money in the retailer's currency: exact, so that the order of the rows changes nothing."""
    return Feature(name, "decimal(18,2)", "retailer's currency", meaning, no_history=no_history, theme=theme)


def days(name: str, meaning: str, *, theme: str | None = None) -> Feature:
    """A span of whole days: unknown where nothing happened."""
    return Feature(name, "int", "days", meaning, theme=theme)


def rate(name: str, meaning: str, *, theme: str | None = None) -> Feature:
    """A share from 0 to 1: unknown where there is nothing to take a share of."""
    return Feature(name, "double", "0 to 1", meaning, theme=theme)


def within(days: int) -> Column:
    """Whether a row lies in the last `days` days before the night."""
    return F.col("age_days") <= days


def days_ahead(date: str) -> Column:
    """Days from the night to a date that the row tells; negative where it is past."""
    return F.datediff(F.col(date), F.col("day")) - F.col("age_days")


def is_sale() -> Column:
    """Whether an order, or a line of one, is a purchase and no return."""
    return F.coalesce(F.col("kind"), F.lit("sale")) == "sale"


def counted(condition: Column) -> Column:
    """How many rows meet the condition."""
    return F.count(F.when(condition, F.lit(1)))


def summed(value: str, condition: Column) -> Column:
    """Sum of a column over the rows that meet the condition."""
    return F.sum(F.when(condition, F.col(value)))


def share(part: Column, whole: Column) -> Column:
    """Part of the whole as a number from 0 to 1; null where the whole is nothing."""
    quotient = part.cast("double") / F.nullif(whole.cast("double"), F.lit(0.0))
    # greatest and least pass over null: without the condition nothing of nothing would be all of it.
    return F.when(quotient.isNotNull(), F.greatest(F.lit(0.0), F.least(F.lit(1.0), quotient)))


def spread(value: Column) -> Column:
    """Standard deviation of an amount over the rows where it is given; null below two.

    The sums are exact, so that the order of the rows changes nothing (Spark's own stddev is of floating point).
    """
    return deviation(F.count(value), F.sum(value), F.sum(value * value))


def deviation(number: Column, total: Column, squares: Column) -> Column:
    """Sample standard deviation from the count, the sum and the sum of squares; null below two."""
    of, sums = number.cast("double"), total.cast("double")
    variance = (squares.cast("double") - sums * sums / of) / (of - F.lit(1.0))
    return F.when(number > 1, F.sqrt(F.greatest(variance, F.lit(0.0))))


def distinct(value: Column) -> Column:
    """How many different values, in the same shuffle as the other aggregates (countDistinct would add one)."""
    return F.size(F.collect_set(value))
