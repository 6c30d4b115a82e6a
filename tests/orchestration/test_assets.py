"""What Dagster shows of tables that no gate judges: in their layer, with rows and version, told by who writes them."""

from pathlib import Path

import dagster as dg
import pytest
from pyspark.sql import SparkSession

from orchestration.assets.column_lineage import KEY as COLUMN_LINEAGE
from orchestration.assets.conformed import conformed_assets, mapped_entities
from orchestration.assets.identity_metadata import BLOCKING, identity_metadata
from orchestration.assets.keys import asset_key, table_name
from orchestration.assets.raw import files_asset, raw_assets
from orchestration.assets.step import Steps, spec, tables_asset
from orchestration.definitions import NIGHTLY, definitions
from orchestration.lineage import lineage_of
from orchestration.night import Place
from orchestration.retailer import load_retailer
from pipelines.canonical import ORDERS
from pipelines.identity.blocking import KeyYield
from pipelines.identity.figures import IdentityFigures, SourceFigures
from pipelines.tables import HOUSEHOLDS, IDENTITY_LINKS
from quality.publish import Published
from tests.end_to_end.small_shop import FIRST, TICKETS, tickets, write_rows, write_shop
from tests.orchestration.night_runs import night_run

LOOKS_INTO_CONTACTS = (
    "- {table: conformed.orders, rule: exists_in, columns: [source], in: conformed.contacts, otherwise: warn}\n"
)
RAW_FILES = dg.AssetKey(["raw", "files"])
SET_ASIDE = dg.AssetKey(["conformed", "orders_rejected"])


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(write_shop(tmp_path, nights=1), tmp_path / "landing", str(tmp_path / "lake"))


def test_rows_set_aside_and_files_are_in_the_graph(place: Place) -> None:
    found = definitions(place)
    graph = found.resolve_asset_graph()
    entities = mapped_entities(load_retailer(place.retailer_file))
    for entity in entities:
        made, aside = (graph.get(dg.AssetKey(table.name.split("."))) for table in (entity.conformed, entity.rejected))
        assert (aside.group_name, aside.parent_keys) == ("conformed", made.parent_keys)
        assert aside.key in graph.get_execution_set_asset_and_check_keys(made.key)
    files = graph.get(RAW_FILES)
    assert (files.group_name, files.is_materializable) == ("raw", True)
    assert {key.to_user_string() for key in files.parent_keys} == {"raw/crm_contacts", "raw/till_tickets"}
    assert {node.name for node in found.resolve_job_def(NIGHTLY).nodes} >= {"raw__crm", "conformed__orders"}


def test_steps_tell_how_many_rows_they_set_aside_and_how_many_files_are_known(
    spark: SparkSession, place: Place
) -> None:
    broken = ("X1", "yesterday", "", "ten")
    write_rows(place.landing / f"tickets_{FIRST}.csv", TICKETS, [*tickets(FIRST, days=5), broken])
    place.retailer_file.write_text(place.retailer_file.read_text() + "rules:\n" + LOOKS_INTO_CONTACTS)
    run = night_run(spark, place, FIRST)
    steps = Steps(dg.DailyPartitionsDefinition(start_date=str(FIRST)), lineage=lineage_of(run.retailer))
    made: list[dg.AssetsDefinition | dg.AssetSpec] = [
        files_asset(run.retailer, steps),
        *raw_assets(run.retailer, steps),
        *conformed_assets(run.retailer, steps),
    ]
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(
            made,
            instance=instance,
            partition_key=str(FIRST),
            resources={"night": dg.ResourceDefinition.hardcoded_resource(run)},
            selection=[
                *("raw/crm_contacts", "raw/till_tickets", "raw/files"),
                *("conformed/orders", "conformed/orders_rejected"),
            ],
        )
        assert result.success
        told = {key: instance.get_latest_materialization_event(key) for key in (RAW_FILES, SET_ASIDE)}
        [gate] = [
            one for one in result.get_asset_check_evaluations() if one.asset_key == asset_key(ORDERS.conformed.name)
        ]
    metadata = {key: event.asset_materialization.metadata for key, event in told.items()}  # type: ignore[union-attr]
    assert {key: value["dagster/row_count"].value for key, value in metadata.items()} == {RAW_FILES: 2, SET_ASIDE: 1}
    assert metadata[SET_ASIDE]["delta version"].value == run.lake.version(ORDERS.rejected) == 0
    assert [gate.outcome for gate in run.record.gates if "conformed.contacts" in gate.rule] == ["warned"]
    of_columns = metadata[SET_ASIDE][COLUMN_LINEAGE].value
    assert isinstance(of_columns, dg.TableColumnLineage)
    file = dg.TableColumnDep(dg.AssetKey(["raw", "till_tickets"]), "_file_sha256")
    assert of_columns.deps_by_column["file_sha256"] == [file]
    assert (gate.passed, gate.severity, gate.metadata["night"].value) == (False, dg.AssetCheckSeverity.WARN, str(FIRST))
    tells_where({name: str(value.value) for name, value in gate.metadata.items()})


def tells_where(shown: dict[str, str]) -> None:
    """Rows set aside by file and number, rows that stay by their key, and nothing personal."""
    examples = [text for name, text in shown.items() if name.startswith("set aside: ")]
    assert examples
    assert all(f"tickets_{FIRST}.csv row" in text for text in examples)
    assert any("example source=till, order_id=T" in text for name, text in shown.items() if name.startswith("warned"))
    assert not [text for text in shown.values() if "@" in text]


