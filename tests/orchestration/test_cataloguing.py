"""`habitue catalogue`: every table and column on a page that leads on to the next, and the same for programs."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from lakehouse.lineage import named
from orchestration import cli
from orchestration.cataloguing import contents_of, measured
from orchestration.retailer import load_retailer
from orchestration.tables import all_tables
from quality.measurements import Figure
from report.catalogue import Contents, catalogue, write_catalogue

DEMO = Path(__file__).parents[2] / "retailers" / "demo.yaml"


FIGURES = (
    Figure("conformed.contacts", "crm", "", "completeness", "email", 0.98, 50),
    Figure("conformed.contacts", "crm", "", "freshness_days", "email", 1.0, 50),
)


@pytest.fixture(scope="module")
def contents() -> Contents:
    return contents_of(load_retailer(DEMO))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("catalogue")
    assert cli.main(["catalogue", "--retailer", str(DEMO), "--out", str(out)]) == 0
    return out


def column(found: dict[str, Any], name: str) -> dict[str, Any]:
    wanted = named(name)
    table = next(table for table in found["tables"] if table["name"] == wanted.table)
    return dict(next(one for one in table["columns"] if one["name"] == wanted.column))


def test_every_table_and_column_of_the_lake_is_told(written: Path) -> None:
    found = json.loads((written / "catalogue.json").read_text())
    told = {table["name"]: {one["name"] for one in table["columns"]} for table in found["tables"]}
    for table in all_tables(load_retailer(DEMO)):
        assert set(table.column_names) <= told[table.name]
    assert "Total" in told["raw.pos_tickets"]
    assert "churn_band" in told["destinations.crm"]
    assert all(one["meaning"] for table in found["tables"] for one in table["columns"])


def test_a_column_tells_its_origin_its_readers_and_its_rules(contents: Contents) -> None:
    told = column(catalogue(contents), "unified.orders.order_amount")
    assert (told["personal"], told["unit"]) == (False, "retailer's currency")
    assert told["made"][0]["of"] == [{"table": "conformed.orders", "column": "order_amount"}]
    assert {"pos.tickets: Total", "web.orders: total", "erp.rates: rate"} <= set(told["delivered_as"])
    assert {"table": "features.customer_features", "column": "net_amount"} in told["read_by"]
    scored = column(catalogue(contents), "scores.customer_scores.churn_probability")
    assert scored["rules"] == ["churn_probability is from 0 to 1"]


def test_rules_of_the_retailer_file_stand_beside_the_built_in_ones(tmp_path: Path) -> None:
    added = "rules:\n- {table: conformed.orders, rule: between, column: order_amount, max: 5000, otherwise: warn}\n"
    file = tmp_path / "retailer.yaml"
    file.write_text(DEMO.read_text() + added)
    found = catalogue(contents_of(load_retailer(file)))
    (added_rule,) = (rule for rule in column(found, "conformed.orders.order_amount")["rules"] if "5000" in rule)
    orders = next(table for table in found["tables"] if table["name"] == "conformed.orders")
    stated = {rule["name"]: rule["stated"] for rule in orders["rules"]}
    assert stated[added_rule] == "retailer file"
    assert set(stated.values()) == {"built in", "retailer file"}


def test_owners_rows_and_last_nights_measurements_are_shown_where_they_are_given(
    contents: Contents, tmp_path: Path
) -> None:
    scored = "scores.customer_scores"
    more = replace(contents, owners={scored: "analytics"}, rows={scored: 12345}, night="2026-03-02")
    write_catalogue(replace(more, measured=measured(FIGURES)), tmp_path)
    page = (tmp_path / f"{scored}.html").read_text()
    assert "analytics" in page
    assert "12,345 on the night of 2026-03-02" in page
    assert "12,345" in (tmp_path / "index.html").read_text()
    contacts = (tmp_path / "conformed.contacts.html").read_text()
    assert "completeness of crm: <b>98.0%</b>" in contacts
    assert "freshness of crm: <b>1 d</b>" in contacts


def test_owners_are_those_of_the_retailer_file(contents: Contents) -> None:
    retailer = load_retailer(DEMO)
    told = {
        table["name"]: table["owner"] for table in catalogue(contents)["tables"] if table["layer"] != "destinations"
    }
    assert told == {name: retailer.owner(name) for name in told}


def test_every_link_of_the_pages_leads_somewhere(written: Path) -> None:
    pages = {page.name: page.read_text() for page in written.glob("*.html")}
    anchors = {name: set(re.findall(r'id="([^"]+)"', text)) for name, text in pages.items()}
    links = {(name, link) for name, text in pages.items() for link in re.findall(r'href="([^"]+)"', text)}
    dead = set()
    for page, link in links:
        target, _, anchor = unquote(link).partition("#")
        known = anchors.get(target or page)
        if target != "catalogue.json" and (known is None or (anchor and anchor not in map(unquote, known))):
            dead.add((page, link))
    assert len(links) > 1000
    assert dead == set()


def test_pages_load_nothing_and_run_nothing(written: Path) -> None:
    for page in written.glob("*.html"):
        text = page.read_text()
        assert "<script" not in text
        assert "default-src 'none'" in text
        assert not re.search(r'(src|href)="(https?:)?//', text)
