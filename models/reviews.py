"""Scores that somebody marked wrong in a tool: cases with their evidence, to be looked at; never a training label."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from models.tables import REVIEWED_CASES

MARKS = {"churn_wrong": "churn", "value_wrong": "lifetime_value", "segment_wrong": "segments"}
"""The kinds of feedback that mark a score, with the model that they are about."""
LONGEST = 60
"""Days before the mark within which the score that was marked must have been made."""


def opinions(feedback: DataFrame) -> DataFrame:
    """What customers themselves said: feedback without the marks, which no feature may see."""
    return feedback.where(~F.coalesce(F.col("kind").isin(*MARKS), F.lit(False)))


def reviewed_cases(feedback: DataFrame, scores: DataFrame, *, timezone: str) -> DataFrame:
    """The marks with the score that stood when they were made, what it rested on and what was spent until then.

    Grain: one row per mark, columns of scores.reviewed_cases; a mark of nobody known, or of no score, is left out.
    Reads: feedback: rows of unified.feedback; scores: scores.customer_scores of the nights before them.
    """
    day = F.to_date(F.from_utc_timestamp("event_at", timezone))
    marks = feedback.where(F.col("kind").isin(*MARKS)).select(
        "source", "feedback_id", "customer_id", F.col("event_at").alias("marked_at"), day.alias("marked_on"), "kind"
    )
    known = scores.where("grade is not null").withColumnRenamed("night", "scored_on")
    stood = (F.col("scored_on") <= F.col("marked_on")) & (F.datediff("marked_on", "scored_on") <= LONGEST)
    both = marks.join(known, "customer_id").where(stood)
    seen = F.struct(*(column.alias(name) for name, column in _seen().items()))
    newest = both.groupBy("source", "feedback_id", "customer_id", "marked_at").agg(
        F.max_by(seen, "scored_on").alias("seen")
    )
    return newest.select("source", "feedback_id", "customer_id", "marked_at", "seen.*").select(
        *REVIEWED_CASES.column_names
    )


def _seen() -> dict[str, Column]:
    """What the score said, by column of the table, as the kind of mark picks it."""
    of_churn = {
        "said": F.col("churn_band"), "said_number": F.col("churn_probability"), "reasons": F.col("reasons"),
        "version": F.col("churn_version"), "grade": F.col("churn_grade"),
    }  # fmt: skip
    of_value = {
        "said": F.col("value_band"), "said_number": F.col("value_amount").cast("double"),
        "reasons": F.col("value_reasons"), "version": F.col("value_version"), "grade": F.col("value_grade"),
    }  # fmt: skip
    of_segment = {
        "said": F.col("segment"), "said_number": F.lit(None).cast("double"),
        "reasons": F.lit(None).cast("array<string>"), "version": F.col("segment_version"), "grade": F.col("grade"),
    }  # fmt: skip
    picked = {
        name: F.when(F.col("kind") == "churn_wrong", of_churn[name])
        .when(F.col("kind") == "value_wrong", of_value[name])
        .otherwise(of_segment[name])
        for name in of_churn
    }
    model = F.create_map(*(F.lit(part) for pair in MARKS.items() for part in pair))[F.col("kind")]
    return {
        "model": model, "scored_on": F.col("scored_on"), "segment": F.col("segment"),
        "actual_amount": F.col("actual_amount"), **picked,
    }  # fmt: skip


def counted(cases: DataFrame) -> dict[str, dict[str, int]]:
    """How many cases there are by model and, within it, by the segment of their customers, most first."""
    found: dict[str, dict[str, int]] = {}
    rows = cases.groupBy("model", "segment").count().orderBy(F.desc("count"), "model", "segment").collect()
    for row in rows:
        found.setdefault(row["model"], {})[row["segment"] or "without a segment"] = row["count"]
    return found
