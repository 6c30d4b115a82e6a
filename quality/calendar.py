"""The `calendar` section of the retailer file: days on which more or less is sold than on others of their weekday."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class SpecialDay(BaseModel):
    """A holiday, or the days of a sale: `{name: winter sale, from: 2026-01-03, to: 2026-01-31}`.

    Units: both days are included; without `to` it is one day; days of one name are compared with one another.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    first: date = Field(alias="from")
    last: date | None = Field(default=None, alias="to")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last is not None and self.last < self.first:
            raise ValueError(f"{self.name} ends on {self.last}, before it begins on {self.first}")
        return self

    @property
    def days(self) -> int:
        """How many days it lasts."""
        return ((self.last or self.first) - self.first).days + 1

    def holds(self, day: date) -> bool:
        """Whether the day is one of these."""
        return self.first <= day <= (self.last or self.first)


def special_day(day: date, calendar: Iterable[SpecialDay]) -> str | None:
    """The name of the first special day that the day is; None for an ordinary one."""
    return next((special.name for special in calendar if special.holds(day)), None)


def special_nights(calendar: Iterable[SpecialDay]) -> list[date]:
    """The nights that bring a special day: each day's is the next."""
    days = (special.first + timedelta(days=n) for special in calendar for n in range(special.days))
    return [day + timedelta(days=1) for day in days]
