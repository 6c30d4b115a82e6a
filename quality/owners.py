"""The `owners` section of the retailer file: which team looks after a source or a table."""

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from lakehouse.names import nearest

# Dagster takes an e-mail address by this expression and the name of a team without "@"; both go on every page as text.
EMAIL = r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,7}"
NAME = r"[A-Za-z0-9][\w .&-]*"


def _name_or_address(owner: str) -> str:
    if not re.fullmatch(f"{EMAIL}|{NAME}", owner, re.ASCII):
        raise ValueError("give the name of a team (letters, digits, - and blanks) or one e-mail address")
    return owner


Owner = Annotated[str, Field(max_length=100), AfterValidator(_name_or_address)]


class Owners(BaseModel):
    """Who looks after what: names of teams or their e-mail addresses.

    Shape: a table's own line goes first (rows set aside belong to their table), then the owner of the source whose
           delivery it is, then the default.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    default: Owner = "data-engineering"
    sources: dict[str, Owner] = Field(default_factory=dict)
    tables: dict[str, Owner] = Field(default_factory=dict)

    def of(self, table: str, *, source: str | None = None) -> str:
        """The owner of a table; source is the one whose delivery it holds."""
        own = self.tables.get(table) or self.tables.get(table.removesuffix("_rejected"))
        return own or self.of_source(source)

    def of_source(self, source: str | None) -> str:
        """The owner of a source."""
        return self.sources.get(source or "", self.default)

    def unknown(self, sources: Iterable[str], tables: Collection[str]) -> Iterator[str]:
        """A sentence per source and table that is named here and is not there."""
        listed = sorted(sources)
        for name in (name for name in self.sources if name not in listed):
            yield f"owners.sources: there is no source {name}{nearest(name, listed)}"
        for name in (name for name in self.tables if name not in tables):
            yield f"owners.tables: there is no table {name}{nearest(name, _alike(name, tables))}"


def _alike(name: str, tables: Iterable[str]) -> list[str]:
    """The tables of the layer that is named, or all: a hint of seventy tables is none."""
    of_layer = [table for table in tables if table.split(".")[0] == name.split(".")[0]]
    return of_layer or list(tables)
