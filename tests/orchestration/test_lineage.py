"""Lineage tells the truth: every column of every table has its ways, and Spark's own plans say the same."""

from collections.abc import Callable
from datetime import date
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from activation.audience import audience_members
from activation.frames import Frames
from activation.tables import CONSENT, HOLDOUTS, TOOL_REFUSALS
from features import CUSTOMER_FEATURES
from features.build import customer_features, history
from features.point_in_time import snapshot_at
from lakehouse.lineage import ColumnName, Lineage, named
from models.tables import CUSTOMER_SCORES
from orchestration.lineage import lineage_of
from orchestration.retailer import Retailer, load_retailer
from orchestration.tables import all_tables, fixed_tables
from pipelines import tables
from pipelines.canonical import ENTITIES
from pipelines.consent import consent_state, objections
from pipelines.customers import profiles
from pipelines.expressions import columns_read
from pipelines.golden import FIELDS, golden_records
from pipelines.history import UNIFIED, unified_facts, unified_lines
from pipelines.identity.keys import with_identifier_keys
from pipelines.mapped_lineage import columns_named
from pipelines.money import in_own_currency
from tests.orchestration.planned import empty, planned

RETAILERS = Path(__file__).parents[2] / "retailers"
NIGHT = date(2026, 3, 1)
KEY, REGION = "k", "BE"
TOGETHER: dict[str, list[set[str]]] = {
    "unified.customers": [
        {*fields, *(f"{g}_{p}" for p in ("source", "record", "updated_at"))} for g, fields in FIELDS.items()
    ],
    "unified.consents": [{"address", "status", "legal_basis", "expires_on", "decided_at", "source", "evidence"}],
    "activation.audience_members": [{"record_key", "source_contact_id", "reason", "decision", *CONSENT}],
}
"""Columns that a step takes from one record at once: a plan sees that record whole."""
OWN_PAST = {"activation.audience_members": {named("activation.holdouts.arm")}}
"""What an earlier night decided and this one keeps."""


@pytest.fixture(scope="module")
def demo() -> Retailer:
    return load_retailer(RETAILERS / "demo.yaml")


@pytest.mark.parametrize("file", [*sorted(RETAILERS.glob("*.yaml")), None], ids=str)
def test_every_column_has_its_ways_and_every_way_starts_at_a_column(file: Path | None) -> None:
    retailer = load_retailer(file) if file else None
    lineage, known = lineage_of(retailer), all_tables(retailer) if retailer else fixed_tables()
    declared = {ColumnName(table.name, column) for table in known for column in table.column_names}
    beside = [name for name in lineage if name not in declared and not name.table.startswith(("raw.", "destinations."))]
    assert declared - set(lineage) == set(), "tell what these are made of, in the lineage.py of their folder"
    assert beside == [], "these are no columns any more"
    starts = {column for name in lineage for way in lineage.tables[name.table][name.column] for column in way.of}
    assert starts - set(lineage) == set(), "these columns do not exist"


def test_no_column_is_made_of_itself(demo: Retailer) -> None:
    lineage = lineage_of(demo)
    TopologicalSorter({name: set(lineage.made_of(name)) for name in lineage}).prepare()


def test_a_score_goes_back_to_delivered_columns_of_several_sources(demo: Retailer) -> None:
    origins = lineage_of(demo).origins(named("scores.customer_scores.churn_probability"))
    for column in ("raw.pos_tickets.Total", "raw.web_orders.total", "raw.erp_rates.rate", "raw.marketing_messages.ts"):
        assert named(column) in origins
    assert named("raw.erp_stores.store_name") not in origins


def test_a_column_that_no_source_fills_is_in_no_way(demo: Retailer) -> None:
    lineage = lineage_of(demo)
    unfilled = named("unified.person_records.cookie_key")
    assert named("conformed.contacts.cookie_id") in lineage.tables[unfilled.table][unfilled.column][0].of
    assert lineage.ways(unfilled) == ()
    assert unfilled not in lineage.made_of(named("unified.identity_links.customer_id"))


