"""What the columns of the scores and of the models' tables are made of."""

import re

from features import CUSTOMER_FEATURES, FEATURES
from features.feature_group import WINDOWS
from features.lineage import LINEAGE as FEATURE_LINEAGE
from lakehouse.lineage import ColumnName, Way, Ways, alike, columns_of, copied
from models import segment_rules, segment_space
from models.change import KEPT as CHANGED
from models.settings import PROFILE_COLUMNS
from models.tables import (
    CALIBRATION,
    CHALLENGER_SCORES,
    CHAMPIONS,
    CUSTOMER_SCORES,
    DRIFT,
    EVALUATIONS,
    FAIRNESS,
    PROFIT,
    REVIEWED_CASES,
    SEGMENT_MOVES,
    SEGMENTS,
    SUITABILITY,
)
from pipelines.tables import CUSTOMER_PROFILE, FEEDBACK, ORDERS

SCORES, PROFILE, FEATURE_TABLE = CUSTOMER_SCORES.name, CUSTOMER_PROFILE.name, CUSTOMER_FEATURES.name
READ = columns_of(FEATURE_TABLE, *(feature.name for feature in FEATURES))
"""What trees learn from and are given; a baseline reads some of it."""
BARRED = columns_of(PROFILE, "is_deleted", "is_deceased", "is_test", "is_staff", "age_band", "objects_to_profiling")
"""What may bar a customer from a score."""
STAMPED = (
    *("grade", "churn_grade", "value_grade", "churn_horizon_days", "value_horizon_days"),
    *("churn_version", "value_version", "segment_version"),
)
LABELS = columns_of(ORDERS.name, "customer_id", "event_at", "known_from", "kind", "order_amount")
"""What really happened after a test night, which is foretold from the features before it."""
MOVES = SEGMENT_MOVES.name
SPENT = ("customer_id", "event_at", "known_from", "order_amount")
THRESHOLDS = (
    *("inter_purchase_days_mean", "orders_count_365d", "net_amount_365d"),
    *("days_since_last_order", "days_since_first_order", "orders_count", "net_amount"),
)
FIGURES = (
    *("customers_count", "score", "score_low", "score_high", "rival_score", "gain", "gain_low", "gain_high"),
    *("calibration_error", "total_bias", "contacted_count", "value_kept", "contact_cost", "profit"),
    *("is_promoted", "grade", "verdict", "bin", "predicted_rate", "seen_rate", "value", "words"),
)


def _segments_read() -> tuple[ColumnName, ...]:
    """The features that the rules of the segments name, or that the space of the groups is made of."""
    words = {word for segment in segment_rules.SEGMENTS for word in re.findall(r"\w+", segment.rule)}
    words |= set(segment_space.READS)
    return tuple(column for column in READ if column.column in words)


def _behind(features: tuple[str, ...]) -> tuple[ColumnName, ...]:
    """What these features are made of."""
    ways = [way for name in features for way in FEATURE_LINEAGE[FEATURE_TABLE][name]]
    return tuple(dict.fromkeys(column for way in ways for column in way.of))


def _scores() -> Ways:
    own = {name: ColumnName(SCORES, name) for name in CUSTOMER_SCORES.column_names}
    ordered = ColumnName(FEATURE_TABLE, "orders_count")
    has_score = Way("who may be scored and has ordered", (*BARRED, ordered), "rows")
    spent = columns_of(FEATURE_TABLE, *(f"net_amount_{days}d" for days in WINDOWS))
    last_order = ColumnName(FEATURE_TABLE, "days_since_last_order")
    horizons = (own["churn_horizon_days"], own["value_horizon_days"])
    scored = {
        "churn_probability": Way("the model churn, over the features", READ),
        "churn_band": Way(
            "by what is overlooked and what is wasted, never high right after an order",
            (own["churn_probability"], last_order),
        ),
        "actual_amount": Way("spend less returns over the horizon", (*spent, *columns_of(ORDERS.name, *SPENT))),
        "value_amount": Way("the model lifetime_value, over the features", READ),
        **dict.fromkeys(("value_low", "value_high"), Way("how far the version's last test was off", READ)),
        "expected_orders": Way("BG/NBD, the trees' chance to buy and a regression's, over the features", READ),
        "value_band": Way("by the amounts of its version", (own["value_amount"],)),
        **dict.fromkeys(("segment", "segment_id"), Way("groups or rules that models.segments tells", _segments_read())),
        **dict.fromkeys(("reasons", "reason_features", "churn_adds"), Way("what moved the churn score most", READ)),
        **dict.fromkeys(
            ("value_reasons", "value_reason_features", "value_adds"), Way("what moved the expected spend most", READ)
        ),
        **dict.fromkeys(CHANGED, Way("tonight's bands and what is added to them beside the night before", READ)),
        "valid_until": Way("a third of the shorter horizon", horizons),
        **dict.fromkeys(STAMPED, Way("of the version that stood when the night began")),
    }
    return {
        "night": (Way("night of the scores"),),
        "as_of": (Way("00:00 of the night"),),
        **copied(PROFILE, ("customer_id",)),
        **{name: (way, has_score) for name, way in scored.items()},
        "no_score_reason": (Way("what of the profile bars a score, or that nothing was ordered", (*BARRED, ordered)),),
    }


