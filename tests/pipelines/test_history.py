"""Facts find their customer, and a merge touches only what changed."""

from collections.abc import Iterable
from decimal import Decimal

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.rows import frame_of
from pipelines.history import changes, unified_facts, unified_lines
from pipelines.identity.keys import identifier_key
from pipelines.tables import ORDERS
from tests.pipelines.conformed_rows import KEY, NIGHT, Values, conformed, of_table


def identifiers(spark: SparkSession, owners: Iterable[tuple[str, str, str]]) -> DataFrame:
    """Identifiers by (kind, value, customer); a contact's value is its whole key."""
    frame = frame_of(spark, list(owners), "kind string, value string, customer_id string").coalesce(1)
    kinds = ("email", "phone", "loyalty_id", "cookie")
    hashed = F.coalesce(*(F.when(F.col("kind") == kind, identifier_key(kind, F.col("value"), KEY)) for kind in kinds))
    return frame.select(F.coalesce(hashed, "value").alias("identifier_key"), "customer_id")


def test_order_belongs_to_the_first_of_its_identifiers_that_points_to_somebody(spark: SparkSession) -> None:
    known = identifiers(
        spark,
        [
            ("contact", "contact:web:1", "a"),
            ("loyalty_id", "C1", "b"),
            ("email", "b@mail.example", "c"),
            ("phone", "+32475123456", "d"),
        ],
    )
    orders: list[Values] = [
        {"order_id": "1", "contact_source": "web", "source_contact_id": "1", "loyalty_id": "c-1"},
        {"order_id": "2", "source_contact_id": "unknown", "loyalty_id": "c-1", "email": "b@mail.example"},
        {"order_id": "3", "email": "B@mail.example "},
        {"order_id": "4", "phone": "0475/123456"},
        {"order_id": "5", "cookie_id": "nobody"},
        {"order_id": "6"},
        {"order_id": "7", "email": "b@mail.example", "is_deleted": True},
    ]
    found = unified_facts(ORDERS, conformed(spark, "orders", orders), known, key=KEY, region="BE")
    assert {row["order_id"]: row["customer_id"] for row in found.collect()} == {
        "1": "a", "2": "b", "3": "c", "4": "d", "5": None, "6": None,
    }  # fmt: skip
    assert found.columns == list(ORDERS.column_names)


def test_line_takes_the_customer_of_its_order_and_the_category_of_its_article(spark: SparkSession) -> None:
    orders = of_table(spark, ORDERS, [{"source": "crm", "order_id": "1", "customer_id": "a", "known_from": NIGHT}])
    lines: list[Values] = [
        {"order_id": "1", "line_id": "1", "product_id": "p"},
        {"order_id": "1", "line_id": "2", "product_id": "q", "quantity": Decimal(-1), "kind": "return"},
        {"order_id": "2", "line_id": "1", "product_id": "r"},
        {"order_id": "2", "line_id": "2", "is_deleted": True},
    ]
    products: list[Values] = [
        {"source": "erp", "product_id": "p", "category": "other"},
        {"source": "crm", "product_id": "p", "category": "own"},
        {"source": "erp", "product_id": "q", "category": "tea"},
    ]
    found = unified_lines(conformed(spark, "order_lines", lines), orders, conformed(spark, "products", products))
    shown = {
        (row["order_id"], row["line_id"]): (row["customer_id"], row["category"], row["kind"]) for row in found.collect()
    }
    assert shown == {
        ("1", "1"): ("a", "own", "sale"),
        ("1", "2"): ("a", "tea", "return"),
        ("2", "1"): (None, None, "sale"),
    }


def test_changes_hold_only_new_different_and_gone_rows(spark: SparkSession) -> None:
    def orders(**customers: str | None) -> DataFrame:
        rows: list[Values] = [
            {"source": "crm", "order_id": number, "customer_id": customer, "known_from": NIGHT}
            for number, customer in customers.items()
        ]
        return of_table(spark, ORDERS, rows)

    before = orders(same="a", moved="a", silent=None, gone="a")
    found = changes(ORDERS, orders(same="a", moved="b", silent=None, new="c"), before)
    assert {(row["order_id"], row["customer_id"]) for row in found.frame.collect()} == {("moved", "b"), ("new", "c")}
    assert [tuple(row) for row in found.gone.collect()] == [("crm", "gone")]
    again = changes(ORDERS, before, before)
    assert again.frame.isEmpty()
    assert again.gone.isEmpty()
