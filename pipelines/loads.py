"""What a load means: which of several rows of one key stands, what is gone, what is unchanged, since when it is known.

Of several sound rows of one key the earlier mapping's stands before a later mapping's, a later file's before an
earlier one's; within one file the last row of a `changes` load and the first row of any other.
"""

from collections.abc import Callable, Iterable
from datetime import date

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.errors import GateBlocked
from lakehouse.table import Table
from pipelines.verdicts import SAME_KEY, SAME_KEY_MAPPED


def one_per_key(rows: DataFrame, key: Iterable[str]) -> DataFrame:
    """The rows, where of several sound ones of a key one stands; the others are superseded or break a rule.

    Reads:  the key, _broken, _fate, _mapping, _place, _position, _load.
    """
    sound = F.col("_fate").isNull() & (F.size("_broken") == 0)
    within = F.when(F.col("_load") == "changes", -F.col("_position")).otherwise(F.col("_position"))
    same = Window.partitionBy(sound, *key).orderBy("_mapping", F.col("_place").desc(), within)
    first = {name: F.first(name).over(same) for name in ("_mapping", "_place")}
    other_mapping = first["_mapping"] != F.col("_mapping")
    same_file = (first["_place"] == F.col("_place")) & (F.col("_load") != "changes")
    reason = F.when(other_mapping, F.lit(SAME_KEY_MAPPED)).when(same_file, F.lit(SAME_KEY))
    loses = sound & (F.row_number().over(same) > 1)
    ranked = rows.withColumns({"_loses": loses, "_reason": reason})
    broken = F.when(F.col("_loses") & F.col("_reason").isNotNull(), F.array("_reason")).otherwise(F.col("_broken"))
    superseded = F.when(F.col("_loses") & F.col("_reason").isNull(), F.lit("superseded"))
    return ranked.withColumns({"_broken": broken, "_fate": F.coalesce("_fate", superseded)}).drop("_loses", "_reason")


def of_last_night(rows: DataFrame, key: Iterable[str]) -> DataFrame:
    """The rows, where of the sound ones of a key that several nights brought the last night's stands.

    Reads:  the key, _broken, _fate, _taken; one_per_key has left one sound row per key and night.
    """
    sound = F.col("_fate").isNull() & (F.size("_broken") == 0)
    place = F.row_number().over(Window.partitionBy(sound, *key).orderBy(F.col("_taken").desc()))
    overtaken = F.when(sound & (place > 1), F.lit("superseded"))
    return rows.withColumn("_fate", F.coalesce("_fate", overtaken))


def since_last_change(rows: DataFrame, key: Iterable[str], columns: Iterable[str]) -> DataFrame:
    """The rows with _night: the night on which the key's present content began to stand.

    Reads:  the key, the columns, _broken, _fate, _position, _night. For a history that is conformed at once.
    """
    sound = F.col("_fate").isNull() & (F.size("_broken") == 0)
    over = Window.partitionBy(sound, *key).orderBy("_position")
    shape = F.struct(*columns)
    began = F.when(~F.lag(shape).over(over).eqNullSafe(shape), F.col("_night"))
    began = F.when(F.row_number().over(over) == 1, F.col("_night")).otherwise(began)
    marked = rows.withColumn("_began", began)
    latest = F.last("_began", ignorenulls=True).over(over.rowsBetween(Window.unboundedPreceding, 0))
    return marked.withColumn("_night", F.when(sound, latest).otherwise(F.col("_night"))).drop("_began")


def newest_of_key(key: Iterable[str]) -> Column:
    """The newest snapshot that holds the row's key, be it in a broken row.

    Reads:  the key, delivery, _snapshot. For files of several nights that are conformed at once.
    """
    return F.max("_snapshot").over(Window.partitionBy("delivery", *key))