def test_a_field_in_the_crm_goes_back_to_the_score_that_it_shows(demo: Retailer) -> None:
    lineage = lineage_of(demo)
    assert lineage.made_of(named("destinations.crm.churn_band")) == (named("scores.customer_scores.churn_band"),)
    assert named("destinations.crm.churn_band") in lineage.readers(named("scores.customer_scores.churn_band"))


@pytest.mark.parametrize(
    "expression",
    [
        "to_date(`Date Of Birth`, 'M/d/yyyy')",
        "transform(lines, line -> line.price * Rate)",
        "filter(lines, (line, place) -> place > first and line.sku = Sku)",
        "sum(Amount) filter (where Kind = 'sale')",
        "address.street.name",
        "`a.b`",
        "case type when 'EARN' then points else -points end",
        "trim(both ' ' from name)",
        "extract(year from born)",
        "count(*)",
        "placed_at + interval 1 day",
        "a <=> b or c rlike '^x' or d in (1, e)",
        "try_cast(date as date)",
        "named_struct('a', b).a",
        "m['key'] || timestamp",
        *("comment", "show", "describe", "use", "set", "values", "date", "order_id", "table", "position", "kind"),
    ],
)
def test_columns_are_named_as_spark_reads_them(spark: SparkSession, expression: str) -> None:
    assert set(columns_named(expression)) == columns_read(spark, expression)


@pytest.mark.parametrize("file", sorted(RETAILERS.glob("*.yaml")), ids=str)
def test_every_mapped_expression_is_read_as_spark_reads_it(spark: SparkSession, file: Path) -> None:
    mappings = [
        mapping
        for source in load_retailer(file).sources.values()
        for mapped in source.entities.values()
        for mapping in mapped
    ]
    texts = {text for mapping in mappings for text in (*mapping.columns.values(), *mapping.group_by)}
    wrong = {text for text in texts if set(columns_named(text)) != columns_read(spark, text)}
    assert texts
    assert wrong == set()


def test_features_read_what_their_plan_reads_and_nothing_else(spark: SparkSession) -> None:
    frames = {table.name.split(".")[1]: empty(spark, table) for table in tables.UNIFIED_FACTS}
    found = planned(customer_features(history(spark, frames), snapshot_at(NIGHT, "UTC")))
    lineage, given = lineage_of(None), {"night", "as_of", "customer_id"}
    wrong = {}
    for name, direct in found.values.items():
        values = {column for column in direct if column.column != "known_from"}
        declared = set(lineage.made_of(ColumnName(CUSTOMER_FEATURES.name, name), decides="value"))
        if name not in given and values != declared:
            wrong[name] = sorted(map(str, values))
    assert wrong == {}, "features/lineage.py says otherwise"


def fact(spark: SparkSession, name: str) -> DataFrame:
    conformed = empty(spark, ENTITIES[name].conformed)
    return unified_facts(UNIFIED[name], conformed, empty(spark, tables.IDENTIFIERS), key=KEY, region=REGION)


def lines(spark: SparkSession) -> DataFrame:
    conformed = [empty(spark, ENTITIES[name].conformed) for name in ("order_lines", "products")]
    return unified_lines(conformed[0], empty(spark, tables.ORDERS), conformed[1])


def consents(spark: SparkSession) -> DataFrame:
    said, sent, known = (empty(spark, ENTITIES[name].conformed) for name in ("consents", "messages", "contacts"))
    identifiers = empty(spark, tables.IDENTIFIERS)
    told = empty(spark, TOOL_REFUSALS)
    return consent_state(said, sent, known, identifiers, night=NIGHT, key=KEY, region=REGION, told=told)


def customers(spark: SparkSession) -> DataFrame:
    links, records, events = (
        empty(spark, table) for table in (tables.IDENTITY_LINKS, tables.PERSON_RECORDS, tables.IDENTITY_EVENTS)
    )
    heirs = events.where("event = 'merged_into'").withColumnsRenamed(
        {"customer_id": "old_customer_id", "other_customer_id": "customer_id"}
    )
    return golden_records(
        links, empty(spark, ENTITIES["contacts"].conformed), records, heirs, trust=["crm"], region="BE"
    )


