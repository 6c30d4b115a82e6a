"""The version that scores a night: the one that stood when it began, or what stands in where that cannot score."""

from collections.abc import Iterator

from features import FEATURES
from models.model import Fitted
from models.predict import check_usable
from models.registry import ModelUnusable, Registry

NEXT = "run `habitue train`, or restore the state folder from its backup"


def to_score_with(registry: Registry, name: str, recorded: str) -> tuple[Fitted, str | None]:
    """The version to score with and, where it is not the recorded one, why in words.

    In its place comes a champion that was promoted since, else the newest baseline: a damaged file, or a feature that
    is no more, costs a night its grade and not its scores.

    Raises: ModelUnusable if nothing else can score either.
    """
    try:
        return _usable(registry, name, recorded), None
    except ModelUnusable as error:
        for version in _others(registry, name, recorded):
            try:
                found = _usable(registry, name, version)
            except ModelUnusable:
                continue
            said = (
                f"{name}: version {recorded} cannot score: {error.what}. Version {version} ({_words(found)}) stands in"
            )
            is_better = version == registry.champion_version(name)
            return found, said if is_better else f"{said}; {NEXT}"
        raise


def _usable(registry: Registry, name: str, version: str) -> Fitted:
    fitted = registry.load(name, version)
    if name != "segments":
        check_usable(fitted, [feature.name for feature in FEATURES])
    return fitted


def _others(registry: Registry, name: str, recorded: str) -> Iterator[str]:
    champion = registry.champion_version(name)
    rules = [row["version"] for row in registry.versions(name) if row.get("kind") != "trees"]
    yield from (version for version in [champion, *rules] if version not in (None, recorded))


def _words(fitted: Fitted) -> str:
    return f"{fitted.kind.replace('_', ' ')}, grade {fitted.grade}"
