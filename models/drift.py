"""Whether a night's customers are still those whom the champion was trained for, and what follows of it for its grade.

Source: the stability index and its readings 0.1 and 0.25, see lakehouse.stability.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import date
from typing import Literal

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.rows import frame_of
from lakehouse.stability import DRIFT, FEWEST_ROWS, WATCH, chance, stability_index
from models.model import Fitted
from models.reference import SCORES, Bins, Reference, counts_tonight, reference
from models.tables import DRIFT as TABLE

Verdict = Literal["steady", "watch", "drifted"]
VERDICTS: tuple[Verdict, ...] = ("steady", "watch", "drifted")
What = Literal["model", "source", "feature", "score", "performance", "label"]
MUCH = 1 / 3
"""Share of what the trees gained: a version is in doubt when features that hold so much drifted or fell silent."""
GRADES = {"churn": "churn_grade", "lifetime_value": "value_grade"}
IN_DOUBT = "D"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: the columns of models.drift without the night.

    Units: limit is None where the value is told and not judged; about is the night whose scores it is about.
    """

    model: str
    version: str
    what: What
    name: str
    value: float
    limit: float | None
    verdict: Verdict
    customers: int
    about: date
    low: float | None = None
    high: float | None = None
    words: str = ""


def drifted(
    features: DataFrame, scores: DataFrame, models: Mapping[str, Fitted], *, night: date
) -> tuple[Finding, ...]:
    """The stability index of every feature and score of the night against the training of each version in use.

    Reads: features.customer_features of those who may be scored, as in training; scores.customer_scores of the night.
    Shape: nothing of a baseline, which learned from no features. Features and scores are counted apart: to join a
           million wide rows would cost more than to count them.
    """
    known = {name: found for name, fitted in models.items() if (found := reference(fitted)) is not None}
    if not known:
        return ()
    scored = scores.where("churn_probability is not null").select("customer_id", *(name for name, _ in SCORES.values()))
    counts = counts_tonight(features, known.values()) | counts_tonight(scored, known.values())
    return tuple(
        moved(models[model], name, bins, counts[name, bins.edges], night)
        for model, found in sorted(known.items())
        for name, bins in sorted(found.bins.items())
    )


def moved(fitted: Fitted, name: str, bins: Bins, tonight: Sequence[int], night: date) -> Finding:
    """The stability index of one column: customers per bin tonight against those of the training.

    Shape: few customers say nothing; the limits leave room for what chance does to so many.
    """
    what: What = "score" if name == SCORES[fitted.model][0] else "feature"
    customers, known = sum(tonight), sum(bins.counts)
    if min(customers, known) < FEWEST_ROWS:
        few = f"fewer than {FEWEST_ROWS} customers say nothing"
        return Finding(fitted.model, fitted.version, what, name, 0.0, None, "steady", customers, night, words=few)
    now, before = ({str(place): float(one) for place, one in enumerate(side)} for side in (tonight, bins.counts))
    margin = chance(sum(1 for pair in zip(tonight, bins.counts, strict=True) if any(pair)), customers, known)
    value = round(stability_index(now, before), 6)
    limit = round(DRIFT + margin, 6)
    ruling = verdict(value, watch=WATCH + margin, limit=limit)
    return Finding(fitted.model, fitted.version, what, name, value, limit, ruling, customers, night)


def judged(
    found: Sequence[Finding], models: Mapping[str, Fitted], sources: Mapping[str, str], *, night: date
) -> tuple[Finding, ...]:
    """The verdict on every champion: in doubt where it says so in its words.

    Shape: a champion is in doubt when its score has drifted; when features that drifted, or whose source fell silent,
           hold a third of what its trees gained; or when what came true shows it, judged by scores of the same version.
    Reads: sources names the source of each feature.
    """
    champions = [(fitted, held) for _, fitted in sorted(models.items()) if (held := reference(fitted)) is not None]
    return tuple(_judged(fitted, held, found, sources, night) for fitted, held in champions)


def doubts(found: Iterable[Finding]) -> dict[str, str]:
    """Why each model in doubt is so, by its name."""
    return {one.model: one.words for one in found if one.what == "model" and one.verdict == "drifted"}


def with_doubts(scores: DataFrame, doubted: Iterable[str]) -> DataFrame:
    """The scores with grade D for what is in doubt; a baseline keeps its E, and a customer without a score has none."""
    columns = [GRADES[model] for model in doubted]
    lowered = {name: F.when(F.col(name).isNotNull(), F.greatest(name, F.lit(IN_DOUBT))) for name in columns}
    worse = F.greatest(*GRADES.values())
    return scores.withColumns(lowered).withColumn("grade", worse) if lowered else scores


def in_doubt(fitted: Fitted) -> Fitted:
    """The version with the grade of doubt."""
    return replace(fitted, grade=max(fitted.grade, IN_DOUBT))


def warnings(found: Iterable[Finding]) -> Iterator[tuple[str, float]]:
    """What people must hear of the night, each with its figure: silent sources, and champions in doubt."""
    for one in found:
        if one.what == "source" and one.verdict == "drifted":
            yield one.words, one.value
        if one.what == "model" and one.verdict == "drifted":
            yield f"{one.model} version {one.version} has grade D: {one.words}; `habitue train` may lift it", one.value


def as_frame(spark: SparkSession, found: Iterable[Finding], night: date) -> DataFrame:
    """The night's rows of models.drift."""
    return frame_of(spark, [(night, *astuple(one)) for one in found], TABLE.schema)


def verdict(value: float, *, watch: float, limit: float) -> Verdict:
    """What a value says that is better the lower it is."""
    return "drifted" if value > limit else "watch" if value > watch else "steady"


def _judged(
    fitted: Fitted, held: Reference, found: Sequence[Finding], sources: Mapping[str, str], night: date
) -> Finding:
    mine = [one for one in found if (one.model, one.version) == (fitted.model, fitted.version)]
    silent = {one.name for one in found if one.what == "source" and one.verdict == "drifted"}
    moved = {one.name for one in mine if one.what == "feature" and one.verdict == "drifted"}
    missing = {name for name in held.gains if sources.get(name) in silent}
    share = round(sum(held.gains.get(name, 0.0) for name in moved | missing), 6)
    reasons = [f"what it predicts has drifted from its training ({one.value:.2f})" for one in _drifted(mine, "score")]
    reasons += [one.words for one in _drifted(mine, "label")]
    if share >= MUCH:
        reasons.append(_much(share, moved - missing, sorted(silent), held))
    ruling: Verdict = "drifted" if reasons else verdict(share, watch=MUCH / 2, limit=MUCH)
    customers = max((one.customers for one in mine), default=0)
    told = "; ".join(reasons)
    return Finding(
        fitted.model, fitted.version, "model", "share of the gain", share, round(MUCH, 6), ruling, customers, night,
        words=told,
    )  # fmt: skip


def _drifted(found: Iterable[Finding], what: What) -> list[Finding]:
    return [one for one in found if one.what == what and one.verdict == "drifted"]


def _much(share: float, moved: Iterable[str], silent: Sequence[str], held: Reference) -> str:
    """What moved, the weightiest first; features of a silent source are told as that source."""
    strongest = sorted(moved, key=lambda name: (-held.gains.get(name, 0.0), name))
    named = [*(f"the silent source {name}" for name in silent), *strongest[:3]]
    more = f" and {len(strongest) - 3} more" if len(strongest) > 3 else ""
    return f"{share:.0%} of what it learned rests on features that have drifted or fallen silent: " + (
        ", ".join(named) + more
    )
