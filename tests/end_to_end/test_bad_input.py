"""Bad input: a clear message, yesterday's tables whole, and everything sound goes on."""

import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.delta import Lakehouse
from lakehouse.errors import GateBlocked
from lakehouse.lock import lake_lock
from orchestration import cli
from pipelines.canonical import ORDERS
from pipelines.ingest import DeliveredFile
from tests.end_to_end.conftest import Shop
from tests.end_to_end.damaged_shop import (
    FIRST,
    HEAD,
    REFUSED,
    RETAILER,
    SECOND,
    SET_ASIDE,
    Held,
    held,
    row,
    short_night,
    write_damaged_shop,
)

OF_A_NIGHT = {"ops.nights", "ops.nights_ended", "raw.files", "raw.shop_orders"}


@dataclass(frozen=True)
class Damaged:
    """A shop after a night of damaged files: what the lake held before and after, and what was said of each file."""

    shop: Shop
    before: Held
    after: Held
    files: dict[str, DeliveredFile]


@pytest.fixture(scope="module")
def yesterday(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The shop after its first night, which was sound; copy it before changing it."""
    shop = write_damaged_shop(tmp_path_factory.mktemp("yesterday"))
    short_night(spark, shop, FIRST)
    return shop


@pytest.fixture(scope="module")
def damaged(spark: SparkSession, yesterday: Shop, tmp_path_factory: pytest.TempPathFactory) -> Damaged:
    """The shop after the night of damaged files; no test changes it."""
    shop = Shop(tmp_path_factory.mktemp("damaged") / "shop")
    shutil.copytree(yesterday.folder, shop.folder)
    before = held(shop)
    files = short_night(spark, shop, SECOND)
    return Damaged(shop, before, held(shop, like=before), {_kind(file): file for file in files})


def test_no_damaged_file_takes_a_row_of_yesterday_from_any_table(damaged: Damaged) -> None:
    assert damaged.before.lost(damaged.after) == {}
    assert damaged.before.grown(damaged.after) == {*OF_A_NIGHT, "conformed.orders", "conformed.orders_rejected"}


@pytest.mark.parametrize("kind", REFUSED)
def test_file_that_cannot_be_read_is_refused_with_its_reason_and_nothing_of_it_is_stored(
    spark: SparkSession, damaged: Damaged, kind: str
) -> None:
    file = damaged.files[kind]
    assert file.status == "refused"
    assert REFUSED[kind][1] in str(file.reason)
    assert not [text for text in damaged.after.rows["raw.shop_orders"] if file.file_name in text]
    [told] = [text for text in damaged.after.rows["raw.files"] if file.file_name in text]
    assert str(file.reason)[:40] in told


@pytest.mark.parametrize("kind", SET_ASIDE)
def test_broken_row_is_set_aside_with_its_rule_and_the_sound_rows_of_its_file_are_published(
    spark: SparkSession, damaged: Damaged, kind: str
) -> None:
    lake = Lakehouse(str(damaged.shop.lake), spark)
    mine = f"file_name = '{damaged.files[kind].file_name}'"
    aside = lake.read(ORDERS.rejected).where(mine).select("row_number", "rules").collect()
    assert [tuple(found) for found in aside] == [(3, [SET_ASIDE[kind][1]])]
    published = lake.read(ORDERS.conformed).where(f"order_id like '{kind}%'").select("order_id").collect()
    assert {found.order_id for found in published} == {f"{kind}-1", f"{kind}-2"}


def test_extra_column_is_told_and_taken(damaged: Damaged) -> None:
    assert damaged.files["extra-column"].reason == "columns that were not there before: Till"
    assert {kind for kind, file in damaged.files.items() if file.status == "new"} == {
        *SET_ASIDE,
        "extra-column",
        "sound",
    }
    ids = {"sound", "extra-column", *(f"{kind}-{place}" for kind in SET_ASIDE for place in (1, 2))}
    added = damaged.after.rows["conformed.orders"] - damaged.before.rows["conformed.orders"]
    assert added.total() == len(ids)


def test_file_with_every_date_in_another_format_blocks_the_gate_and_leaves_yesterday(
    spark: SparkSession, yesterday: Shop, tmp_path: Path
) -> None:
    shop = _copied(yesterday, tmp_path)
    for path in shop.landing.glob(f"*_{SECOND}_*"):
        path.unlink()
    rows = [row(f"x{number}", sold="31/05/2024") for number in range(30)]
    (shop.landing / f"orders_{SECOND}.csv").write_text(HEAD + "".join(rows))
    before = held(shop)
    with pytest.raises(GateBlocked, match="30 of 30 rows broke a rule") as stopped:
        short_night(spark, shop, SECOND)
    assert f"The table still holds {FIRST}. Look at conformed.orders_rejected" in str(stopped.value)
    after = held(shop)
    assert before.lost(after) == {}
    assert before.grown(after) == OF_A_NIGHT - {"ops.nights_ended"} | {"conformed.orders_rejected"}


LATER = SECOND + timedelta(days=5)
WRONG_FILES = {
    "unknown key": ("currency: EUR", "curency: EUR", "line 3: curency: unknown key (did you mean"),
    "unknown column": ("order_id: Id", "ordre_id: Id", "orders has no column ordre_id (did you mean order_id"),
    "broken SQL": ("to_timestamp(Sold)", "to_timestamp(Sold", "Spark cannot read the SQL"),
    "no credentials": ("path: out/crm", "path: out/crm, credentials: SHOP_CRM", "variable SHOP_CRM is not set"),
    "no password": (
        '{files: "rates_*.csv", dated: "%Y-%m-%d"}',
        "{jdbc: {url: 'jdbc:postgresql://nowhere/db', table: rates, whole: true, credentials: SHOP_DB}}",
        "variable SHOP_DB is not set",
    ),
}


@pytest.mark.parametrize("kind", WRONG_FILES)
def test_wrong_retailer_file_is_refused_before_any_table_moves(
    damaged: Damaged, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    right, wrong, says = WRONG_FILES[kind]
    assert right in RETAILER
    file = tmp_path / "wrong.yaml"
    file.write_text(RETAILER.replace(right, wrong))
    _refused(damaged.shop, capsys, 2, says, "--retailer", str(file))


def test_missing_landing_folder_is_refused_before_any_table_moves(
    damaged: Damaged, capsys: pytest.CaptureFixture[str]
) -> None:
    _refused(damaged.shop, capsys, 2, "nowhere: there is no such landing folder", "--landing", "nowhere")


def test_lake_that_cannot_be_written_is_refused_before_any_table_moves(
    damaged: Damaged, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Tests may run as root, whom no permission stops: the operating system's answer is what is given here.
    monkeypatch.setattr("orchestration.night.os.access", lambda *_args: False)
    _refused(damaged.shop, capsys, 2, "the lake folder cannot be written")


@pytest.mark.parametrize(
    ("night", "says"),
    [
        (FIRST - timedelta(days=1), f"the first night of this retailer is {FIRST}"),
        (FIRST, f"the lake already holds night {SECOND}; only the last night may run again"),
        (LATER, f"habitue night --from {SECOND + timedelta(days=1)} --to {LATER}"),
    ],
)
def test_night_out_of_order_is_refused_before_any_table_moves(
    damaged: Damaged, capsys: pytest.CaptureFixture[str], night: object, says: str
) -> None:
    _refused(damaged.shop, capsys, 2, says, "--date", str(night))


def test_second_night_at_once_is_refused_before_any_table_moves(
    damaged: Damaged, capsys: pytest.CaptureFixture[str]
) -> None:
    with lake_lock(damaged.shop.folder / "lake.state", purpose=f"night {SECOND}"):
        _refused(damaged.shop, capsys, 1, f"night {SECOND} (process ")


def _refused(shop: Shop, capsys: pytest.CaptureFixture[str], status: int, says: str, *arguments: str) -> None:
    """`habitue night` with these arguments ends with the status and the words, and no file of the lake has changed."""
    before = _files(shop.lake)
    # The last of two equal arguments counts.
    assert cli.main(["night", *shop.place(), "--date", str(SECOND + timedelta(days=1)), *arguments]) == status
    assert says in capsys.readouterr().err
    assert _files(shop.lake) == before


def _files(lake: Path) -> dict[Path, tuple[int, int]]:
    found = {path: path.stat() for path in lake.rglob("*") if path.is_file()}
    return {path: (stat.st_size, stat.st_mtime_ns) for path, stat in found.items()}


def _copied(shop: Shop, folder: Path) -> Shop:
    shutil.copytree(shop.folder, folder / "shop")
    return Shop(folder / "shop")


def _kind(file: DeliveredFile) -> str:
    """`sound` of orders_2024-06-02_sound.csv."""
    return file.file_name.split("_")[-1].split(".")[0]
