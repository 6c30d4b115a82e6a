"""The way to one destination in one run: it finds the bad record of a refused batch, and gives up on a dead tool."""

from collections.abc import Mapping

from activation.destination import Answer, Batch, BatchRefused, Destination, Verdict
from lakehouse.errors import HabitueError

MOST_REFUSALS = 100
"""Records refused one after the other, none taken: a field has another name there, or the settings are wrong."""


class Circuit:
    """Sends batches until too many fail in a row; then every record fails without a call.

    Units: most_failures in calls, each after its own retries; most_refusals in records.
    """

    def __init__(self, destination: Destination, *, most_failures: int = 3, most_refusals: int = MOST_REFUSALS) -> None:
        self._destination = destination
        self._most_failures, self._most_refusals = most_failures, most_refusals
        self._failures = self._refusals = 0

    @property
    def batch_size(self) -> int | None:
        """The most records of one call."""
        return self._destination.capabilities.batch_size

    @property
    def by_address(self) -> bool:
        """Whether the tool knows a person by address, not by our contact id."""
        return self._destination.capabilities.known_by == "address"

    @property
    def broken(self) -> str | None:
        """Why no call is made any more."""
        if self._failures >= self._most_failures:
            return f"not called any more: {self._failures} calls failed one after the other"
        if self._refusals >= self._most_refusals:
            return f"not called any more: {self._refusals} records were refused one after the other and none taken"
        return None

    def send(self, batch: Batch) -> Mapping[str, Answer]:
        """An answer per record; a batch that is refused as a whole comes in halves until the bad record is found."""
        if self.broken:
            return _all(batch, Answer("failed", self.broken))
        try:
            answers = self._destination.send(batch)
        except BatchRefused as refusal:
            self._failures = 0
            return self._halved(batch, refusal)
        except Exception as error:  # noqa: BLE001 - the edge: whatever broke becomes the outcome of each record
            self._failures += 1
            return _all(batch, Answer("failed", reason(error)))
        self._failures = 0
        self._note([answer.verdict for answer in answers.values()])
        return answers

    def _halved(self, batch: Batch, refusal: BatchRefused) -> Mapping[str, Answer]:
        if len(batch.records) == 1:
            self._note(["rejected"])
            return _all(batch, Answer("rejected", refusal.what))
        middle = len(batch.records) // 2
        return {**self.send(batch.part(0, middle)), **self.send(batch.part(middle))}

    def _note(self, verdicts: list[Verdict]) -> None:
        self._refusals = 0 if "acknowledged" in verdicts else self._refusals + verdicts.count("rejected")


def reason(error: Exception) -> str:
    """What broke, without values that the tool may have echoed."""
    return error.what if isinstance(error, HabitueError) else type(error).__name__


def _all(batch: Batch, answer: Answer) -> Mapping[str, Answer]:
    return {record.record_key: answer for record in batch.records}