def test_columns_are_made_of_columns_of_tables_that_are_made_before(place: Place) -> None:
    found = definitions(place)
    graph = found.resolve_asset_graph()
    of_orders = graph.get(asset_key("conformed.orders")).metadata[COLUMN_LINEAGE].deps_by_column
    assert of_orders["order_id"] == [dg.TableColumnDep(dg.AssetKey(["raw", "till_tickets"]), "Ticket")]
    for key in graph.materializable_asset_keys:
        told = graph.get(key).metadata.get(COLUMN_LINEAGE)
        made_of = {dep.asset_key for deps in told.deps_by_column.values() for dep in deps} if told else set()
        before = graph.get_ancestor_asset_keys(key) | graph.get_execution_set_asset_and_check_keys(key)
        assert made_of <= before, key


def test_figures_stand_beside_the_tables_that_they_are_about(spark: SparkSession, place: Place) -> None:
    run = night_run(spark, place, FIRST)
    assert identity_metadata(run) == {}
    run.record.who_is_who = IdentityFigures(
        people=2,
        sources=(SourceFigures("crm", records=3, people=2, also_in=(("crm", 2),)),),
        records_per_person=((1, 1), (2, 1)),
        evidence=(("email", 3),),
        events=(("created", 2, 3),),
        weights=((3, 1),),
        cut=None,
        people_per_household=((2, 1),),
        suspicious=1,
        reasons=(("size", 1),),
        splits=0,
        blocking=(KeyYield("any word", pairs=6, blocks_left_out=2, pairs_left_out=50, largest=4),),
    )
    told = identity_metadata(run)
    made = {table_name(key) for key in definitions(place).resolve_asset_graph().materializable_asset_keys}
    assert told.keys() <= made
    assert told["unified.households"]["households"] == 1
    assert "| 1 | 1 |" in told["unified.identity_links"]["records per person"].value
    assert (
        told["unified.households"].keys()
        > told["unified.identity_links"].keys() | told["unified.identity_pairs"].keys()
    )
    assert "| 3 | 1 | ██████████ |" in told["unified.households"]["match weights"].value
    assert "| any word | 6 | 2 | 50 | 4 |" in told["unified.identity_pairs"][BLOCKING].value
    assert "| crm | 2 | 2 |" in told["unified.identity_links"]["sources that overlap"].value


def test_a_step_tells_more_than_counts_of_its_own_table_and_of_those_of_others(
    spark: SparkSession, place: Place
) -> None:
    steps = Steps(dg.DailyPartitionsDefinition(start_date=str(FIRST)))
    made = Published(HOUSEHOLDS.name, 2, {}, 0, gates=(), version=0, counts=(), total_rows=2)
    told = {HOUSEHOLDS.name: {"households": 1}, IDENTITY_LINKS.name: {"people": 3}}
    asset = tables_asset(
        "unified__households", [spec(HOUSEHOLDS, after=[])], lambda _run: [made], steps, tells=lambda _run: told
    )
    with dg.DagsterInstance.ephemeral() as instance:
        run = {"night": dg.ResourceDefinition.hardcoded_resource(night_run(spark, place, FIRST))}
        assert dg.materialize([asset], instance=instance, partition_key=str(FIRST), resources=run).success
        own = instance.get_latest_materialization_event(asset_key(HOUSEHOLDS.name))
        other = instance.fetch_observations(asset_key(IDENTITY_LINKS.name), limit=1).records[0].asset_observation
    assert own is not None
    assert own.asset_materialization is not None
    assert other is not None
    assert own.asset_materialization.metadata["households"].value == 1
    assert (other.metadata["people"].value, other.partition) == (3, str(FIRST))


def test_what_a_column_holds_is_told_in_words_that_markdown_keeps(place: Place) -> None:
    graph = definitions(place).resolve_asset_graph()
    schema = graph.get(asset_key(IDENTITY_LINKS.name)).metadata["dagster/column_schema"]
    told = next(column.description for column in schema.columns if column.name == "record_key")
    assert told.startswith("contact:&lt;source&gt;:&lt;contact id&gt;")


def test_a_table_is_made_after_those_that_its_rules_look_into(place: Place) -> None:
    with place.retailer_file.open("a") as file:
        file.write("rules:\n- {table: conformed.orders, rule: exists_in, columns: [source], in: conformed.contacts}\n")
    graph = definitions(place).resolve_asset_graph()
    for table in ("conformed.orders", "conformed.orders_rejected"):
        parents = {key.to_user_string() for key in graph.get(asset_key(table)).parent_keys}
        assert parents == {"raw/till_tickets", "conformed/contacts"}


def test_every_asset_has_the_owner_that_the_retailer_file_gives_it(place: Place) -> None:
    with place.retailer_file.open("a") as file:
        file.write("owners: {sources: {till: shops@example.org}, tables: {conformed.orders: sales}}\n")
    graph = definitions(place).resolve_asset_graph()
    owners = {key: graph.get(asset_key(key)).owners for key in ("raw.till_tickets", "conformed.orders", "raw.files")}
    assert owners == {
        "raw.till_tickets": ["shops@example.org"],
        "conformed.orders": ["team:sales"],
        "raw.files": ["team:data-engineering"],
    }
