"""Every delivered row and every amount is accounted for."""

from dataclasses import dataclass

from lakehouse.delta import Lakehouse
from pipelines.canonical import ORDERS
from pipelines.known_files import FileBook
from pipelines.raw import raw_rows
from pipelines.reconciliation import forgotten, reconcile, revenue_gaps, unbalanced
from tests.pipelines.deliveries import FIRST, File, conformed, deliver, source

MAPPING = {
    "from": "rows",
    "where": "id <> 'test'",
    "columns": {"order_id": "id", "ordered_at": "to_timestamp(sold)", "order_amount": "total", "store_id": "store"},
}
ROWS = [
    {"id": "A", "sold": "2026-02-10 23:30:00", "total": "5.25", "store": "1"},
    {"id": "A", "sold": "2026-02-10 23:30:00", "total": "5.25", "store": "1"},
    {"id": "B", "sold": "2026-02-10 10:00:00", "total": "-3", "store": "2"},
    {"id": "C", "sold": "2026-02-11 01:00:00", "total": "4", "store": "1"},
    {"id": "test", "sold": "2026-02-11 01:00:00", "total": "99", "store": "1"},
]


@dataclass(frozen=True)
class Count:
    source: str
    delivery: str
    file_sha256: str
    mapping: int
    published: int
    rejected: int


def test_delivered_rows_and_revenue_add_up_and_a_lost_row_is_seen(lake: Lakehouse) -> None:
    file = File(ROWS, corrupt=["D,1"])
    deliver(lake, file)
    result = conformed(lake, source(MAPPING))
    counts = {"orders": [Count("shop", "rows", file.sha, 0, published=2, rejected=2)]}
    told = reconcile(lake.spark, result.counted, counts, night=FIRST)
    assert [
        tuple(row) for row in told.select("delivered", "repeats", "left_out", "rejected", "published").collect()
    ] == [(6, 1, 1, 2, 2)]
    assert unbalanced(told).isEmpty()
    taken = FileBook(lake).taken(FIRST)
    assert forgotten(taken, result.counted, {"shop": source(MAPPING)}) == []
    assert forgotten(taken, [], {"shop": source(MAPPING)}) == [f"{file.name} as orders"]
    lost = {"orders": [Count("shop", "rows", file.sha, 0, published=1, rejected=2)]}
    assert unbalanced(reconcile(lake.spark, result.counted, lost, night=FIRST)).count() == 1

    table, rejected = ORDERS.conformed, ORDERS.rejected
    sound = result.frame.where("size(_broken) = 0").select(*table.column_names)
    aside = result.frame.where("size(_broken) > 0").selectExpr(
        *(f"date'{FIRST}' as night", f"date'{FIRST}' as first_night", "source", "delivery", "_mapping as mapping"),
        "_file_name as file_name",
        *("file_sha256", "row_number", "_rows as rows_count", "_broken as rules", "_delivered_row as delivered_row"),
    )
    assert result.delivered is not None
    asked = {"rejected": aside.select(*rejected.column_names), "night": FIRST, "timezone": "UTC"}
    assert revenue_gaps(result.delivered, held=sound, **asked).isEmpty()  # type: ignore[arg-type]
    gaps = revenue_gaps(result.delivered, held=sound.where("order_id <> 'C'"), **asked).collect()  # type: ignore[arg-type]
    assert [(row.store_id, row.delivered_amount, row.difference) for row in gaps] == [("1", 4, 4)]

    raw_rows(lake, "shop", "rows").createOrReplaceTempView("delivered_rows")
    independent = lake.spark.sql(
        "select cast(sold as date) as day, store, sum(cast(total as decimal(18,2))) as amount from"
        " (select distinct id, sold, total, store from delivered_rows where id <> 'test') group by all order by all"
    )
    ours = result.delivered.where("order_id is not null").groupBy("event_at", "store_id").sum("amount")
    ours = ours.selectExpr("cast(event_at as date) as day", "store_id", "`sum(amount)`").orderBy("day", "store_id")
    assert [tuple(row) for row in ours.collect()] == [tuple(row) for row in independent.collect()]
    result.release()
