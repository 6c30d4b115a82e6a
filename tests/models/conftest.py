"""A registry without versions, made once: its database costs seconds, a copy none."""

from pathlib import Path

import pytest

from models.registry import Registry


@pytest.fixture(scope="session")
def empty_registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state folder of a registry without versions; copy it."""
    state = tmp_path_factory.mktemp("registry")
    assert Registry(state).model_versions() == {}
    return state
