"""A small fictional retailer, written once for all tests of this folder."""

from pathlib import Path

import pytest

from synthetic.retailer import write_retailer
from synthetic.settings import Plan
from tests.synthetic.delivered import Retail

PLAN = Plan(customers=1_500, nights=3)


@pytest.fixture(scope="session")
def retail(tmp_path_factory: pytest.TempPathFactory) -> Retail:
    """1,500 customers, three nights."""
    folder: Path = tmp_path_factory.mktemp("retail")
    write_retailer(PLAN, folder)
    return Retail(folder, PLAN)
