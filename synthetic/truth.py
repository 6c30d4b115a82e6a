"""What really holds, as Parquet files outside the landing folder; no pipeline reads them.

persons           one row per person: household, names, first and last day as a customer, rates, response to messages
record_to_person  one row per record of crm, web, loyalty and pos: whose it is, the dirt it carries, when it was deleted
cookies           one row per cookie of a known person and window of days
outlook           one row per person and night: alive or not, expected orders and spend, probability of no order
orders            one row per order and return: who bought, which message caused it; `known` by the last night
messages          one row per message sent: who got it, whether they respond, how many extra orders it caused
consents          one row per answer: channel, purpose, status, day, day of withdrawal
planted           one row per broken, repeated or late row: file, row number, kind, what must become of it
Days are counted from the first night; `expected` in planted is rejected, repeat, unparsed (judged by the mapping),
published or repeated_file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
from numpy.typing import NDArray

from synthetic.columns import Real, Whole
from synthetic.messages import campaign_days
from synthetic.people import NEVER
from synthetic.purchases import expected_order_value, is_gone
from synthetic.records import Records
from synthetic.season import Calendar, calendar
from synthetic.settings import Plan

HORIZONS = (90, 365)


@dataclass
class Truth:
    """The truth folder: one Parquet file per table, written chunk by chunk."""

    folder: Path
    _open: dict[str, pyarrow.parquet.ParquetWriter] = field(default_factory=dict)

    def append(self, name: str, rows: pd.DataFrame) -> None:
        """Add rows to a table."""
        table = pa.Table.from_pandas(rows, preserve_index=False)
        nulls = [place for place, kind in enumerate(table.schema.types) if pa.types.is_null(kind)]
        for place in nulls:
            table = table.set_column(place, table.schema.names[place], table.column(place).cast(pa.string()))
        if name not in self._open:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._open[name] = pyarrow.parquet.ParquetWriter(self.folder / f"{name}.parquet", table.schema)
        self._open[name].write_table(table.cast(self._open[name].schema))

    def close(self) -> None:
        """Finish all files."""
        for writer in self._open.values():
            writer.close()
        self._open.clear()


def true_persons(plan: Plan, persons: pd.DataFrame) -> pd.DataFrame:
    """One row per person: household, dates of the first and last day as a customer, response, and process rates."""
    kept = ["person", "household", "first_name", "last_name", "former_name", "gender", "country", "email", "mobile"]
    rates = ["order_rate", "leaving_rate", "web_share", "is_responder", "is_staff"]
    lift = np.where(persons["is_responder"], plan.trade.response_lift, 0.0)
    found = persons[kept + rates].assign(order_value=expected_order_value(plan, persons), response_lift=lift)
    for name in ("joined", "dropped", "moved", "married"):
        found[f"{name}_on"] = _dates(plan, persons[name])
    return found


def true_records(plan: Plan, known: Records) -> pd.DataFrame:
    """One row per record of a system: whose it is, which dirt it carries; a card that is ever replaced is one too."""
    parts = []
    for source in ("crm", "web", "loyalty", "pos"):
        records = known.of(source)
        parts.append(_true_records(plan, records, source))
        if source == "loyalty":
            old = records[records["replaced"] < NEVER]
            parts.append(_true_records(plan, old.assign(record_id=old["old_card"], is_old_card=True), source))
    return pd.concat(parts, ignore_index=True)


def _true_records(plan: Plan, records: pd.DataFrame, source: str) -> pd.DataFrame:
    found = records[["record_id", "person", "is_duplicate", "is_test"]].assign(source=source)
    found["is_old_card"] = records.get("is_old_card", False)
    found["created_on"] = _dates(plan, records["created"])
    gone = records["deleted_night"].where(records["deleted_night"] < plan.nights, NEVER)
    found["deleted_on"] = _dates(plan, gone)
    return found.join(records.filter(like="has_"))


def outlook(plan: Plan, persons: pd.DataFrame, given: pd.DataFrame, night: int) -> pd.DataFrame:
    """What is to be expected of each person from a night on, given all that is hidden.

    Grain:  one row per person that had joined by the night.
    Units:  spend in euros, net of returns of these orders; `churn_probability` is that of no order in the horizon.
    Source: Schmittlein, Morrison and Colombo (1987), the Pareto/NBD process, with daily season weights and, for
            responders, the lift of the campaigns that are planned while their consent stands.
    """
    seasons = calendar(plan.first_night, plan.days, plan.nights)
    alive = ~is_gone(persons, night)
    found = {"person": persons["person"].to_numpy(), "night": _dates(plan, persons["joined"] * 0 + night)}
    found["is_alive"] = alive
    for horizon in HORIZONS:
        orders, spend, none = _expected(plan, persons, given, seasons, night, horizon)
        found[f"expected_orders_{horizon}d"] = np.where(alive, orders, 0.0)
        found[f"expected_spend_{horizon}d"] = np.where(alive, spend, 0.0)
        found[f"churn_probability_{horizon}d"] = np.where(alive, none, 1.0)
    return pd.DataFrame(found)[(persons["joined"] < night).to_numpy()]


def _expected(
    plan: Plan, persons: pd.DataFrame, given: pd.DataFrame, seasons: Calendar, night: int, horizon: int
) -> tuple[Real, Real, Real]:
    """Expected orders, expected spend and the probability of no order, for persons that are alive."""
    rate, leaving = persons["order_rate"].to_numpy(), persons["leaving_rate"].to_numpy()
    value, lift = expected_order_value(plan, persons), _daily_lift(plan, persons, given, night, horizon)
    orders, spend, survived = np.zeros(len(rate)), np.zeros(len(rate)), np.ones(len(rate))
    silent, none = np.ones(len(rate)), np.zeros(len(rate))
    stays = np.exp(-leaving)
    for day in range(horizon):
        place = night + day - seasons.start
        expected = rate * seasons.weight[place] * (1 + lift[day])
        orders += survived * expected
        spend += survived * expected * value * seasons.price[place]
        silent *= np.exp(-expected)
        none += survived * (1 - stays) * silent
        survived = survived * stays
    return orders, spend, none + survived * silent


def _daily_lift(plan: Plan, persons: pd.DataFrame, given: pd.DataFrame, night: int, horizon: int) -> list[Real]:
    """Expected lift of each person on each day of the horizon, from campaigns planned from the night on."""
    email = given[(given["channel"] == "email") & (given["status"] == "granted") & given["email"].notna()]
    withdrawn = np.full(len(persons), -NEVER)
    withdrawn[email["at"].to_numpy()] = email["withdrawn"].to_numpy()
    base = np.where(persons["is_responder"], plan.trade.response_lift * plan.trade.campaign_share * 0.99, 0.0)
    lift = [np.zeros(len(persons)) for _ in range(horizon)]
    for sent in campaign_days(plan, night, night + horizon):
        stands = base * (withdrawn >= sent)
        for day in range(sent - night, min(sent - night + plan.trade.response_days, horizon)):
            lift[day] = lift[day] + stands
    return lift


def _dates(plan: Plan, days: pd.Series[int]) -> NDArray[np.datetime64]:
    """Dates of day numbers; null for NEVER."""
    found = np.datetime64(plan.first_night, "D") + days.to_numpy().astype("timedelta64[D]")
    found[days.to_numpy() >= NEVER] = np.datetime64("NaT")
    return found


def planted_file(plan: Plan, name: str, night: int, count: int) -> pd.DataFrame:
    """The truth about a file that was delivered again under another name: row 0 stands for all its rows."""
    return planted_rows(plan, name, np.zeros(1, np.int64), night, ["repeated_file"], ["repeated_file"], [count])


def planted_rows(
    plan: Plan, name: str, numbers: Whole, night: int, kinds: list[str], outcomes: list[str], counts: list[int]
) -> pd.DataFrame:
    """Planted rows of a file.

    Units: file is the path below the landing folder; row_number the 1-based data row within it; rows is 1, or all
           rows of a repeated file.
    """
    date = plan.first_night + timedelta(days=night)
    return pd.DataFrame(
        {
            "file": name,
            "night": np.full(len(numbers), np.datetime64(date, "D")),
            "row_number": numbers,
            "kind": kinds,
            "expected": outcomes,
            "rows": counts,
        }
    )
