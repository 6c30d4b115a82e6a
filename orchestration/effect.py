"""What audiences did on this lake, for `habitue lift` and the report of a night: their effect and their use."""

from datetime import date, timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from activation.adoption import Adoption, adoption
from activation.effect import Foreseen, Lift, customers, foreseen, measured
from activation.frames import as_living
from orchestration.night import NightRun
from pipelines import tables as unified


def lift_of(
    run: NightRun, audience: str, *, held: DataFrame, deliveries: DataFrame, heirs: DataFrame, days: int | None = None
) -> Lift:
    """The effect of one audience of the retailer file; over its own `lift_days` where no days are given.

    Reads: held: what `holdout.sides` gives; deliveries: activation.deliveries; heirs: what `living_ids` gives.
    """
    settings = run.retailer.audiences[audience]
    window, price = days or settings.lift_days, run.retailer.contact_costs.get(settings.channel)
    messages = run.lake.read(unified.MESSAGES).where(
        (F.col("channel") == settings.channel) & (F.col("event_at") < F.lit(run.as_of))
    )
    seen = customers(
        held,
        as_living(deliveries, heirs),
        run.lake.read(unified.ORDERS).where(F.col("event_at") < F.lit(run.as_of)),
        audience=audience,
        days=window,
        night=run.night,
        timezone=run.retailer.timezone,
        messages=None if price is None else messages,
    )
    return measured(
        seen.toArrow(), audience=audience, days=window, night=run.night, share=settings.holdout, price=price
    )


def lifts(run: NightRun, *, held: DataFrame, deliveries: DataFrame, heirs: DataFrame) -> dict[str, Lift]:
    """The effect of every audience of which any window is over; the others are not computed."""
    first: dict[str, date] = dict(held.groupBy("audience").agg(F.min("since")).collect())
    return {
        name: lift_of(run, name, held=held, deliveries=deliveries, heirs=heirs)
        for name, audience in run.retailer.audiences.items()
        if name in first and first[name] + timedelta(days=audience.lift_days) <= run.night
    }


def adoption_of(run: NightRun, *, deliveries: DataFrame, heirs: DataFrame) -> Adoption:
    """How far the scores of earlier nights were used, as the messages tell that this night knows.

    Reads: deliveries: activation.deliveries as the night began; heirs: what `living_ids` gives.
    """
    return adoption(
        run.lake.read(unified.MESSAGES),
        deliveries,
        heirs,
        run.retailer,
        night=run.night,
        as_of=run.as_of,
        timezone=run.retailer.timezone,
    )


def foreseen_lift(run: NightRun, audience: str, *, members: DataFrame) -> Foreseen:
    """What the decisions of the night could show after the `lift_days` of an audience."""
    return foreseen(
        members,
        run.lake.read(unified.ORDERS).where(F.col("event_at") < F.lit(run.as_of)),
        audience=audience,
        days=run.retailer.audiences[audience].lift_days,
        night=run.night,
        timezone=run.retailer.timezone,
    )
