"""A shop whose second night brings one damaged file of each kind, and the short night that takes them.

A short night ends after `conformed.*`: what happens to bad input is settled there, and a whole night costs a minute.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from gzip import compress
from pathlib import Path
from zoneinfo import ZoneInfo

from pyspark.sql import SparkSession

from lakehouse.change import Change
from lakehouse.delta import Lakehouse
from lakehouse.nights import begin_night, end_night
from orchestration.retailer import load_retailer
from orchestration.tables import all_tables
from pipelines.canonical import EXCHANGE_RATES, ORDERS
from pipelines.conform import conform
from pipelines.ingest import DeliveredFile, ingest
from quality.gates import rules_for
from quality.publish import publish
from tests.end_to_end.conftest import Shop
from tests.end_to_end.lakes import standing

FIRST = date(2024, 6, 1)
SECOND = FIRST + timedelta(days=1)
RETAILER = """\
retailer: damaged shop
first_night: 2024-06-01
currency: EUR
sources:
  shop:
    deliveries:
      orders: {files: "orders_*", dated: "%Y-%m-%d", key: Id}
      rates: {files: "rates_*.csv", dated: "%Y-%m-%d"}
    entities:
      orders:
        from: orders
        columns:
          order_id: Id
          ordered_at: to_timestamp(Sold)
          order_amount: cast(Total as decimal(18,2))
          currency: Currency
      exchange_rates:
        from: rates
        columns: {currency: Currency, valid_on: to_date(Day), rate: Rate}
syncs:
  crm_scores: {to: crm, fields: [churn_band]}
destinations:
  crm: {type: csv, source: shop, path: out/crm}
"""
HEAD = "Id,Sold,Total,Currency\n"


def row(order_id: str, *, sold: str = "2024-05-31 10:00:00", currency: str = "EUR") -> str:
    """A line of an export of orders."""
    return f"{order_id},{sold},10.00,{currency}\n"


REFUSED: Mapping[str, tuple[bytes, str]] = {
    "empty": (b"", "the file is empty"),
    "delimiter": ((HEAD + row("a")).replace(",", ";").encode(), "it looks like ';'"),
    "encoding": ((HEAD + row("Zoë")).encode("latin-1"), "its bytes are no utf-8 text"),
    "missing-column": (b"Id,Total,Currency\na,10.00,EUR\n", "a mapping reads what is not delivered: Sold"),
    "cut-archive": (compress((HEAD + row("a")).encode())[:-9], "the compressed file is broken or cut short"),
}
"""Files of which nothing is taken, by kind: what lies in them and what the night says."""

SET_ASIDE: Mapping[str, tuple[str, str]] = {
    "cut-row": ("cut-row,2024-0", "wrong number of columns"),
    "extra-value": ("extra-value,2024-05-31,10.00,EUR,5\n", "wrong number of columns"),
    "date-format": (row("date-format", sold="31/05/2024"), "ordered_at could not be parsed"),
    "no-rate": (row("no-rate", currency="CHF"), "currency without a rate"),
}
"""Rows that are set aside, by kind: each stands in a file behind two sound rows. The rule that each breaks."""

EXTRA_COLUMN = HEAD.replace("\n", ",Till\n") + row("extra-column").replace("\n", ",7\n")


@dataclass(frozen=True)
class Held:
    """The rows of every table that a lake has, by table, under the columns that they had first."""

    columns: Mapping[str, list[str]]
    rows: Mapping[str, Counter[str]]

    def lost(self, later: "Held") -> dict[str, Counter[str]]:
        """The rows that a later state no longer holds, by table."""
        gone = {name: rows - later.rows.get(name, Counter()) for name, rows in self.rows.items()}
        return {name: rows for name, rows in gone.items() if rows}

    def grown(self, later: "Held") -> set[str]:
        """The tables that hold more in a later state."""
        return {name for name, rows in later.rows.items() if rows - self.rows.get(name, Counter())}


def held(shop: Shop, *, like: Held | None = None) -> Held:
    """What the lake of the shop holds now; `like` says which columns count, so that a new one is no difference."""
    found = standing(shop.lake, shop.retailer)
    before = like.columns if like else {}
    columns = {name: before.get(name, sorted(table.columns)) for name, table in found.items()}
    return Held(columns, {name: table.counted(columns[name]) for name, table in found.items()})


def write_damaged_shop(folder: Path) -> Shop:
    """The retailer file, a sound export of the first night and the damaged ones of the second."""
    shop = Shop(folder)
    shop.landing.mkdir(parents=True)
    shop.retailer.write_text(RETAILER)
    (shop.landing / f"rates_{FIRST}.csv").write_text("Currency,Day,Rate\nUSD,2024-01-01,0.9\n")
    (shop.landing / f"orders_{FIRST}.csv").write_text(HEAD + row("first-1") + row("first-2", currency="USD"))
    (shop.landing / f"orders_{SECOND}_sound.csv").write_text(HEAD + row("sound"))
    (shop.landing / f"orders_{SECOND}_extra-column.csv").write_text(EXTRA_COLUMN)
    for kind, (content, _) in REFUSED.items():
        ending = "csv.gz" if kind == "cut-archive" else "csv"
        (shop.landing / f"orders_{SECOND}_{kind}.{ending}").write_bytes(content)
    for kind, (broken, _) in SET_ASIDE.items():
        sound = row(f"{kind}-1") + row(f"{kind}-2")
        (shop.landing / f"orders_{SECOND}_{kind}.csv").write_text(HEAD + sound + broken)
    return shop


def short_night(spark: SparkSession, shop: Shop, night: date) -> list[DeliveredFile]:
    """Run a night up to `conformed.*`, and say what became of its files."""
    retailer = load_retailer(shop.retailer)
    began = Lakehouse(str(shop.lake), spark)
    start = begin_night(began, night, tables=all_tables(retailer), models={}, first_night=FIRST)
    lake = began.for_night(start)
    files = ingest(lake, "shop", retailer.sources["shop"], shop.landing, night=night)
    as_of = datetime.combine(night, time(), ZoneInfo(retailer.timezone))
    for entity in (EXCHANGE_RATES, ORDERS):
        made = conform(
            lake, entity, retailer.sources, night=night, as_of=as_of, currency="EUR", timezone=retailer.timezone
        )
        try:
            publish(
                lake,
                entity.conformed,
                Change(made.frame, made.gone),
                rules=rules_for(entity.conformed),
                night=night,
                rejected=entity.rejected,
            )
        finally:
            made.release()
    end_night(lake, night)
    return files
