"""What training works with: the lake as the last night left it, locked while it is read."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from lakehouse.delta import Lakehouse
from lakehouse.errors import WrongCall
from lakehouse.nights import has_ended, last_started
from models.registry import Registry
from orchestration.night import Place, open_lake
from orchestration.record import NightRecord
from orchestration.retailer import Retailer, load_retailer


@dataclass(frozen=True)
class TrainingRun:
    """All that a training may use; night is the last that ended, because says why it trains, if not by its schedule."""

    retailer: Retailer
    lake: Lakehouse
    night: date
    registry: Registry
    record: NightRecord
    because: str = ""


@contextmanager
def open_training(place: Place, record: NightRecord, *, because: str = "") -> Iterator[TrainingRun]:
    """Everything that a training uses, while the lake is locked.

    Raises: WrongCall if no night has ended; LakeLocked, LakeNotWritable, InvalidRetailerFile.
    """
    retailer = load_retailer(place.retailer_file)
    with open_lake(place, purpose="training") as lake:
        yield TrainingRun(retailer, lake, _last_ended(lake), Registry(place.state), record, because)


def _last_ended(lake: Lakehouse) -> date:
    last = last_started(lake)
    if last is not None and has_ended(lake, last):
        return last
    raise WrongCall(
        "there is no finished night to train on" if last is None else f"night {last} started and did not end",
        where=lake.path,
        still_true="No model was changed.",
        next_step=f"Run `habitue night --date {last or 'D'}` first.",
    )
