"""Consents, campaign messages and what they cause: opens, clicks, unsubscribes and extra orders."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synthetic.people import NEVER
from synthetic.purchases import Window
from synthetic.randomness import generator
from synthetic.season import calendar, days_between
from synthetic.settings import Plan

# Channel, purpose, chance of each first answer; whoever is left says nothing.
QUESTIONS = (
    ("email", "marketing", {"granted": 0.62, "denied": 0.13, "requested": 0.05}),
    ("sms", "marketing", {"granted": 0.30, "denied": 0.15}),
    ("post", "marketing", {"granted": 0.40, "denied": 0.05}),
    ("all", "profiling", {"granted": 0.50, "objected": 0.01}),
)
WITHDRAWN_PER_YEAR = 0.05
BOUNCES, CLICKS = 0.01, 0.15
SENT_AT = 10 * 3600


@dataclass(frozen=True)
class Campaigns:
    """What happened to the messages of a window, and the extra orders (at, day, message_id) that they caused."""

    events: pd.DataFrame
    response: pd.DataFrame


def consents(plan: Plan, crm: pd.DataFrame) -> pd.DataFrame:
    """What each contact said, one row per answer.

    Units: `day`, `withdrawn` count from the first night; NEVER means not withdrawn. Copies of a contact say nothing.
    """
    asked = crm[~crm["is_duplicate"]]
    rng = generator(plan.seed, "consents", int(crm["person"].iloc[0]) if len(crm) else 0)
    answers = [_answers(rng, plan, asked, *question) for question in QUESTIONS]
    return pd.concat(answers, ignore_index=True)


def _answers(
    rng: np.random.Generator, plan: Plan, asked: pd.DataFrame, channel: str, purpose: str, chances: dict[str, float]
) -> pd.DataFrame:
    size = len(asked)
    steps = np.cumsum(list(chances.values()))
    drawn = np.searchsorted(steps, rng.random(size), side="right")
    status = np.array([*chances, None], object)[drawn]
    created = asked["created"].to_numpy()
    later = created + (365 * rng.exponential(1 / WITHDRAWN_PER_YEAR, size)).astype(np.int64) + 1
    if (channel, purpose) == ("email", "marketing"):
        every = plan.trade.campaign_every_days
        later = -(-(created + 1) // every) * every + every * rng.geometric(max(plan.trade.unsubscribe, 1e-9), size)
    found = pd.DataFrame(
        {
            "at": asked["at"].to_numpy(),
            "person": asked["person"].to_numpy(),
            "record_id": asked["record_id"].to_numpy(),
            "email": asked["email"].to_numpy(),
            "channel": channel,
            "purpose": purpose,
            "status": status,
            "day": created,
            "second": asked["created_second"].to_numpy(),
            "withdrawn": np.where((status == "granted") & (later < NEVER), later, NEVER),
        }
    )
    return found[pd.notna(found["status"])]


def campaigns(plan: Plan, persons: pd.DataFrame, given: pd.DataFrame, window: Window) -> Campaigns:
    """The campaigns of a window, to a random share of those whose consent to e-mail stands."""
    chunk = int(persons["person"].iloc[0])
    rng = generator(plan.seed, "messages", chunk, window.number)
    reachable = given[
        (given["channel"] == "email")
        & (given["purpose"] == "marketing")
        & (given["status"] == "granted")
        & given["email"].notna()
    ]
    sent = [_sent(rng, plan, reachable, day) for day in campaign_days(plan, window.first, window.end)]
    if not sent:
        return Campaigns(pd.DataFrame(columns=["message_id", "kind"]), _no_response())
    messages = pd.concat(sent, ignore_index=True)
    messages["message_id"] = [f"M{chunk // 100:05d}{window.number:03d}{n:07d}" for n in range(len(messages))]
    bounced = rng.random(len(messages)) < BOUNCES
    events = _events(rng, messages, persons, bounced)
    return Campaigns(events, _response(rng, plan, persons, messages[~bounced]))


def campaign_days(plan: Plan, first: int, end: int) -> list[int]:
    """The days of a period on which a campaign goes out."""
    every = plan.trade.campaign_every_days
    return list(range(-(-first // every) * every, end, every))


def _sent(rng: np.random.Generator, plan: Plan, reachable: pd.DataFrame, day: int) -> pd.DataFrame:
    chosen = rng.random(len(reachable)) < plan.trade.campaign_share
    stands = (reachable["day"].to_numpy() < day) & (reachable["withdrawn"].to_numpy() >= day)
    columns = ["at", "person", "record_id", "email", "withdrawn"]
    return reachable.loc[chosen & stands, columns].assign(day=day, campaign_id=f"N{day + 100_000:06d}")


def _events(
    rng: np.random.Generator, messages: pd.DataFrame, persons: pd.DataFrame, bounced: NDArray[np.bool_]
) -> pd.DataFrame:
    size = len(messages)
    opened = ~bounced & (rng.random(size) < persons["opens"].to_numpy()[messages["at"]])
    clicked = opened & (rng.random(size) < CLICKS)
    leaves = ~bounced & (messages["withdrawn"] == messages["day"]).to_numpy()
    delay = rng.exponential(4 * 3600, size).astype(np.int64) % 43_200
    parts = []
    for kind, some, after in (
        ("sent", np.ones(size, bool), 0),
        ("bounced", bounced, 60),
        ("opened", opened | leaves, 120),
        ("clicked", clicked, 180),
        ("unsubscribed", leaves, 240),
    ):
        seconds = SENT_AT + after + (delay[some] if after > 60 else 0)
        parts.append(messages[some].assign(kind=kind, second=seconds))
    return pd.concat(parts, ignore_index=True)


def _response(rng: np.random.Generator, plan: Plan, persons: pd.DataFrame, messages: pd.DataFrame) -> pd.DataFrame:
    """Extra orders: the own order rate times the lift, for the days after the message, while the person is alive."""
    seasons = calendar(plan.first_night, plan.days, plan.nights)
    at, day = messages["at"].to_numpy(), messages["day"].to_numpy()
    first = np.maximum(day, persons["joined"].to_numpy()[at])
    end = np.maximum(np.minimum(day + plan.trade.response_days, persons["dropped"].to_numpy()[at]), first)
    lift = np.where(persons["is_responder"].to_numpy()[at], plan.trade.response_lift, 0.0)
    count = rng.poisson(lift * persons["order_rate"].to_numpy()[at] * seasons.between(first, end))
    caused = np.repeat(np.arange(len(messages)), count)
    return pd.DataFrame(
        {
            "at": at[caused],
            "day": days_between(rng, seasons, first[caused], end[caused]),
            "message_id": messages["message_id"].to_numpy()[caused],
        }
    )


def _no_response() -> pd.DataFrame:
    return pd.DataFrame({"at": np.empty(0, np.int64), "day": np.empty(0, np.int64), "message_id": np.empty(0, object)})
