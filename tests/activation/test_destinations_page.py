"""The examples of docs/destinations.md are retailer files that load."""

import re
from pathlib import Path

import pytest
import yaml

from activation.settings import Activation

PAGE = (Path(__file__).parents[2] / "docs" / "destinations.md").read_text()
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_of_the_page_loads(example: str) -> None:
    loaded = Activation.model_validate(yaml.safe_load(example))
    assert {one.to for one in loaded.sendings.values()} == loaded.destinations.keys()


def test_there_is_an_example_of_each_tool_that_the_page_is_about() -> None:
    assert [set(re.findall(r"type: (\w+)", example)) for example in EXAMPLES] == [{"hubspot"}, {"meta"}, {"google_ads"}]