def is_deleted(*, states: bool) -> Column:
    """Whether the source has deleted the row: it says so, or the newest snapshot no longer holds it.

    Reads:  _deleted, _load, _snapshot, _newest_snapshot.
    Units:  states is false where rows are events: what was said once stays said, whatever a snapshot holds.
    """
    absent = (F.col("_load") == "snapshot") & (F.col("_snapshot") < F.col("_newest_snapshot"))
    return F.col("_deleted") | absent if states else F.col("_deleted")


def known_from(timezone: str) -> Column:
    """The first night that could know the row (decision 0002).

    Reads:  event_at, _lag_days, _first_load, _night.
    """
    late = F.col("event_at") + F.make_dt_interval(F.col("_lag_days"))
    day = F.date_add(F.to_date(F.from_utc_timestamp(late, timezone)), 1)
    first = F.least(F.coalesce(day, F.col("_night")), F.col("_night"))
    return F.when(F.col("_first_load"), first).otherwise(F.col("_night"))


def changed(rows: DataFrame, held: DataFrame, *, key: Iterable[str], columns: Iterable[str]) -> DataFrame:
    """The rows, those that `held` has already marked unchanged; a correction is known from the night it arrived.

    Shape:  _corrects is true for a row whose key was held and said something else.
    Reads:  key, columns, _fate, _broken, known_from, arrived of rows; key and columns of held.
    """
    keys = list(key)
    old = held.select(*(F.col(k).alias(f"_old_{k}") for k in keys), F.struct(*columns).alias("_old"))
    sound = F.col("_fate").isNull() & (F.size("_broken") == 0)
    match = [F.col(k) == F.col(f"_old_{k}") for k in keys]
    joined = rows.join(old, [sound, *match], "left").drop(*(f"_old_{k}" for k in keys))
    is_held = F.col("_old").isNotNull()
    equal = is_held & F.struct(*columns).eqNullSafe(F.col("_old"))
    return joined.withColumns(
        {
            "_fate": F.when(equal, F.lit("unchanged")).otherwise(F.col("_fate")),
            "known_from": F.when(is_held, F.col("arrived")).otherwise(F.col("known_from")),
            "_corrects": is_held & ~equal,
        }
    ).drop("_old")


def known_again(night: date) -> Column:
    """Since when a row of a file conformed again is known: where it differs from what was held, since this night.

    Reads:  _fate, _night, known_from.
    """
    return F.when(F.col("_fate").isNull() & (F.col("_night") < night), F.lit(night)).otherwise(F.col("known_from"))


def gone(held: DataFrame, delivered: DataFrame, *, key: Iterable[str], night: date) -> DataFrame:
    """The live rows of `held` whose key a snapshot no longer delivers, as deleted from this night on."""
    keys = list(key)
    names = delivered.select(*keys).distinct()
    left = held.where("not is_deleted").join(names, keys, "left_anti").select(*held.columns)
    return left.withColumns({"is_deleted": F.lit(True), "known_from": F.lit(night), "arrived": F.lit(night)})


def refuse_large_loss(
    table: Table, *, where: str, lost: int, live: int, came: Callable[[], int], limit: float, night: date
) -> None:
    """Stop when a snapshot lacks more of the known keys than its delivery may lose.

    Units: came counts the keys that nobody knew before; asked only where the snapshot is refused.
    Raises: GateBlocked.
    """
    if lost <= limit * live:
        return
    new = came()
    looks = "its ids may have changed their form" if new >= lost / 2 else "it may be cut short"
    renamed = f"If its ids changed for good, people keep theirs by what the rows say: raise gone_limit of {where} "
    cut = f"Deliver the whole export, or raise gone_limit of {where} "
    raise GateBlocked(
        f"the snapshot lacks {lost:,} of {live:,} known keys ({lost / live:.0%}; gone_limit {limit:.0%}) and brings "
        f"{new:,} new ones: {looks}, so they were not taken for deleted",
        where=f"{table.name} {night}: {where}",
        still_true="The table still holds the night before.",
        next_step=f"{renamed if new >= lost / 2 else cut}in the retailer file, then `habitue night --date {night}`.",
    )
