"""Which plot shows what: figures in, one SVG out; an empty text where there is nothing to draw."""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import floor
from typing import Any

from pyspark.sql import Row

from activation.adoption import STEPS
from activation.lift import wilson
from models.moves import ENTERED, LEFT
from report import plots
from report.adoption import LABELS
from report.figures import BANDS, Moves, Scores
from report.plots import AMBER, BLUE, GREEN, GREY, RED, Bar, Curve, Interval, Mark
from report.quality_figures import SetAside
from report.sankey import Flow, sankey
from report.wording import EVIDENCE, number, plain, share

MOST_BARS = 12
SHORT = 23
"""Letters of a name that fits beside a wide bar."""
MOST_NUMBERED = 8
"""Numbers of records or people from here on share a bar."""
BAND_COLOURS = {"high": RED, "medium": AMBER, "low": GREEN}


def segments(scores: Scores) -> str:
    """Customers by segment."""
    rows = [
        Bar(s.name, s.customers, f"{number(s.customers)} · {share(s.customers, scores.scored)}")
        for s in scores.segments
    ]
    labels = 170 if all(len(row.label) <= SHORT for row in rows) else 255
    return plots.bars(rows, title="Customers by segment", labels=labels) if rows else ""


def segment_moves(moves: Moves, scores: Scores) -> str:
    """Who went from which segment to which."""
    order = [ENTERED, *(segment.name for segment in scores.segments), LEFT]
    spend = {LEFT: float("-inf"), **{segment.name: segment.value for segment in scores.segments}}
    flows = [Flow(a, b, count, number(count), _course(a, b, spend)) for a, b, count in moves.moves]
    return sankey(flows, order=order, title=f"Moves between segments in {moves.nights} nights") if flows else ""


def churn_bands(scores: Scores) -> str:
    """Customers by how likely they are to leave."""
    totals = {band: sum(count for churn, _, count in scores.bands if churn == band) for band in BANDS}
    parts = [
        Bar(f"{band} risk", count, f"{number(count)} · {share(count, scores.scored)}", BAND_COLOURS[band])
        for band, count in totals.items()
    ]
    return plots.shares(parts, title="Customers by risk of leaving") if scores.scored else ""


def values(scores: Scores, currency: str) -> str:
    """Customers by expected value."""
    if not scores.values:
        return ""
    last = len(scores.values) - 1
    columns = [
        Bar(_from(place * scores.step), count, f"{number(count)} customers", BLUE if place < last else GREY)
        for place, count in enumerate(scores.values)
    ]
    return plots.histogram(columns, title="Customers by expected value", axis=f"expected spend, {currency}")


def gains(tests: Sequence[Row]) -> dict[str, str]:
    """By model: how much better its newest version ranked customers, rival by rival and test by test."""
    return {
        model: _gains([test for test in tests if test["model"] == model]) for model in {t["model"]: None for t in tests}
    }


def calibration(bins: Sequence[Row]) -> str:
    """Predicted against seen churn, for the model and its baseline."""
    names = list(dict.fromkeys(row["predictor"] for row in bins))
    names.sort(key=lambda name: name != "model")
    curves = [
        Curve(
            plain(name),
            tuple((row["predicted_rate"], row["seen_rate"]) for row in bins if row["predictor"] == name),
            colour,
        )
        for name, colour in zip(names, (BLUE, AMBER, GREY, GREEN), strict=False)
    ]
    return plots.calibration(curves, title="Predicted against seen churn") if curves else ""


def calibration_words(tests: Sequence[Row]) -> str:
    """How far predicted and seen churn lie apart in the newest test, as a sentence; empty without a test."""
    known = [test for test in tests if test["model"] == "churn" and test["calibration_error"] is not None]
    if not known:
        return ""
    newest = max(known, key=lambda test: test["test_night"])
    points = 100 * newest["calibration_error"]
    return (
        f"In the test from {newest['test_night']}, what was predicted and what happened differ by "
        f"{points:.1f} percentage points on average over 15 groups of {number(newest['customers_count'])} customers."
    )


def lifts(audiences: Mapping[str, Any]) -> dict[str, str]:
    """By audience whose effect is known: the share that bought of those sent and of those held out."""
    return {name: _lift(name, counts["lift"]) for name, counts in audiences.items() if "lift" in counts}


def uses(audiences: Mapping[str, Any]) -> dict[str, str]:
    """By audience that somebody was put into of late and whose tool tells of messages: what became of them."""
    known = {name: counts["adoption"] for name, counts in audiences.items() if counts.get("adoption")}
    return {name: _use(name, told) for name, told in known.items() if told["messaged"]}


def rows_in(rows: Mapping[str, int]) -> str:
    """Delivered rows by source."""
    listed = [Bar(source, count, number(count)) for source, count in rows.items()]
    return plots.bars(listed, title="Delivered rows by source", labels=110) if listed else ""


