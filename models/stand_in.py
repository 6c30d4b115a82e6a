"""The version that scores a night: the one that stood when it began, or what stands in where that cannot score."""

from collections.abc import Iterator
from dataclasses import dataclass

from features import FEATURES
from models.model import Fitted
from models.predict import check_usable
from models.registry import ModelUnusable, Registry

NEXT = (
    "audiences that ask for a better grade take nobody until `habitue train` has run, or the state folder is restored "
    "from its backup"
)


@dataclass(frozen=True)
class ToScore:
    """The version that scores, and where it is not the recorded one why in words.

    Units: wants_training is whether only a baseline stands in.
    """

    fitted: Fitted
    because: str = ""
    wants_training: bool = False


def to_score_with(registry: Registry, name: str, recorded: str) -> ToScore:
    """The recorded version, or what stands in for it.

    In its place comes a champion that was promoted since, else the newest baseline: a damaged file, or a feature that
    is no more, costs a night its grade and not its end.

    Raises: ModelUnusable if nothing else can score either.
    """
    try:
        return ToScore(_usable(registry, name, recorded))
    except ModelUnusable as error:
        for version in _others(registry, name, recorded):
            try:
                found = _usable(registry, name, version)
            except ModelUnusable:
                continue
            is_rule = version != registry.champion_version(name)
            gone = f"{name}: version {recorded} cannot score: {error.what}"
            said = f"{gone}. Version {version} ({_words(found)}) stands in"
            return ToScore(found, f"{said}; {NEXT}" if is_rule else said, wants_training=is_rule)
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