def profile(spark: SparkSession) -> DataFrame:
    return profiles(
        empty(spark, tables.IDENTITY_LINKS),
        empty(spark, ENTITIES["contacts"].conformed),
        empty(spark, tables.ORDERS),
        objections(empty(spark, tables.CONSENTS)),
        empty(spark, tables.CUSTOMERS),
        night=NIGHT,
        trust=["crm"],
        timezone="UTC",
    )


def members(spark: SparkSession) -> DataFrame:
    contacts = with_identifier_keys(empty(spark, ENTITIES["contacts"].conformed), key=KEY, region=REGION)
    names = {"contact_key": "record_key", "email_form": "email", "phone_form": "phone"}
    frames = Frames(
        empty(spark, tables.CUSTOMER_PROFILE),
        empty(spark, CUSTOMER_FEATURES),
        empty(spark, CUSTOMER_SCORES),
        empty(spark, tables.IDENTITY_LINKS),
        contacts.drop("email", "phone").withColumnsRenamed(names).select(*names.values(), "is_deleted"),
        empty(spark, tables.CONSENTS),
    )
    retailer = load_retailer(RETAILERS / "demo.yaml")
    return audience_members(retailer, frames, holdouts=empty(spark, HOLDOUTS), night=NIGHT, key="k")


STEPS: dict[str, Callable[[SparkSession], DataFrame]] = {
    "unified.orders": lambda spark: fact(spark, "orders"),
    "unified.visits": lambda spark: fact(spark, "visits"),
    "unified.loyalty_movements": lambda spark: fact(spark, "loyalty_movements"),
    "unified.order_lines": lines,
    "unified.consents": consents,
    "unified.customers": customers,
    "unified.customer_profile": profile,
    "activation.audience_members": members,
}


def test_amounts_are_made_of_what_their_conversion_reads(spark: SparkSession) -> None:
    orders, rates = ENTITIES["orders"], ENTITIES["exchange_rates"].conformed
    rows, held = empty(spark, orders.conformed), empty(spark, rates)
    converted = in_own_currency(rows, orders, rates=held, currency="EUR", timezone="UTC", night=F.lit(NIGHT))
    found = planned(converted)
    amount = ColumnName(orders.conformed.name, "order_amount")
    stated = set(lineage_of(None).made_of(amount))
    # Before the conversion the amount has the name that it has after it.
    read = {amount._replace(column="delivered_order_amount")} | (found.values["order_amount"] - {amount})
    assert read <= stated
    assert stated <= read | found.looked_at


@pytest.mark.parametrize("table", STEPS)
def test_declared_lineage_is_that_of_the_plan(spark: SparkSession, table: str, demo: Retailer) -> None:
    lineage = lineage_of(demo if table.startswith("activation.") else None)
    found = planned(STEPS[table](spark))
    missing: dict[str, frozenset[ColumnName]] = {}
    invented: dict[str, frozenset[ColumnName]] = {}
    for column, direct in found.values.items():
        own = [ColumnName(table, each) for each in together(table, column)]
        declared = frozenset(name for one in own for name in before(lineage, one))
        unsaid = direct - declared - OWN_PAST.get(table, set())
        missing[column] = frozenset(name for name in unsaid if lineage.is_filled(name))
        invented[column] = declared - direct - found.looked_at
    assert not any(missing.values()), f"values of these columns go into it, which its lineage does not say: {missing}"
    assert not any(invented.values()), f"its lineage names columns that the step never looks at: {invented}"


def together(table: str, column: str) -> set[str]:
    return next((group for group in TOGETHER.get(table, []) if column in group), {column})


def before(lineage: Lineage, name: ColumnName) -> set[ColumnName]:
    """What a column is made of in other tables, whatever it decides."""
    of = lineage.made_of(name)
    return {c for c in of if c.table != name.table} | {
        further for c in of if c.table == name.table for further in before(lineage, c)
    }
