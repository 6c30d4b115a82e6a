"""Whole nights, run once and shared: a lake after its first night, and one after two."""

import json
import shutil
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from orchestration import cli
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
    """A shop after two nights in one call, and what each of them said; no test changes it."""

    shop: Shop
    first: dict[str, Any]
    second: dict[str, Any]


@pytest.fixture(scope="session")
def first_night(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A small shop with a club after its first night, which sent nothing; copy it before changing it."""
    folder = tmp_path_factory.mktemp("shop")
    add_club(write_shop(folder))
    shop = Shop(folder)
    assert shop.night(FIRST, "--no-send") == 0
    return shop


@pytest.fixture
def shop(first_night: Shop, tmp_path: Path) -> Shop:
    """A copy of the small shop after its first night."""
    return copied(first_night, tmp_path / "shop")


@pytest.fixture(scope="session")
def caught_up(first_night: Shop, tmp_path_factory: pytest.TempPathFactory) -> CaughtUp:
    """The same shop, with the same secret key, after both its nights were caught up: nothing disturbed them."""
    folder = tmp_path_factory.mktemp("caught_up")
    add_club(write_shop(folder))
    (folder / "lake.state").mkdir()
    shutil.copy(first_night.folder / "lake.state" / "lake.key", folder / "lake.state" / "lake.key")
    shop, printed = Shop(folder), StringIO()
    with redirect_stdout(printed):
        assert cli.main(["night", *shop.place(), "--from", str(FIRST), "--to", str(SECOND), "--json"]) == 0
    first, second = (json.loads(line) for line in printed.getvalue().splitlines())
    return CaughtUp(shop, first, second)


def copied(shop: Shop, folder: Path) -> Shop:
    """A copy of a shop, to be changed."""
    shutil.copytree(shop.folder, folder)
    return Shop(folder)
