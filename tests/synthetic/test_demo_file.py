"""`retailers/demo.yaml` reads every file of the fictional retailer, and counts rows as the truth does."""

from pathlib import Path

import pytest
import yaml

from pipelines.mapping import Delivery, Source
from pipelines.readers import batches
from tests.synthetic.delivered import Retail

DEMO = Path(__file__).parents[2] / "retailers" / "demo.yaml"
SOURCES = {name: Source(**section) for name, section in yaml.safe_load(DEMO.read_text())["sources"].items()}
DELIVERIES = {
    f"{source}/{name}": delivery for source, found in SOURCES.items() for name, delivery in found.deliveries.items()
}


def files(retail: Retail, delivery: Delivery) -> list[Path]:
    landing = retail.folder / "landing"
    return sorted(path for pattern in delivery.files for path in landing.glob(pattern))


def test_every_delivered_file_belongs_to_one_delivery(retail: Retail) -> None:
    taken = [file for delivery in DELIVERIES.values() for file in files(retail, delivery)]
    assert sorted(taken) == sorted(path for path in (retail.folder / "landing").rglob("*") if path.is_file())


def test_every_mapping_reads_a_delivery() -> None:
    mapped = {
        f"{name}/{mapping.delivery}"
        for name, source in SOURCES.items()
        for mappings in source.entities.values()
        for mapping in mappings
    }
    assert mapped == DELIVERIES.keys()


@pytest.mark.parametrize("name", DELIVERIES)
def test_only_planted_cuts_break_a_row(retail: Retail, name: str) -> None:
    cut = retail.truth("planted").query("kind == 'cut_row'")
    listed = set(zip(cut["file"], cut["row_number"], strict=True))
    found, landing = set(), retail.folder / "landing"
    for path in files(retail, DELIVERIES[name]):
        file = path.relative_to(landing).as_posix()
        for batch in batches(path, DELIVERIES[name].format):
            broken = zip(batch.column("_row_number").to_pylist(), batch.column("_corrupt").to_pylist(), strict=True)
            found |= {(file, number) for number, text in broken if text is not None}
    assert found == {(file, number) for file, number in listed if file.startswith(f"{name}_")}
