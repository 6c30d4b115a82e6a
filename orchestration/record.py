"""What one night did, collected while it runs: the source of the JSON, the terminal summary and the report."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from activation.standing import Standing
from pipelines.identity.blocking import KeyYield
from pipelines.identity.figures import IdentityFigures
from pipelines.ingest import DeliveredFile
from quality.gate import GateOutcome
from quality.measurements import Figure
from quality.publish import Published


@dataclass
class NightRecord:
    """Mutable on purpose: every step of one night adds what it did.

    Units: seconds by step, rows by table.
    """

    started: float = field(default_factory=monotonic)
    published: dict[str, Published] = field(default_factory=dict)
    gates: list[GateOutcome] = field(default_factory=list)
    files: list[DeliveredFile] = field(default_factory=list)
    counted: list[Any] = field(default_factory=list)
    """Delivered rows by file and mapping, as conform counted them."""
    figures: dict[str, Sequence[Figure]] = field(default_factory=dict)
    """What the deliveries brought, by conformed table, for quality.measurements."""
    scores: dict[str, float] = field(default_factory=dict)
    """How good each source's critical columns are, in points from 0 to 100."""
    who_is_who: IdentityFigures | None = None
    blocking: tuple[KeyYield, ...] = ()
    """What each key gave and left out when tonight's records were compared."""
    models: dict[str, Any] = field(default_factory=dict)
    audiences: dict[str, Any] = field(default_factory=dict)
    deliveries: dict[str, Any] = field(default_factory=dict)
    standings: dict[str, Standing] = field(default_factory=dict)
    """What the tools hold after a night that sent, by sync and audience."""
    adoption: dict[str, Any] = field(default_factory=dict)
    """How far scores were used, by destination, and the contacts made from audiences, by channel."""
    alerts: dict[str, str] = field(default_factory=dict)
    """What became of the message about the night, by channel."""
    warnings: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    """The JSON of the night, once it is over."""
    error: BaseException | None = None
    say: Callable[[str], None] = lambda _line: None

    def step(self, name: str, started: float, note: str) -> None:
        """Note a finished step and tell whoever watches."""
        self.seconds[name] = round(monotonic() - started, 2)
        self.say(f"{monotonic() - self.started:7.1f} s  {name:<36} {note}")

    def failed(self, name: str, error: BaseException) -> None:
        """Note the first error of the night; later ones only follow from it."""
        self.error = self.error or error
        self.say(f"{monotonic() - self.started:7.1f} s  {name:<36} FAILED")
