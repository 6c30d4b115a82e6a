"""The share of a tool's rate limit that one process reaches through outbox and webhook, and its memory on the way."""

import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

import psutil

from activation.circuit import Circuit
from activation.destination import Batch, DestinationSettings, Record
from activation.destinations.webhook import Webhook
from activation.ledger import Ledger
from activation.outbox import Outbox
from benchmarks.contract import Check, higher, lower
from benchmarks.receiver import Receiver
from lakehouse.delta import Lakehouse

CALLS_PER_SECOND, BATCH = Webhook.capabilities.calls_per_second or 1, Webhook.capabilities.batch_size or 1
EARLY = 10_000
SECRET = "of the benchmark"
MB = 1024 * 1024
NIGHT = date(2026, 3, 1)


def pace(members: int) -> Iterator[Check]:
    """Send `members` records to a receiver that counts its own limit and answers 429 beyond it."""
    receiver = Receiver(SECRET, calls_per_second=CALLS_PER_SECOND, remembers=False)
    with tempfile.TemporaryDirectory() as folder, receiver.listening() as url:
        ours, theirs = multiprocessing.get_context("spawn").Pipe()
        sender = multiprocessing.get_context("spawn").Process(target=_send, args=(theirs, folder, url, members))
        sender.start()
        theirs.close()
        seconds, early, late, acknowledged = ours.recv()
        sender.join()
    yield higher(
        f"share of {CALLS_PER_SECOND * BATCH:,.0f} records/s", members / seconds / CALLS_PER_SECOND / BATCH, 0.8
    )
    yield higher("records per second", members / seconds)
    yield lower("records not acknowledged", members - acknowledged, 0)
    yield lower("calls answered 429", receiver.faults["too_many"])
    yield lower(f"memory after {EARLY:,} records, MB", early / MB)
    yield lower(f"memory after {members:,} records, as a multiple", late / early, 1.1)


def _send(pipe: Connection, folder: str, url: str, members: int) -> None:
    """Seconds, bytes after EARLY records and at the end, and records that were taken."""
    limits = {"type": "webhook", "source": "crm", "url": url, "calls_per_second": CALLS_PER_SECOND}
    settings = DestinationSettings.model_validate(limits)
    circuit = Circuit(Webhook.opened(settings, folder=Path(folder), secret=SECRET))
    # No lake: what is measured is the way of a record until its receipt is on disk; folding comes after.
    ledger = Ledger(cast(Lakehouse, None), Outbox(Path(folder) / "outbox.sqlite"))
    memory, early, taken = psutil.Process().memory_info, 0, 0
    started = time.monotonic()
    for first in range(0, members, BATCH):
        batch = _batch(first, min(BATCH, members - first))
        sequences = ledger.announce(batch)
        answers = ledger.answer(sequences, batch.records, circuit.send(batch))
        taken += sum(answer.verdict == "acknowledged" for answer in answers)
        if first + BATCH == EARLY:
            early = memory().rss
    pipe.send((time.monotonic() - started, early, memory().rss, taken))


def _batch(first: int, size: int) -> Batch:
    payload = (
        '{"churn_band":"high","value_band":"low","segment":"Loyal regulars","valid_until":"2026-04-01","grade":"B"}'
    )
    records = tuple(
        Record(f"contact:crm:{n}", str(n), f"c{n}", "add", payload, f"{n:032x}", NIGHT, 1)
        for n in range(first, first + size)
    )
    return Batch("app", "win_back", NIGHT, ("churn_band",), records)
