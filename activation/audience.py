"""Who of those that meet an audience's condition is contacted, who is held out, and who is refused and why."""

from datetime import date
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from activation.consent import objectors, with_consent
from activation.frames import Frames, customer_view, source_records, with_address
from activation.holdout import GLOBAL_HOLDOUT, with_holdout
from activation.settings import Activation, Audience
from activation.tables import AUDIENCE_MEMBERS


def audience_members(
    activation: Activation, frames: Frames, *, holdouts: DataFrame, night: date, key: str
) -> DataFrame:
    """The decisions on every audience of the retailer file, as rows of activation.audience_members.

    Reads: holdouts: activation.holdouts as the night began, as `holdout.sides` gives it.
    """
    decided = [
        members(activation, name, frames=frames, holdouts=holdouts, night=night, key=key)
        for name in activation.audiences
    ]
    empty = frames.profile.sparkSession.createDataFrame([], AUDIENCE_MEMBERS.schema)
    return reduce(DataFrame.unionByName, decided, empty)


def members(
    activation: Activation, name: str, *, frames: Frames, holdouts: DataFrame, night: date, key: str
) -> DataFrame:
    """The decision on each customer who meets one audience's condition.

    Grain: one row per customer_id, columns of activation.audience_members.
    """
    audience = activation.audiences[name]
    meets = customer_view(frames).where(audience.where)
    reachable = _best_record(frames, activation.source_of(name), audience, night)
    objecting = objectors(frames.consents).withColumn("_objects", F.lit(True))
    known = meets.join(reachable, "customer_id", "left").join(objecting, "customer_id", "left")
    judged = known.withColumn("reason", _refusal(audience))
    shares = {"share": audience.holdout, "everywhere": activation.global_holdout}
    placed = with_holdout(judged, holdouts, audience=name, key=key, **shares)
    is_held_out = F.col("is_held_out") | F.col("is_held_out_everywhere")
    decision = F.when(F.col("reason").isNotNull(), "refused").when(is_held_out, "held_out").otherwise("member")
    return placed.select(
        F.lit(night).alias("night"),
        F.lit(name).alias("audience"),
        "customer_id",
        decision.alias("decision"),
        F.coalesce("reason", F.when(F.col("is_held_out_everywhere"), GLOBAL_HOLDOUT)).alias("reason"),
        F.lit(audience.to).alias("destination"),
        "record_key",
        "source_contact_id",
    )


def _best_record(frames: Frames, source: str, audience: Audience, night: date) -> DataFrame:
    """The one record of the source through which each customer would be contacted: with consent before without."""
    records = with_address(source_records(frames, source), audience.channel)
    asked = {"channel": audience.channel, "purpose": audience.purpose, "brand": audience.brand}
    candidates = with_consent(records, frames.consents, night=night, **asked)
    order = F.struct(~F.col("has_consent"), F.col("address").isNull(), "record_key")
    chosen = F.struct(
        "record_key", "source_contact_id", F.col("address").isNotNull().alias("has_address"), "has_consent"
    )
    return candidates.groupBy("customer_id").agg(F.min_by(chosen, order).alias("best")).select("customer_id", "best.*")


def _refusal(audience: Audience) -> Column:
    no_score = F.col("grade").isNull() | F.col("no_score_reason").isNotNull()
    reasons = {
        "test_account": F.col("is_test"),
        "staff": F.col("is_staff"),
        "deleted": F.col("is_deleted"),
        "objects_to_profiling": F.col("objects_to_profiling") | F.coalesce("_objects", F.lit(False)),
        "no_score": no_score,
        "grade_below_minimum": F.col("grade") > F.lit(audience.min_grade),
        "no_address": ~F.coalesce("has_address", F.lit(False)),
        "no_consent": ~F.col("has_consent"),
    }
    return F.coalesce(*(F.when(condition, reason) for reason, condition in reasons.items()))