def set_aside(rows: Sequence[SetAside]) -> str:
    """Rows set aside by source and rule, over all tables."""
    counted: Counter[str] = Counter()
    for row in rows:
        counted[f"{row.source}: {row.rule}"] += row.rows
    listed = [Bar(label, count, number(count), AMBER) for label, count in counted.most_common(MOST_BARS)]
    return plots.bars(listed, title="Rows set aside by source and rule", labels=290) if listed else ""


def seconds(steps: Mapping[str, float]) -> str:
    """Seconds of the slowest steps."""
    slowest = sorted(steps.items(), key=lambda step: -step[1])[:MOST_BARS]
    listed = [Bar(name, spent, f"{spent:.1f} s", GREY) for name, spent in slowest]
    return plots.bars(listed, title="Seconds by step", labels=230) if listed else ""


def records_per_person(who: Mapping[str, Any]) -> str:
    """People by the number of their records."""
    return _numbered(who["records_per_person"], "record", title="Records per person")


def people_per_household(who: Mapping[str, Any]) -> str:
    """Households by the number of their people."""
    title = "People per household"
    return _numbered(who["people_per_household"], "person", "people", title=title, colour=GREEN)


def evidence(who: Mapping[str, Any]) -> str:
    """Records by what ties them to others."""
    records = sum(source["records"] for source in who["sources"])
    rows = [
        Bar(EVIDENCE.get(kind, plain(kind)), count, number(count), GREY if kind == "alone" else BLUE)
        for kind, count in who["evidence"]
    ]
    return plots.bars(rows[:MOST_BARS], title="Links by kind of evidence") if records else ""


def match_weights(who: Mapping[str, Any]) -> str:
    """Pairs by how much speaks for one person, with the cut."""
    pairs = dict(who["weights"])
    if not pairs:
        return ""
    first, last, cut = min(pairs), max(pairs), who["cut"]
    columns = [
        Bar(f"{bits:+d}" if bits else "0", pairs.get(bits, 0), f"{number(pairs.get(bits, 0))} pairs", _side(bits, cut))
        for bits in range(first, last + 1)
    ]
    mark = None if cut is None else Mark(min(max(cut, first), last + 1) - first, "cut")
    return plots.histogram(columns, title="Pairs by match weight", axis="match weight, bits", mark=mark)


def _numbered(
    counts: Sequence[tuple[int, int]], one: str, many: str | None = None, *, title: str, colour: str = BLUE
) -> str:
    """Bars of how often each small number comes; the last holds everything above."""
    total = sum(count for _, count in counts)
    plural, named = many or f"{one}s", {size: count for size, count in counts if size < MOST_NUMBERED}
    rows = [(f"{size} {one if size == 1 else plural}", count) for size, count in sorted(named.items())]
    above = total - sum(named.values())
    rows += [(f"{MOST_NUMBERED} {plural} or more", above)] if above else []
    drawn = [Bar(label, count, f"{number(count)} · {share(count, total)}", colour) for label, count in rows]
    return plots.bars(drawn, title=title, labels=130) if drawn else ""


def _side(bits: int, cut: float | None) -> str:
    """Grey are pairs that likeness alone does not join."""
    return BLUE if cut is None or bits >= floor(cut) else GREY


def _course(start: str, end: str, spend: Mapping[str, float]) -> str:
    """Green to a segment worth more, red to one worth less or to none; grey where that is unknown."""
    if start == ENTERED or start not in spend or end not in spend:
        return GREY
    return GREEN if spend[end] > spend[start] else RED


def _from(amount: float) -> str:
    return f"{amount:,.0f}" if amount >= 10 or amount == int(amount) else f"{amount:.1f}"


def _lift(name: str, told: Mapping[str, Any]) -> str:
    sides = [("sent", told["sent"]), ("held out", told["held_out"])]
    rows = [
        Interval(label, side["conversion"], *wilson(side["buyers"], side["customers"]))
        for label, side in sides
        if side["customers"]
    ]
    colours = [{"sent": BLUE, "held out": GREY}[row.label] for row in rows]
    title = f"{plain(name)}: share that bought within {told['days']} days"
    return plots.shares_beside(rows, title=title, colours=colours)


def _use(name: str, told: Mapping[str, Any]) -> str:
    known = {step: told[step] for step in STEPS if told[step]}
    rows = [Interval(LABELS[step], part["share"], part["low"], part["high"]) for step, part in known.items()]
    colours = [AMBER if step == "unsubscribed" else BLUE for step in known]
    title = f"{plain(name)}: what became of those put in within the last {told['days']} days"
    return plots.shares_beside(rows, title=title, colours=colours)


def _gains(tests: Sequence[Row]) -> str:
    known = [test for test in tests if None not in (test["gain"], test["gain_low"], test["gain_high"])]
    known.sort(key=lambda test: (test["rival"], test["test_night"]))
    rows = [
        Interval(f"{plain(test['rival'])}, {test['test_night']}", test["gain"], test["gain_low"], test["gain_high"])
        for test in known
    ]
    return plots.intervals(rows, title="Gain over each rival with its 95 % interval", labels=215) if rows else ""
