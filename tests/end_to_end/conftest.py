"""Whole nights, run once and shared: a shop after its first night, and after two."""

import json
import shutil
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from orchestration import cli, nightly, running
from orchestration.night import Place
from tests.end_to_end.club import add_club
from tests.end_to_end.small_shop import FIRST, SECOND, write_shop


@dataclass(frozen=True)
class Shop:
    """A small shop: its retailer file, its exports, its lake."""

    folder: Path

    @property
    def retailer(self) -> Path:
        return self.folder / "shop.yaml"

    @property
    def landing(self) -> Path:
        return self.folder / "landing"

    @property
    def lake(self) -> Path:
        return self.folder / "lake"

    def place(self) -> list[str]:
        """The arguments that every command takes."""
        return ["--retailer", str(self.retailer), "--landing", str(self.landing), "--lake", str(self.lake)]

    def night(self, night: object, *more: str) -> int:
        """Exit status of `habitue night`."""
        return cli.main(["night", *self.place(), "--date", str(night), *more])


@dataclass(frozen=True)
class CaughtUp:
    """A shop after two nights in one call, and what each of them said; no test changes it.

    Units: after_first is the same shop as it stood between its two nights.
    """

    shop: Shop
    after_first: Shop
    first: dict[str, Any]
    second: dict[str, Any]


@pytest.fixture(scope="session")
def caught_up(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> CaughtUp:
    """A small shop with a club after both its nights were caught up: nothing disturbed them."""
    shop, printed = Shop(tmp_path_factory.mktemp("caught_up")), StringIO()
    after_first = Shop(tmp_path_factory.mktemp("after_first") / "shop")
    add_club(write_shop(shop.folder))

    def run_night(place: Place, night: date, **more: Any) -> None:
        nightly.run_night(place, night, **more)
        if night == FIRST:
            copied(shop, after_first.folder)

    with pytest.MonkeyPatch.context() as patched, redirect_stdout(printed):
        patched.setattr(running, "run_night", run_night)
        assert cli.main(["night", *shop.place(), "--from", str(FIRST), "--to", str(SECOND), "--json"]) == 0
    first, second = (json.loads(line) for line in printed.getvalue().splitlines())
    return CaughtUp(shop, after_first, first, second)


@pytest.fixture(scope="session")
def first_night(caught_up: CaughtUp) -> Shop:
    """A small shop with a club after its first night, which sent nothing; copy it before changing it."""
    return caught_up.after_first


@pytest.fixture
def shop(first_night: Shop, tmp_path: Path) -> Shop:
    """A copy of the small shop after its first night."""
    return copied(first_night, tmp_path / "shop")


def copied(shop: Shop, folder: Path) -> Shop:
    """A copy of a shop, to be changed."""
    shutil.copytree(shop.folder, folder)
    return Shop(folder)
