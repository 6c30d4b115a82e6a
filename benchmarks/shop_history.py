"""Sixty nights of the small shop at once: conformed and published together, measured and judged night by night.

Night by night on the same road takes an hour on a busy machine; what differs is the first night that knows a row, and
that contacts, a snapshot, are measured on the last night alone: on the others they are as complete, and three are new.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from benchmarks.shop_nights import CONTACTS, FIRST, NEW_CONTACTS
from lakehouse.delta import Lakehouse
from orchestration.retailer import Retailer
from pipelines.canonical import ENTITIES
from pipelines.conform import Conformed, conform
from pipelines.measures import Mapped, measured
from quality.deliveries import Finding, Past, judge
from quality.measurements import MEASUREMENTS, Figure, as_frame, history

AT_ONCE = 10
"""Nights measured by one query: their groups must stay below what one delivery may have."""
Nights = dict[date, list[Figure]]


def measured_nights(lake: Lakehouse, retailer: Retailer, nights: int) -> Nights:
    """The figures of every night that was taken together on the last of them.

    Reads: the raw tables, whose files bear the night that delivered them in their names.
    """
    found: Nights = {FIRST + timedelta(days=number): [] for number in range(nights)}
    for name in ("contacts", "orders", "order_lines"):
        together = _conformed(lake, retailer, name, max(found))
        # Of an empty table nothing is held, hence nothing corrected: a rebuild does not say so by itself.
        kept = together.kept.withColumn("_corrects", F.lit(False))
        if name == "contacts":
            _contacts(kept, together.mapped, retailer, found)
        else:
            _events(kept, together.mapped, retailer, name, found)
        together.release()
    return found


def keep(lake: Lakehouse, found: Nights) -> None:
    """The figures as quality.measurements, as if each night had written its own."""
    frames = [as_frame(lake.spark, figures, night) for night, figures in found.items()]
    lake.replace_all(MEASUREMENTS, reduce(DataFrame.unionByName, frames).coalesce(1))


def judged_nights(found: Nights, retailer: Retailer) -> Iterator[tuple[date, list[Finding]]]:
    """Each night, judged by those before it."""
    for night in sorted(found):
        before = ((day, figure) for day, figures in found.items() if day < night for figure in figures)
        yield night, judge(found[night], Past(history(before), night, retailer.calendar))


def _conformed(lake: Lakehouse, retailer: Retailer, name: str, last: date) -> Conformed:
    return conform(
        lake,
        ENTITIES[name],
        retailer.sources,
        night=last,
        as_of=retailer.as_of(last),
        currency=retailer.currency,
        timezone=retailer.timezone,
        from_raw=True,
    )


def _events(kept: DataFrame, all_mapped: Mapped, retailer: Retailer, name: str, found: Nights) -> None:
    """Each night's rows under a delivery of its own, moved to the last night so that they are as old as they were."""
    last, every = max(found), sorted(found)
    day = F.to_date(F.regexp_extract("_file_name", r"(\d{4}-\d{2}-\d{2})", 1))
    local = F.from_utc_timestamp("event_at", retailer.timezone) + F.make_dt_interval(F.datediff(F.lit(last), day))
    moved = F.to_utc_timestamp(local, retailer.timezone)
    own = F.concat_ws("@", "delivery", day.cast("string"))
    rows = kept.withColumns({"event_at": moved, "_day": day, "_night": F.lit(last), "delivery": own})
    for start in range(0, len(every), AT_ONCE):
        chunk = every[start : start + AT_ONCE]
        mapped = {(s, f"{d}@{night}"): names for (s, d), names in all_mapped.items() for night in chunk}
        some = rows.where(F.col("_day").isin(chunk))
        for one in measured(some, ENTITIES[name], mapped=mapped, night=last, timezone=retailer.timezone):
            delivery, night = one.delivery.split("@")
            table = ENTITIES[name].conformed.name
            figure = Figure(table, one.source, delivery, one.measure, one.part, one.value, one.rows)
            found[date.fromisoformat(night)].append(figure)
            if one.measure == "changed rows":
                found[date.fromisoformat(night)].append(replace(figure, measure="rows", value=one.rows))


def _contacts(kept: DataFrame, mapped: Mapped, retailer: Retailer, found: Nights) -> None:
    entity = ENTITIES["contacts"]
    measures = measured(kept, entity, mapped=mapped, night=max(found), timezone=retailer.timezone)
    for number, figures in enumerate(found[night] for night in sorted(found)):
        rows = CONTACTS + NEW_CONTACTS * number
        for one in measures:
            figure = Figure(entity.conformed.name, one.source, one.delivery, one.measure, one.part, one.value, rows)
            if one.measure == "changed rows":
                new = NEW_CONTACTS if number else rows
                figures += [replace(figure, value=new), replace(figure, measure="rows", value=rows)]
            else:
                figures.append(figure)
