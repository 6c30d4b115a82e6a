"""One small town, matched once for all tests that look at what was found."""

import pytest

from pipelines.identity.match import Matched, match
from tests.pipelines.identity.town import Town, town


@pytest.fixture(scope="session")
def home() -> Town:
    return town()


@pytest.fixture(scope="session")
def matched(home: Town) -> Matched:
    return match(home.records)
