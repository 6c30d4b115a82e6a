"""Whole nights, run once and shared: a lake after its first night, and the demo."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from orchestration import cli
from tests.end_to_end.small_shop import FIRST, write_shop


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


@pytest.fixture(scope="session")
def first_night(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A small shop after its first night; copy it before changing it."""
    folder = tmp_path_factory.mktemp("shop")
    write_shop(folder)
    shop = Shop(folder)
    assert shop.night(FIRST) == 0
    return shop


@pytest.fixture
def shop(first_night: Shop, tmp_path: Path) -> Shop:
    """A copy of the small shop after its first night."""
    copy = tmp_path / "shop"
    shutil.copytree(first_night.folder, copy)
    return Shop(copy)


@pytest.fixture
def new_shop(first_night: Shop, tmp_path: Path) -> Callable[[], Shop]:
    """A small shop before its first night, with the secret key of the shared one, so that ids can be compared."""

    def made() -> Shop:
        folder = tmp_path / "new"
        write_shop(folder)
        (folder / "lake.state").mkdir()
        shutil.copy(first_night.folder / "lake.state" / "lake.key", folder / "lake.state" / "lake.key")
        return Shop(folder)

    return made
