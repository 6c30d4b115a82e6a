"""`habitue models`: the versions of every model, which one scores and since when, and how a challenger agrees."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from math import isnan
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lakehouse.delta import Lakehouse
from lakehouse.nights import last_started
from models.baselines import called
from models.champions import Change
from models.registry import ModelUnusable, Registry
from models.reviews import counted
from models.settings import ChurnSettings
from models.shadow import Agreement, agreement
from models.tables import CHALLENGER_SCORES, CUSTOMER_SCORES, REVIEWED_CASES
from models.versions import ModelVersions, Trial, Version, versions_of
from orchestration.model_cards import write_model_card
from orchestration.night import open_lake
from orchestration.retailer import Retailer, load_retailer
from orchestration.running import place_of
from report.wording import plain

NEWEST = 5
"""Versions that are shown of each model, beside those in use, unless all are asked for."""


def show(asked: argparse.Namespace) -> int:
    """Print what is known of every version.

    Raises: ModelUnusable if the registry is damaged.
    """
    place = place_of(asked)
    retailer = load_retailer(place.retailer_file)
    registry = Registry(place.state)
    with open_lake(place, purpose="models") as lake:
        found, agree = versions_of(lake, registry), agreements(lake, registry, retailer.churn)
        marked = counted(lake.read(REVIEWED_CASES))
        if asked.cards:
            print("\n".join(str(card) for card in cards(lake, registry, found, retailer)), file=sys.stderr)
    if asked.json:
        told = [_as_json(one, agree) | {"marked_wrong": marked.get(one.model, {})} for one in found]
        print(json.dumps({"models": told}, default=str))
    else:
        pages = (in_words(one, agree, marked=marked.get(one.model, {}), everything=asked.all) for one in found)
        print("\n\n".join("\n".join(page) for page in pages))
    return 0


def cards(lake: Lakehouse, registry: Registry, found: Sequence[ModelVersions], retailer: Retailer) -> Iterator[Path]:
    """Write the card of every version that was tested anew, with all that came of it since; baselines have none."""
    night = last_started(lake)
    for model in found:
        for version in model.versions:
            if version.windows and night is not None:
                yield write_model_card(lake, registry, model.model, version.version, night=night, retailer=retailer)


def agreements(lake: Lakehouse, registry: Registry, churn: ChurnSettings) -> list[Agreement]:
    """How challengers and the versions in use agreed on the newest night that both scored; none without a challenger.

    Shape: a version whose file cannot be read is left out.
    """
    night = lake.read(CHALLENGER_SCORES).selectExpr("max(night)").collect()[0][0]
    if night is None:
        return []
    shadow, scores = (
        lake.read(table).where(f"night = DATE'{night}'") for table in (CHALLENGER_SCORES, CUSTOMER_SCORES)
    )
    used = scores.selectExpr("max(churn_version) as churn", "max(value_version) as lifetime_value").collect()[0]
    versions = {}
    for row in shadow.select("model", "version").distinct().collect():
        try:
            pair = (registry.load(row["model"], used[row["model"]]), registry.load(row["model"], row["version"]))
        except ModelUnusable:
            continue
        versions[row["model"]] = pair
    return agreement(scores, shadow.where(shadow["model"].isin(list(versions))), versions, settings=churn)


def in_words(
    found: ModelVersions,
    agree: Sequence[Agreement],
    *,
    marked: Mapping[str, int] = MappingProxyType({}),
    everything: bool,
) -> Iterator[str]:
    """The model as lines for a terminal.

    Units: marked counts the scores that people marked wrong, by the segment of their customers.
    """
    yield f"{found.model}: {_in_use(found)}"
    if marked:
        by_segment = ", ".join(f"{segment} {count:,}" for segment, count in marked.items())
        yield f"  {sum(marked.values()):,} scores were marked wrong in a tool: {by_segment}"
    yield from (f"  {_changed(change)}" for change in found.changes[-NEWEST:])
    for one in agree:
        if one.model == found.model:
            yield f"  {_agreement(one)}"
    shown = [
        v for n, v in enumerate(found.versions) if everything or n < NEWEST or v.version == found.in_use or v.alias
    ]
    for version in shown:
        yield from _version(version)
    if len(shown) < len(found.versions):
        yield f"  and {len(found.versions) - len(shown)} older versions: habitue models --all"


def _in_use(found: ModelVersions) -> str:
    if found.in_use is None:
        return "no version yet: the first night registers a baseline"
    if found.champion is None:
        return f"no champion, a baseline scores (version {found.in_use})"
    when = f"since the night after {found.since.night}" if found.since else "since before such changes were recorded"
    return f"version {found.champion} is champion, {when}"


def _changed(change: Change) -> str:
    told = f"{change.night}: version {change.version} {change.what.replace('_', ' ')}"
    return f"{told}, instead of {change.from_version or 'none'}, by {change.who}: {change.why}"


def _version(version: Version) -> Iterator[str]:
    marks = [version.alias, f"rolled back after {version.rolled_back}" if version.rolled_back else ""]
    marked = ", ".join(mark for mark in marks if mark)
    yield (
        f"  version {version.version}, {version.night}, {plain(version.kind)}, grade {version.grade}, "
        f"{version.horizon_days} days{f' ({marked})' if marked else ''}"
    )
    if version.because:
        yield f"    trained because {version.because}"
    yield f"    {version.verdict}"
    for window in version.windows:
        yield f"    {_window(window)}"


def _window(window: Trial) -> str:
    told = f"from {window.night}: {window.metric} {_figure(window.score, window.low, window.high)}"
    told += f", gain over {called(window.rival)} {_figure(window.gain, window.gain_low, window.gain_high)}"
    if window.best_profit is None or window.best_share is None:
        return told
    if window.best_profit <= 0:
        return f"{told}; every contact would lose money"
    return f"{told}; contacting {window.best_share:.0%} would earn most: {window.best_profit:,.0f}"


def _figure(figure: float | None, low: float | None, high: float | None) -> str:
    if figure is None or isnan(figure):
        return "not known"
    return f"{figure:.3f}" + (f" ({low:.3f} to {high:.3f})" if low is not None and high is not None else "")


def _agreement(one: Agreement) -> str:
    alike = "not measurable" if one.spearman is None else f"{one.spearman:.3f}"
    return (
        f"challenger version {one.version} on the night of {one.night}: rank correlation with the version in use "
        f"{alike}, {one.other_band:.1%} of {one.customers:,} customers in another band"
    )


def _as_json(found: ModelVersions, agree: Sequence[Agreement]) -> dict[str, Any]:
    return asdict(found) | {"agreement": next((asdict(one) for one in agree if one.model == found.model), None)}
