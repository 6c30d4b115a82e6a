"""Public sets as orders and lines, and the product's own features and labels of them on chosen nights."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyspark.sql import SparkSession

from features.build import history
from features.point_in_time import snapshot_at
from models.training_set import Observed, observed

ORDERS = pa.schema(
    [
        ("order_id", pa.string()), ("customer_id", pa.string()), ("event_at", pa.timestamp("us", tz="UTC")),
        ("known_from", pa.date32()), ("channel", pa.string()), ("store_id", pa.string()), ("kind", pa.string()),
        ("order_amount", pa.decimal128(18, 2)), ("discount_amount", pa.decimal128(18, 2)),
        ("contract_starts_on", pa.date32()), ("contract_ends_on", pa.date32()),
    ]
)  # fmt: skip
LINES = pa.schema(
    [
        ("customer_id", pa.string()), ("event_at", pa.timestamp("us", tz="UTC")), ("known_from", pa.date32()),
        ("kind", pa.string()), ("category", pa.string()), ("product_id", pa.string()),
    ]
)  # fmt: skip
PROFILE = (
    "customer_id string, age_band string, is_deleted boolean, is_deceased boolean, is_test boolean, is_staff boolean, "
    "objects_to_profiling boolean"
)


@dataclass(frozen=True)
class PublicSet:
    """Orders and lines as unified tables hold them; `end` is the first day that the set no longer tells."""

    orders: pa.Table
    lines: pa.Table
    end: date


def online_retail(data: Path) -> PublicSet:
    """Online Retail II with a known customer; the nine days that both sheets hold are taken once.

    Units: a cancellation lowers the net amount on its own day; an invoice of nothing is no order.
    """
    lines = pd.read_parquet(data / "online_retail_ii" / "online_retail_ii_full.parquet").dropna(subset=["Customer ID"])
    twice = lines["InvoiceDate"].between("2010-12-01", "2010-12-10") & lines.duplicated()
    lines = lines[~twice].rename(columns={"Customer ID": "customer_id", "StockCode": "product_id"})
    lines["amount"] = lines["Quantity"] * lines["Price"]
    lines["kind"] = lines["Invoice"].str.startswith("C").map({True: "return", False: "sale"})
    invoices = lines.groupby(["Invoice", "customer_id", "kind"], as_index=False)
    orders = invoices.agg(event_at=("InvoiceDate", "min"), amount=("amount", "sum"))
    orders = orders[(orders["kind"] == "return") | (orders["amount"] > 0)]
    bought = lines.rename(columns={"InvoiceDate": "event_at"}).drop_duplicates(["Invoice", "product_id"])
    return PublicSet(orders_of(orders), lines_of(bought), date(2011, 12, 9))


def cdnow(data: Path) -> PublicSet:
    """The CDNOW master: customers whose first order fell into the first quarter of 1997, to June 1998."""
    names = ["customer_id", "day", "cds", "amount"]
    orders = pd.read_csv(data / "cdnow" / "CDNOW_master.txt", sep=r"\s+", names=names, skiprows=1, dtype=str)
    orders = orders.assign(event_at=pd.to_datetime(orders["day"]), amount=orders["amount"].astype(float), kind="sale")
    return PublicSet(orders_of(orders), LINES.empty_table(), date(1998, 7, 1))


def orders_of(orders: pd.DataFrame) -> pa.Table:
    """Orders from customer_id, event_at, kind and amount, and what else is known of them."""
    known = {"order_id": range(len(orders)), "channel": "web", "store_id": None, "discount_amount": 0.0}
    known |= {"contract_starts_on": None, "contract_ends_on": None}
    missing = {name: value for name, value in known.items() if name not in orders}
    return _table(orders.assign(**missing).rename(columns={"amount": "order_amount"}), ORDERS)


def lines_of(lines: pd.DataFrame) -> pa.Table:
    """Lines from customer_id, event_at, kind and product_id."""
    return _table(lines.assign(category=None), LINES)


def seen_on(
    spark: SparkSession,
    public: PublicSet,
    nights: Iterable[date],
    horizons: Iterable[int],
    *,
    by_contract: bool = False,
) -> Observed:
    """Features of these nights by features.build, and what happened after them, as training sees both."""
    frames = {"orders": public.orders, "order_lines": public.lines}
    facts = history(spark, {name: spark.createDataFrame(table) for name, table in frames.items()})
    now = snapshot_at(public.end + timedelta(days=1), "UTC")
    nobody = spark.createDataFrame([], PROFILE)
    return observed(
        facts, nobody, now=now, nights=sorted(set(nights)), horizons=sorted(set(horizons)), closed=public.end,
        by_contract=by_contract,
    )  # fmt: skip


def _table(frame: pd.DataFrame, schema: pa.Schema) -> pa.Table:
    """The frame in these types; a row is known from its own day on."""
    known = frame if "known_from" in frame else frame.assign(known_from=frame["event_at"].dt.date)
    arrays = []
    for field in schema:
        column = pa.array(known[field.name].astype(object).where(known[field.name].notna(), None))
        if pa.types.is_decimal(field.type):
            column = column.cast(pa.float64()).cast(pa.decimal128(38, 6)).cast(field.type, safe=False)
        arrays.append(column.cast(field.type))
    return pa.Table.from_arrays(arrays, schema=schema)
