"""One history per customer: conformed facts with the customer they belong to, and what of that has changed."""

from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.delta import Lakehouse
from lakehouse.table import Table
from pipelines import canonical, tables
from pipelines.identity.candidates import PERSON_COLUMNS, pointing
from pipelines.identity.keys import OWNER_COLUMNS, with_identifier_keys

UNIFIED = {table.name.removeprefix("unified."): table for table in tables.UNIFIED_FACTS}


@dataclass(frozen=True)
class Changes:
    """What `lake.merge` needs: rows that are new or differ, and the keys of rows that are gone."""

    frame: DataFrame
    gone: DataFrame


def unified(lake: Lakehouse, entity: str, *, key: str, region: str | None) -> Changes:
    """What changes in `unified.<entity>` tonight.

    Reads: conformed.<entity>, unified.identifiers, the table as the night began; for order_lines also
           conformed.products and tonight's unified.orders, which has to be written first.
    """
    table, fact = UNIFIED[entity], lake.read(canonical.ENTITIES[entity].conformed)
    if entity == "order_lines":
        now = unified_lines(fact, lake.read(tables.ORDERS), lake.read(canonical.PRODUCTS.conformed))
    else:
        now = unified_facts(table, fact, lake.read(tables.IDENTIFIERS), key=key, region=region)
    return changes(table, now, lake.read_as_night_began(table))


def unified_facts(table: Table, fact: DataFrame, identifiers: DataFrame, *, key: str, region: str | None) -> DataFrame:
    """The living rows of a conformed fact in the columns of its unified table, with the customer of each.

    Units: a row belongs to the customer of the first of its identifiers that points to one: contact, card, e-mail,
           phone, cookie, name with postal code. A row whose identifiers point to nobody, or to several, keeps no
           customer; so does one with a name alone.
    """
    living = fact.where("not is_deleted")
    owned = _owners(living, identifiers, key=key, region=region)
    said = [name for name in ("source", *PERSON_COLUMNS) if name in fact.columns]
    same = [living[name].eqNullSafe(owned[f"_{name}"]) for name in said]
    joined = living.join(owned, same, "left")
    if table is tables.ORDERS:
        joined = joined.withColumn("kind", F.coalesce("kind", F.lit("sale")))
    return joined.select(*table.column_names)


def unified_lines(lines: DataFrame, orders: DataFrame, products: DataFrame) -> DataFrame:
    """The living lines with the customer of their order and the category of their article.

    Reads: orders as in unified.orders. An article is looked up in the line's own source first, then in any other.
    """
    living = lines.where("not is_deleted").withColumn("kind", F.coalesce("kind", F.lit("sale")))
    whose = orders.select("source", "order_id", "customer_id", F.col("event_at").alias("_ordered_at"))
    joined = living.join(whose, ["source", "order_id"], "left").join(_categories(products), "product_id", "left")
    category = F.coalesce(F.try_element_at("_by_source", F.col("source")), F.col("_any"))
    dated = joined.withColumns({"category": category, "event_at": F.coalesce("event_at", "_ordered_at")})
    return dated.select(*tables.ORDER_LINES.column_names)


def changes(table: Table, now: DataFrame, before: DataFrame) -> Changes:
    """The rows of `now` that `before` has not or has otherwise, and the keys that only `before` has."""
    key = list(table.key)
    values = [name for name in table.column_names if name not in key]
    old = before.select(*key, F.struct(*values).alias("_before"))
    compared = now.withColumn("_now", F.struct(*values)).join(old, key, "left")
    differs = F.col("_before").isNull() | ~F.col("_now").eqNullSafe(F.col("_before"))
    return Changes(
        frame=compared.where(differs).select(*table.column_names),
        gone=before.select(*key).join(now.select(*key), key, "left_anti"),
    )


def _owners(fact: DataFrame, identifiers: DataFrame, *, key: str, region: str | None) -> DataFrame:
    """One row per combination of identifiers that points to a customer; its columns are prefixed with `_`."""
    asked = pointing(fact).distinct()
    columns = asked.columns
    keyed = with_identifier_keys(asked, key=key, region=region)
    ranked = F.array(
        *(F.struct(F.lit(n).alias("place"), F.col(k).alias("identifier_key")) for n, k in enumerate(OWNER_COLUMNS))
    )
    exploded = keyed.select(*columns, F.inline(ranked)).where("identifier_key is not null")
    found = exploded.join(identifiers.select("identifier_key", "customer_id"), "identifier_key")
    owned = found.groupBy(*columns).agg(F.min_by("customer_id", "place").alias("customer_id"))
    return owned.withColumnsRenamed({name: f"_{name}" for name in columns})


def _categories(products: DataFrame) -> DataFrame:
    living = products.where("not is_deleted and product_id is not null and category is not null")
    return living.groupBy("product_id").agg(
        F.map_from_entries(F.collect_set(F.struct("source", "category"))).alias("_by_source"),
        F.min_by("category", "source").alias("_any"),
    )