def _shadow() -> Ways:
    """The scores of a challenger: made as those in use are."""
    has_score = Way("who may be scored and has ordered", (*BARRED, ColumnName(FEATURE_TABLE, "orders_count")), "rows")
    return {
        "night": (Way("night of the scores"), has_score),
        **{name: (*ways, has_score) for name, ways in copied(FEATURE_TABLE, ("customer_id",)).items()},
        **alike(("model", "version"), (Way("of the challenger that stood when the night began"), has_score)),
        "score": (Way("the challenger, over the features", READ), has_score),
    }


def _tested(names: tuple[str, ...]) -> Ways:
    """The figures of a training and, as they are given, the names of what was tested."""
    figure = (Way("predictions from the features", READ), Way("against what happened", LABELS))
    return {name: figure if name in FIGURES else (Way("of the training"),) for name in names}


def _by_group() -> Ways:
    """The figures of the tests by group; the group itself as the profile tells it."""
    group = Way("of the profile, never a feature", columns_of(PROFILE, *PROFILE_COLUMNS.values()))
    figure = (Way("predictions from the features", READ), Way("against what happened", LABELS), group)
    told = ("value", "others", "gap", "gap_low", "gap_high", "customers_count", "is_too_small")
    return {
        name: figure if name in told else (group,) if name == "customer_group" else (Way("of the training"),)
        for name in FAIRNESS.column_names
    }


def _moves() -> Ways:
    both = Way("that of the night and of the night before", columns_of(SCORES, "segment_id", "segment"))
    whose = Way("customers with a segment on either night", columns_of(SCORES, "customer_id", "night"), "rows")
    named = ("from_segment_id", "to_segment_id", "from_segment", "to_segment", "customers_count")
    version = Way("whether it is another than that of the night before", columns_of(SCORES, "segment_version"))
    return {"night": (Way("night of the scores"),), **alike(named, (both, whose)), "is_new_version": (version, whose)}


def _reviewed() -> Ways:
    """What a score said that somebody marked wrong, picked by the kind of mark."""
    whose = Way("the newest score before the mark", columns_of(SCORES, "customer_id", "night"), "rows")
    marked = Way("marks among the feedback", columns_of(FEEDBACK.name, "kind", "event_at"), "rows")
    said = {
        "said": ("churn_band", "value_band", "segment"),
        "said_number": ("churn_probability", "value_amount"),
        "reasons": ("reasons", "value_reasons"),
        "grade": ("churn_grade", "value_grade", "grade"),
        "version": ("churn_version", "value_version", "segment_version"),
        "actual_amount": ("actual_amount",),
        "segment": ("segment",),
        "scored_on": ("night",),
    }
    kind = columns_of(FEEDBACK.name, "kind")
    return {
        **copied(FEEDBACK.name, ("source", "feedback_id", "customer_id")),
        "marked_at": (Way("when it was marked", columns_of(FEEDBACK.name, "event_at")), whose),
        "model": (Way("by the kind of mark", kind), whose),
        **{
            name: (Way("of the score that stood then, by the kind of mark", (*columns_of(SCORES, *of), *kind)), marked)
            for name, of in said.items()
        },
    }


def _drift() -> Ways:
    """The figures of a night's drift and, as they are given, the names of what was looked at."""
    said = columns_of(SCORES, "churn_probability", "value_amount")
    figure = (Way("tonight's customers, over bins of the training", (*READ, *said)), Way("what came true", LABELS))
    figures = ("value", "limit", "verdict", "customers", "low", "high", "words")
    return {name: figure if name in figures else (Way("of the night"),) for name in DRIFT.column_names}


LINEAGE: dict[str, Ways] = {
    SCORES: _scores(),
    EVALUATIONS.name: _tested(EVALUATIONS.column_names),
    CHALLENGER_SCORES.name: _shadow(),
    PROFIT.name: _tested(PROFIT.column_names),
    FAIRNESS.name: _by_group(),
    CHAMPIONS.name: alike(CHAMPIONS.column_names, (Way("of a training, or of a person's decision"),)),
    CALIBRATION.name: _tested(CALIBRATION.column_names),
    MOVES: _moves(),
    SUITABILITY.name: _tested(SUITABILITY.column_names),
    DRIFT.name: _drift(),
    REVIEWED_CASES.name: _reviewed(),
    SEGMENTS.name: {
        **alike(("segment", "segment_id", "position", "segment_version"), (Way("of the version in use"),)),
        "description": (Way("learned from features made anew", _behind(THRESHOLDS)),),
    },
}
