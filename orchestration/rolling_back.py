"""`habitue rollback`: a person puts an earlier version of a model back in use."""

import argparse
import getpass
import json
from collections.abc import Sequence
from datetime import UTC, datetime

from features import FEATURES
from lakehouse.delta import Lakehouse
from lakehouse.errors import WrongCall
from lakehouse.names import nearest
from lakehouse.nights import last_started
from models import MODELS
from models.champions import Change, before, changes, record, were_champion
from models.predict import check_usable
from models.registry import Registry
from orchestration.night import open_lake
from orchestration.running import place_of


def roll_back(asked: argparse.Namespace) -> int:
    """Put the version before, or the one that is named, back in use, and record who did it and why.

    Raises: WrongCall where there is nothing to go back to; ModelUnusable if that version cannot score.
    """
    place = place_of(asked)
    registry = Registry(place.state)
    names = [model.name for model in MODELS]
    if asked.model not in names:
        raise _wrong(f"there is no model {asked.model}{nearest(asked.model, names)}", asked.model)
    if not asked.because.strip():
        raise _wrong("no reason is given", asked.model)
    with open_lake(place, purpose="rollback") as lake:
        change = _change(asked, lake, registry)
        # Recorded first: a kill between the two leaves the version that a second call goes back from.
        record(lake, [change])
        to = None if _is_baseline(registry, change.model, change.version) else change.version
        registry.roll_back(change.model, to, night=change.night)
    print(json.dumps(_told(change)) if asked.json else _in_words(change, to))
    return 0


def target(registry: Registry, found: Sequence[Change], model: str, wanted: str | None) -> str:
    """The version to go back to: the one that is wanted, or that which scored before the champion was promoted.

    Raises: WrongCall where there is none, or where the one that is wanted never scored.
    """
    champion, in_use = registry.champion_version(model), registry.current(model)
    if wanted is None and champion is None:
        raise _wrong("no version was promoted, the baseline scores: there is nothing to go back to", model)
    if wanted is None:
        earlier = before(found, champion) if champion else None
        if not earlier:
            raise _wrong(f"what scored before version {champion} was not recorded: name it with --version", model)
        return _newest_baseline(registry, model) if _is_baseline(registry, model, earlier) else earlier
    if wanted not in _kinds(registry, model):
        raise _wrong(f"the registry holds no version {wanted}", model)
    to = _newest_baseline(registry, model) if _is_baseline(registry, model, wanted) else wanted
    if to == in_use:
        raise _wrong(f"version {to} is the one in use", model)
    if to == wanted and wanted not in were_champion(found):
        raise _wrong(f"version {wanted} was never champion: only a training promotes", model)
    return to


def _change(asked: argparse.Namespace, lake: Lakehouse, registry: Registry) -> Change:
    night, found = last_started(lake), changes(lake, asked.model)
    if night is None:
        raise _wrong("no night has run on this lake: there is nothing to go back to", asked.model)
    to = target(registry, found, asked.model, asked.version)
    check_usable(registry.load(asked.model, to), [feature.name for feature in FEATURES])
    was, who = registry.current(asked.model) or "", asked.who or getpass.getuser()
    return Change(night, asked.model, to, was, "rolled_back", who, asked.because.strip(), datetime.now(UTC))


def _is_baseline(registry: Registry, model: str, version: str) -> bool:
    return _kinds(registry, model).get(version, "trees") != "trees"


def _newest_baseline(registry: Registry, model: str) -> str:
    """What scores without a champion: of the baselines the newest, for older ones know less."""
    return next(version for version, kind in _kinds(registry, model).items() if kind != "trees")


def _kinds(registry: Registry, model: str) -> dict[str, str]:
    return {row["version"]: row["kind"] for row in registry.versions(model)}


def _told(change: Change) -> dict[str, str]:
    names = ("night", "model", "version", "from_version", "who", "why")
    return {name: str(getattr(change, name)) for name in names}


def _in_words(change: Change, to: str | None) -> str:
    what = (
        f"version {to} is champion again"
        if to
        else f"there is no champion, the baseline scores (version {change.version})"
    )
    return (
        f"{change.model}: {what}, instead of version {change.from_version}, decided by {change.who}: {change.why}\n"
        f"The night of {change.night} keeps what it began with, also when it runs again; the next one uses this."
    )


def _wrong(what: str, model: str) -> WrongCall:
    return WrongCall(
        what,
        where=f"model {model}",
        still_true="No model was changed.",
        next_step="See its versions with `habitue models`.",
    )
