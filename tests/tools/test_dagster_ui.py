"""`habitue ui` shows a data engineer every table of the night, in its layer, and stops at Ctrl-C."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from lakehouse.settings import PROJECT
from tests.tools.chromium import Chromium
from tests.tools.dagster_ui import DagsterUI, running_ui

REPOSITORY = "/locations/__repository__@orchestration.definitions"
LAYERS = ["activation", "conformed", "features", "models", "raw", "scores", "unified"]
SHOWN = [
    ("raw", "files"),
    ("conformed", "orders"),
    ("conformed", "orders_rejected"),
    ("unified", "customers"),
    ("scores", "customer_scores"),
]
LOADED = """{ workspaceOrError { ... on Workspace { locationEntries {
    name loadStatus locationOrLoadError { __typename ... on PythonError { message } } } } } }"""
ASSETS = "{ assetNodes { assetKey { path } groupName description owners { __typename } } }"
NOT_SLOW = 30_000
"""Milliseconds for the browser to draw what Dagster sends."""


@pytest.fixture(scope="module")
def nodes(dagster_ui: DagsterUI) -> list[dict[str, Any]]:
    """Every asset as Dagster knows it."""
    found: list[dict[str, Any]] = dagster_ui.asked(ASSETS)["assetNodes"]
    return found


def test_definitions_load_without_error(dagster_ui: DagsterUI) -> None:
    [location] = dagster_ui.asked(LOADED)["workspaceOrError"]["locationEntries"]
    assert location == {
        "name": "orchestration.definitions",
        "loadStatus": "LOADED",
        "locationOrLoadError": {"__typename": "RepositoryLocation"},
    }


def test_every_table_has_its_layer_a_description_and_an_owner(nodes: list[dict[str, Any]]) -> None:
    groups = {tuple(node["assetKey"]["path"]): node["groupName"] for node in nodes}
    assert {place: groups.get(place) for place in SHOWN} == {place: place[0] for place in SHOWN}
    assert set(LAYERS) <= set(groups.values())
    assert [path for path, group in groups.items() if path[0] != group and path[0] in LAYERS] == []
    assert [node["assetKey"] for node in nodes if not (node["description"] and node["owners"])] == []


def test_lineage_shows_every_layer_without_network(dagster_ui: DagsterUI, chromium: Chromium, tmp_path: Path) -> None:
    asked: list[str] = []
    with chromium.page(f"{dagster_ui.address}/server_info", width=1600, height=1000) as page:
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{dagster_ui.address}/asset-groups")
        for layer in LAYERS:
            _shows(page, layer)
        page.screenshot(path=tmp_path / "lineage.png")
    assert [url for url in asked if not url.startswith((dagster_ui.address, "data:", "blob:"))] == []


@pytest.mark.parametrize(("layer", "table"), SHOWN)
def test_the_page_of_a_layer_shows_its_table(
    dagster_ui: DagsterUI, chromium: Chromium, tmp_path: Path, layer: str, table: str
) -> None:
    address = f"{dagster_ui.address}{REPOSITORY}/asset-groups/{layer}/list"
    with chromium.page(address, width=1600, height=1000) as page:
        _shows(page, f"{layer} / {table}")
        page.screenshot(path=tmp_path / f"{layer}.png")


def test_ctrl_c_stops_every_process(tmp_path: Path) -> None:
    with running_ui(PROJECT / "retailers" / "demo.yaml", tmp_path) as ui:
        assert ui.press_ctrl_c()


def _shows(page: Page, words: str) -> None:
    expect(page.get_by_text(words, exact=True).first).to_be_visible(timeout=NOT_SLOW)
