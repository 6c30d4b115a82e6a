"""Who of those that meet an audience's condition is contacted, who is held out, and who is refused and why."""

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from activation.consent import Asked, objectors, with_consent
from activation.frames import Frames, customer_view, is_deceased, source_records, with_address
from activation.frequency import capped
from activation.holdout import GLOBAL_HOLDOUT, position, with_holdout
from activation.settings import CHANNELS, Activation, Audience
from activation.tables import AUDIENCE_MEMBERS, CONSENT


def audience_members(
    activation: Activation, frames: Frames, *, holdouts: DataFrame, night: date, key: str
) -> DataFrame:
    """The decisions on every audience of the retailer file, as rows of activation.audience_members.

    Reads: holdouts: activation.holdouts as the night began, as `holdout.sides` gives it.
    """
    empty = frames.profile.sparkSession.createDataFrame([], AUDIENCE_MEMBERS.schema)
    decided, taken = empty, {channel: empty.select("customer_id") for channel in CHANNELS}
    for name in by_priority(activation):
        audience = activation.audiences[name]
        others = taken[audience.channel] if audience.priority is not None else None
        mine = members(activation, name, frames=frames, holdouts=holdouts, night=night, key=key, taken=others)
        if others is not None:
            # Each lower priority would plan and compute all higher ones again: twice the work with every audience.
            mine = mine.localCheckpoint()
            placed = mine.where(F.col("decision") != "refused").select("customer_id")
            taken[audience.channel] = others.unionByName(placed)
        decided = decided.unionByName(mine)
    return decided


def by_priority(activation: Activation) -> list[str]:
    """The audiences that state a priority, highest first; then the others, as the file has them."""
    stated = {name: one.priority for name, one in activation.audiences.items() if one.priority is not None}
    ranked = sorted(stated, key=lambda name: -stated[name])
    return [*ranked, *(name for name in activation.audiences if name not in stated)]


def members(
    activation: Activation,
    name: str,
    *,
    frames: Frames,
    holdouts: DataFrame,
    night: date,
    key: str,
    taken: DataFrame | None = None,
) -> DataFrame:
    """The decision on each customer who meets one audience's condition.

    Grain: one row per customer_id, columns of activation.audience_members.
    Reads: taken: customer_id of those in an audience of higher priority on the same channel.
    """
    audience = activation.audiences[name]
    meets = customer_view(frames).where(audience.where)
    reachable = _best_record(frames, activation.source_of(name), activation.asked(audience), night)
    known = meets.join(reachable, "customer_id", "left")
    cap = activation.cap_of(audience)
    over = None
    if cap is not None and frames.contacted is not None:
        over = capped(frames.contacted, cap, channel=audience.channel, audience=name, night=night)
    for column, some in (("_objects", objectors(frames.consents)), ("_capped", over), ("_taken", taken)):
        known = _marked(known, some, column)
    drawn = position(F.lit(name), F.col("customer_id"), key, draw="rollout") < F.lit(audience.rollout)
    judged = known.withColumn("reason", _refusal(audience, drawn))
    shares = {"share": audience.holdout, "everywhere": activation.global_holdout}
    placed = with_holdout(judged, holdouts, audience=name, key=key, **shares)
    is_held_out = F.col("is_held_out") | F.col("is_held_out_everywhere")
    decision = F.when(F.col("reason").isNotNull(), "refused").when(is_held_out, "held_out").otherwise("member")
    told = {
        "night": F.lit(night),
        "audience": F.lit(name),
        "decision": decision,
        "reason": F.coalesce("reason", F.when(F.col("is_held_out_everywhere"), GLOBAL_HOLDOUT)),
        "destination": F.lit(audience.to),
        "legal_basis": F.lit(activation.channel_of(audience).legal_basis),
    }
    return placed.withColumns(told).select(*AUDIENCE_MEMBERS.column_names)


def _marked(customers: DataFrame, some: DataFrame | None, column: str) -> DataFrame:
    """The customers with a column that says whether they are among some."""
    if some is None:
        return customers.withColumn(column, F.lit(False))
    marked = some.select("customer_id").distinct().withColumn(column, F.lit(True))
    return customers.join(marked, "customer_id", "left").withColumn(column, F.coalesce(column, F.lit(False)))


def _best_record(frames: Frames, source: str, asked: Asked, night: date) -> DataFrame:
    """The one record of the source through which each customer would be contacted: with consent before without."""
    records = with_address(source_records(frames, source), asked.channel)
    candidates = with_consent(records, frames.consents, asked, night=night)
    order = F.struct(~F.col("has_consent"), F.col("address").isNull(), "record_key")
    chosen = F.struct(
        "record_key",
        "source_contact_id",
        F.col("address").isNotNull().alias("has_address"),
        "has_consent",
        *CONSENT,
    )
    return candidates.groupBy("customer_id").agg(F.min_by(chosen, order).alias("best")).select("customer_id", "best.*")


def _refusal(audience: Audience, is_drawn: Column) -> Column:
    no_score = F.col("grade").isNull() | F.col("no_score_reason").isNotNull()
    reasons = {
        "test_account": F.col("is_test"),
        "staff": F.col("is_staff"),
        "deceased": is_deceased(),
        "deleted": F.col("is_deleted"),
        "objects_to_profiling": F.col("objects_to_profiling") | F.col("_objects"),
        "no_score": no_score,
        "grade_below_minimum": F.col("grade") > F.lit(audience.min_grade),
        "no_address": ~F.coalesce("has_address", F.lit(False)),
        "no_consent": ~F.col("has_consent"),
        "not_rolled_out": ~is_drawn,
        "frequency_cap": F.col("_capped"),
        "higher_priority": F.col("_taken"),
    }
    return F.coalesce(*(F.when(condition, reason) for reason, condition in reasons.items()))
