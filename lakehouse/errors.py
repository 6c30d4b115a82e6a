"""The errors that Habitué raises on purpose, in one tree.

HabitueError
├── Transient                 may pass by itself: Dagster retries it
│   ├── LakeLocked            another night is running on this lake
│   └── DestinationUnavailable
└── Permanent                 trying again changes nothing
    ├── WrongCall             the call or the retailer file is wrong (exit status 2)
    │   ├── InvalidRetailerFile
    │   ├── NightOutOfOrder
    │   ├── LandingMissing
    │   ├── LakeNotWritable
    │   └── MissingCredentials
    ├── GateBlocked           a gate stopped the night (exit status 1)
    ├── DeliveryRefused       an export cannot be read as the retailer file says (exit status 1)
    ├── DeliveryFailed        a destination did not take what was sent (exit status 1)
    ├── ModelUnusable         a registered model, or the registry, is gone or damaged (models/registry.py)
    ├── NoHistory             a feature of an attribute that keeps no history (features/feature_group.py)
    ├── LabelLeak             a training label would reach past its test (models/calendar.py)
    ├── StepFailed            an error that nobody foresaw, without its own message
    ├── ContractBroken        a frame does not fit the table that it is written to
    └── MissingColumns        a transformation was given a frame without a column it reads
"""


class HabitueError(Exception):
    """What broke, where, what is still true and what to type next, without any personal value.

    Units: exit_status is the exit status of the command line.
    """

    exit_status = 1

    def __init__(self, what: str, *, where: str, still_true: str, next_step: str) -> None:
        self.what = what
        self.where = where
        self.still_true = still_true
        self.next_step = next_step
        super().__init__(f"{where}: {what}\n{still_true} {next_step}")


class Transient(HabitueError):
    """May pass by itself; the nightly job tries again."""


class Permanent(HabitueError):
    """Stays until somebody changes something; never retried."""


class LakeLocked(Transient):
    """Another night is running on this lake."""


class DestinationUnavailable(Transient):
    """A tool that scores are sent to does not answer."""


class StepFailed(Permanent):
    """An error that nobody foresaw stopped a step; its message is not kept, because it may quote a value."""


class WrongCall(Permanent):
    """The command or the retailer file is wrong; nothing was started."""

    exit_status = 2


class InvalidRetailerFile(WrongCall):
    """The retailer file holds an unknown key, an unknown column or broken SQL."""


class NightOutOfOrder(WrongCall):
    """The night lies before the last one, or leaves a gap."""


class LandingMissing(WrongCall):
    """The landing folder does not exist."""


class LakeNotWritable(WrongCall):
    """The lake folder cannot be written."""


class MissingCredentials(WrongCall):
    """A destination or a database names an environment variable that is not set."""


class GateBlocked(Permanent):
    """A gate stopped the publication of a table; the table still holds the last good night."""


class DeliveryRefused(Permanent):
    """An export cannot be read as the retailer file says."""


class DeliveryFailed(Permanent):
    """A destination did not take what was sent to it."""


class ContractBroken(Permanent):
    """A frame does not fit the contract of the table that it is written to."""


class MissingColumns(Permanent):
    """A transformation was given a frame without a column that it reads."""
