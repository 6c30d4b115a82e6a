"""What one night leaves behind however it ends."""

from contextlib import suppress
from pathlib import Path

from pyspark.sql import SparkSession

from lakehouse.delta import Lakehouse
from orchestration.night import Place, open_night
from pipelines.ingest import ingest
from pipelines.known_files import FileBook
from pipelines.raw import FILES
from tests.end_to_end.small_shop import FIRST, write_shop


class Stopped(Exception):
    """Whatever stops a night."""


def test_night_that_was_rebuilt_is_rebuilt_again_from_the_first_layer_it_ever_was(
    spark: SparkSession, tmp_path: Path
) -> None:
    """Every try of a night builds on what it first found: a plain rerun would put the old mapping and model back."""
    place = Place(write_shop(tmp_path, nights=1), tmp_path / "landing", str(tmp_path / "lake"))

    def layer(asked: str | None = None) -> str | None:
        with open_night(place, FIRST, send=False, rebuild_from=asked) as run:
            return run.rebuild_from

    assert [layer("conformed"), layer(), layer("raw"), layer("conformed")] == ["conformed", "conformed", "raw", "raw"]


def test_night_that_stops_leaves_the_files_that_were_taken_recorded(spark: SparkSession, tmp_path: Path) -> None:
    place = Place(write_shop(tmp_path, nights=1), tmp_path / "landing", str(tmp_path / "lake"))
    with suppress(Stopped), open_night(place, FIRST, send=False) as run:
        ingest(run.lake, "crm", run.retailer.sources["crm"], place.landing, night=FIRST, files=run.files)
        assert not run.lake.exists(FILES)
        raise Stopped
    assert [(file.source, file.status) for file in FileBook(Lakehouse(place.lake, spark)).files()] == [("crm", "new")]
