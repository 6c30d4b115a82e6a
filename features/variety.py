"""Variety: how wide the customer's taste is."""

from collections.abc import Mapping

from pyspark.sql import Column
from pyspark.sql import functions as F

from features.feature_group import FeatureGroup, count, distinct, is_sale, within


def compute() -> Mapping[str, Column]:
    """One aggregate over unified.order_lines per feature."""
    sale = is_sale()
    return {
        "categories_count": distinct(F.when(sale, F.col("category"))),
        "products_count": distinct(F.when(sale, F.col("product_id"))),
        "products_count_365d": distinct(F.when(sale & within(365), F.col("product_id"))),
    }


VARIETY = FeatureGroup(
    name="variety",
    source="order_lines",
    reads={"kind": "string", "category": "string", "product_id": "string"},
    features=(
        count("categories_count", "categories", "different categories bought"),
        count("products_count", "articles", "different articles bought"),
        count("products_count_365d", "articles", "different articles bought in the last 365 days"),
    ),
    compute=compute,
    activity=is_sale,
)
