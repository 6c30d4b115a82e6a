"""conform: delivered rows become canonical rows, and none is lost on the way."""

from datetime import date, datetime

from lakehouse.delta import Lakehouse
from tests.pipelines.deliveries import File, conformed, deliver, source

ORDERS = {
    "from": "rows",
    "columns": {
        "order_id": "id",
        "ordered_at": "to_timestamp(sold, 'yyyy-MM-dd HH:mm')",
        "order_amount": "cast(total as decimal(18,2))",
    },
}


def test_rows_become_orders_in_utc_with_their_defaults(lake: Lakehouse) -> None:
    deliver(lake, File([{"id": "A1", "sold": "2026-02-27 23:30", "total": "10.5"}]))
    found = conformed(lake, source(ORDERS, timezone="Europe/Paris"))
    row = found.frame.first()
    assert row is not None
    assert (row.order_id, row.kind, row.currency, row.channel) == ("A1", "sale", "EUR", "shop")
    assert row.ordered_at == datetime(2026, 2, 27, 22, 30)  # noqa: DTZ001 - collected in UTC
    assert (row.known_from, row.arrived, row._rows, row._broken) == (date(2026, 2, 28), date(2026, 3, 1), 1, [])
    assert (row._file_name, row._delivered_row) == (
        "rows_1.csv",
        '{"id":"A1","sold":"2026-02-27 23:30","total":"10.5"}',
    )
    found.release()
