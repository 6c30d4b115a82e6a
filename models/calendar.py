"""Which nights a model may learn from and which it is judged on, given how long the orders go back.

Shape: the last label windows lie end to end before the feed's end; each test learns only from windows closed by then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from lakehouse.errors import Permanent

FEATURE_DAYS = 90
TEST_WINDOWS = 3
SHORTER_HORIZONS = (180, 120, 90, 60, 30)
TRAINING_SNAPSHOTS = 6
SHORTEST_HORIZON = 30
QUIET_SHARE = 0.1
"""A day with less than this share of the median day's orders at either end of the feed counts as outside it."""


class LabelLeak(Permanent):
    """A label window for training reaches past the night that the model is tested at."""


@dataclass(frozen=True)
class Feed:
    """The first day with the usual volume of orders, and the day after the last one.

    Units: with_customer is the share of all orders that are known to be somebody's.
    """

    start: date
    end: date
    with_customer: float = 1.0

    @property
    def days(self) -> int:
        """How long the feed is."""
        return (self.end - self.start).days


@dataclass(frozen=True)
class Plan:
    """The test nights, newest first, and for each (and for the final fit) the nights to learn from."""

    horizon_days: int
    tests: tuple[date, ...]
    training: dict[date, tuple[date, ...]]
    final: tuple[date, ...]

    @property
    def nights(self) -> tuple[date, ...]:
        """Every night whose snapshot the plan needs."""
        return tuple(
            sorted({*self.tests, *self.final, *(night for nights in self.training.values() for night in nights)})
        )


def feed(volume: Sequence[tuple[date, int]], last: date) -> Feed | None:
    """What the daily counts of orders hold before `last`; None without any order."""
    days = sorted((day, orders) for day, orders in volume if day < last)
    if not days:
        return None
    median = sorted(orders for _, orders in days)[len(days) // 2]
    usual = [day for day, orders in days if orders >= QUIET_SHARE * median]
    return Feed(usual[0], min(last, usual[-1] + timedelta(days=1)))


def settled_horizon(wanted: int, history_days: int) -> int | None:
    """The longest horizon up to the wanted one that leaves 90 days of features, one training and three test windows."""
    longest = (history_days - FEATURE_DAYS) // (TEST_WINDOWS + 1)
    return next((days for days in (wanted, *SHORTER_HORIZONS) if days <= min(wanted, longest)), None)


def plan(feed: Feed, horizon_days: int) -> Plan:
    """Test windows end to end before the feed's end, and for each the newest snapshots whose window closes by it."""
    step = timedelta(days=horizon_days // 2)
    horizon = timedelta(days=horizon_days)
    tests = tuple(feed.end - horizon * (number + 1) for number in range(TEST_WINDOWS))
    earliest = feed.start + timedelta(days=FEATURE_DAYS)

    def closed_by(night: date) -> tuple[date, ...]:
        grid = (night - horizon - step * number for number in range(TRAINING_SNAPSHOTS))
        return tuple(found for found in grid if found >= earliest)

    made = Plan(horizon_days, tests, {night: closed_by(night) for night in tests}, closed_by(feed.end))
    check_no_leak(made)
    return made


@dataclass(frozen=True)
class Schedule:
    """The horizon that fits the history, the nights to use, and what had to give way.

    Units: wanted_days is the horizon that the retailer file asks for; feed is None before the first order.
    """

    horizon_days: int
    closed: date
    labelled: tuple[date, ...]
    plan: Plan | None
    warnings: tuple[str, ...]
    wanted_days: int
    feed: Feed | None


def schedule(wanted: int, feed: Feed | None, night: date) -> Schedule:
    """The schedule for a wanted horizon, given what the feed holds before the night."""
    if feed is None:
        return Schedule(wanted, night, (), None, ("no order is known yet",), wanted, None)
    horizon = settled_horizon(wanted, feed.days)
    warnings = []
    if feed.end < night:
        warnings.append(f"orders end on {feed.end - timedelta(days=1)}: label windows after that day are dropped")
    if horizon is None:
        needed = FEATURE_DAYS + (TEST_WINDOWS + 1) * SHORTEST_HORIZON
        warnings.append(f"the history of {feed.days} days is too short to train (at least {needed} are needed)")
    elif horizon < wanted:
        warnings.append(f"the horizon of {wanted} days is shortened to {horizon}: the history holds {feed.days} days")
    used = horizon or SHORTEST_HORIZON
    latest = feed.end - timedelta(days=used)
    labelled = (latest,) if latest >= feed.start + timedelta(days=FEATURE_DAYS) else ()
    made = plan(feed, used) if horizon else None
    return Schedule(used, feed.end, labelled, made, tuple(warnings), wanted, feed)


def check_no_leak(plan: Plan) -> None:
    """Refuse a plan that learns from what its test must not know, or whose test windows overlap.

    Raises: LabelLeak, which names both nights.
    """
    horizon = timedelta(days=plan.horizon_days)
    for test, training in plan.training.items():
        for night in training:
            if night + horizon > test:
                raise _leak(f"the label window of training night {night} ends after test night {test}")
    tests = sorted(plan.tests, reverse=True)
    for newer, older in pairwise(tests):
        if older + horizon > newer:
            raise _leak(f"the test windows of {older} and {newer} overlap")


def _leak(what: str) -> LabelLeak:
    return LabelLeak(
        what,
        where="models.calendar",
        still_true="Nothing was trained; the champion stays.",
        next_step="Use nights that are at least one horizon apart.",
    )
