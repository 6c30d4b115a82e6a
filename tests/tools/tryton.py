"""Tryton servers of the tests' own: a database is made once and copied for each, which takes a second."""

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from activation.destination import DestinationSettings
from activation.destinations.tryton import Tryton
from activation.destinations.tryton_rpc import Rpc
from scripts.tryton_server import add_user, free_port, make_database, running

PARTY = "model.party.party"
DATABASE = "crm"


@dataclass(frozen=True)
class Crm:
    """One database of its own with a few customers, and who may do what in it."""

    url: str
    file: Path
    password: str = field(repr=False)

    def user(self, login: str) -> Rpc:
        """The calls of admin, sync or marketing."""
        return Rpc(self.url, login, self.password)

    def destination(self, **other: Any) -> Tryton:
        """The destination as the retailer file opens it."""
        password = other.pop("password", self.password)
        entry = {"type": "tryton", "source": "crm", "url": self.url, "user": "sync", **other}
        return Tryton.opened(DestinationSettings.model_validate(entry), folder=self.file.parent, secret=password)

    def add(self, *codes: str, **values: Any) -> list[int]:
        """Customers with these contact ids."""
        parties = [{"name": f"Customer {code}", "code": code, "addresses": [], **values} for code in codes]
        made: list[int] = self.user("admin").call(f"{PARTY}.create", parties, {})
        return made

    def read(self, code: str, *names: str, login: str = "admin") -> dict[str, Any]:
        """Fields of one customer, archived or not."""
        domain = [["code", "=", code], ["active", "in", [True, False]]]
        found = self.user(login).call(f"{PARTY}.search_read", domain, 0, None, None, list(names), {})
        assert len(found) == 1
        return {name: found[0][name] for name in names}

    def query(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of the database itself."""
        with closing(sqlite3.connect(self.file)) as connection, connection:
            return connection.execute(statement, values).fetchall()


@dataclass(frozen=True)
class Template:
    """A database with the users admin, sync and marketing and no customer."""

    folder: Path
    password: str = field(repr=False)

    @contextmanager
    def copied(self) -> Iterator[Crm]:
        """A copy of it with a server of its own, up while the block runs."""
        with TemporaryDirectory(prefix="habitue-tryton-") as temporary:
            copy = Path(temporary) / f"{DATABASE}.sqlite"
            # Not the file alone: what was written last may lie in a journal beside it.
            with closing(sqlite3.connect(self.folder / copy.name)) as whole, closing(sqlite3.connect(copy)) as other:
                whole.backup(other)
            with running(copy.parent, DATABASE, port=free_port(), most_wrong_passwords=0) as address:
                yield Crm(f"{address}/{DATABASE}", copy, self.password)


def template(folder: Path) -> Template:
    """The database that tests copy, made in this folder."""
    password = secrets.token_urlsafe(12)
    make_database(folder, DATABASE, password=password)
    with running(folder, DATABASE, port=free_port()) as address:
        admin = Rpc(f"{address}/{DATABASE}", "admin", password)
        add_user(admin, "sync", name="Nightly sync", password=password, group="Habitué sync")
        add_user(admin, "marketing", name="Marketing", password=password, group="Habitué marketing")
    return Template(folder, password)
