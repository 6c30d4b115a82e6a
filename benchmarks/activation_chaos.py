"""A tool that fails in every way and a sender that is killed again and again: is the tool's state the plan's?"""

import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zlib import crc32

import pyarrow.parquet as pq

from benchmarks.activation_people import NIGHTS, Person, two_nights, write
from benchmarks.activation_sender import FAILED, SECRET, TIMEOUT
from benchmarks.contract import Check, higher, lower
from benchmarks.receiver import Fault, Receiver

FAULTS: Mapping[Fault | None, float] = {
    "too_many": 0.04,
    "error": 0.05,
    "reset": 0.05,
    "timeout": 0.04,
    "lose_answer": 0.06,
    None: 0.76,
}
CALLS_BEFORE_A_KILL = (5, 16)
MOST_RUNS = 6


@dataclass(frozen=True)
class Truth:
    """What the second night must come to, worked out without the code that sends.

    Units: held is the segment by contact id; due is the operation by contact id, refused ones included.
    """

    held: Mapping[str, str]
    due: Mapping[str, str]
    contacted: frozenset[str]


def chaos(records: int, kills: int, seed: int) -> Iterator[Check]:
    """Send a quiet first night, then about `records` changes through every fault and kill, and compare."""
    people, chance = two_nights(records, seed), random.Random(seed)
    receiver = Receiver(SECRET, rejects=_rejected, stall=2 * TIMEOUT)
    with tempfile.TemporaryDirectory() as name, receiver.listening() as url:
        folder = Path(name)
        for night, known in people.items():
            write(folder, night, known)
        _sent(folder, NIGHTS[0], url)
        before = {contact: fields["segment"] for (_, contact), fields in receiver.held.items()}
        receiver.forget_calls()
        receiver.fault = lambda _: chance.choices([*FAULTS], [*FAULTS.values()])[0]
        killed = sum(_killed(folder, url, receiver, chance) for _ in range(kills))
        told = _sent(folder, NIGHTS[1], url)
        truth = _truth(before, people[NIGHTS[1]], _held_out(folder))
    yield higher("times the sender was killed while it sent", killed, kills)
    yield from _compared(receiver, truth, told)


def _compared(receiver: Receiver, truth: Truth, told: Mapping[str, int]) -> Iterator[Check]:
    held = {contact: fields["segment"] for (_, contact), fields in receiver.held.items()}
    wrong = [contact for contact in held.keys() | truth.held.keys() if held.get(contact) != truth.held.get(contact)]
    written = {contact for contact, operation in receiver.seen if operation != "remove"}
    taken = [contact for contact in truth.due if not _rejected(contact)]
    yield higher("records that were due", len(truth.due))
    yield lower("contacts whose state is not the plan's", len(wrong), 0)
    yield lower("records lost (no final outcome)", len(truth.due) - told["settled"], 0)
    yield lower("records sent without consent or held out", len(written - truth.contacted), 0)
    yield lower("effects beyond one per record", sum(receiver.effects.values()) - len(taken), 0)
    yield lower("attempts with two outcomes or none", told["odd"], 0)
    yield higher("records refused by the tool", sum(_rejected(contact) for contact in truth.due))
    yield higher("records sent more than once", sum(times > 1 for times in receiver.seen.values()))
    for operation in ("add", "update", "remove"):
        yield higher(f"due: {operation}", sum(due == operation for due in truth.due.values()))
    for fault, times in sorted(receiver.faults.items()):
        yield higher(f"calls: {fault}", times)


def _truth(before: Mapping[str, str], people: list[Person], held_out: frozenset[str]) -> Truth:
    contacted = {
        person.contact: person.segment
        for person in people
        if person.band == "high" and person.status == "granted" and person.contact not in held_out
    }
    due = {contact: "update" if contact in before else "add" for contact in contacted}
    due |= {contact: "remove" for contact in before if contact not in contacted}
    taken = {contact: segment for contact, segment in contacted.items() if not _rejected(contact)}
    return Truth(taken, due, frozenset(contacted))


def _rejected(contact: str) -> bool:
    """One contact in a hundred is one that the tool does not want."""
    return crc32(contact.encode()) % 100 == 0


def _held_out(folder: Path) -> frozenset[str]:
    rows = pq.read_table(folder / NIGHTS[1].isoformat() / "members.parquet").to_pylist()
    return frozenset(row["customer_id"] for row in rows if row["decision"] == "held_out")


def _sent(folder: Path, night: date, url: str) -> Mapping[str, int]:
    """What the sender says when it is done, after as many runs as it needs."""
    for _ in range(MOST_RUNS):
        run = subprocess.run(_command(folder, night, url), stdout=subprocess.PIPE, text=True)
        if run.returncode == 0:
            said: Mapping[str, int] = json.loads(run.stdout.splitlines()[-1])
            return said
        if run.returncode != FAILED:
            raise RuntimeError(f"the sender ended with {run.returncode}")
    raise RuntimeError(f"after {MOST_RUNS} runs something still failed")


def _killed(folder: Path, url: str, receiver: Receiver, chance: random.Random) -> bool:
    """Whether the sender was killed (SIGKILL) in the middle of its calls."""
    until = receiver.calls + chance.randint(*CALLS_BEFORE_A_KILL)
    sender = subprocess.Popen(_command(folder, NIGHTS[1], url), stdout=subprocess.DEVNULL)
    while sender.poll() is None and receiver.calls < until:
        time.sleep(0.005)
    alive = sender.poll() is None
    sender.kill()
    sender.wait()
    return alive


def _command(folder: Path, night: date, url: str) -> list[str]:
    return [sys.executable, "-m", "benchmarks.activation_sender", str(folder), night.isoformat(), url]
