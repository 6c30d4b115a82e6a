"""`make test` runs every test once, and fails if one group fails."""

from pathlib import Path

import pytest

from scripts import tests as groups


def test_every_test_file_is_run_by_exactly_one_group() -> None:
    files = [path for path in groups.TESTS.rglob("test_*.py") if "tools" not in path.parts]
    runs = {path: [name for name, given in groups.GROUPS.items() if _runs(given, path)] for path in files}
    assert len(files) > 50
    assert {path: names for path, names in runs.items() if len(names) != 1} == {}


def _runs(given: list[str], path: Path) -> bool:
    left_out = [Path(argument.removeprefix("--ignore=")) for argument in given if argument.startswith("--ignore=")]
    named = [Path(argument) for argument in given if not argument.startswith("--")]
    inside = [path.is_relative_to(place) for place in named]
    return any(inside) and not any(path.is_relative_to(place) for place in left_out)


@pytest.mark.parametrize(
    ("statuses", "status"),
    [((0, 0), 0), ((0, 1), 1), ((5, 0), 0), ((5, 5), 5), ((0, -9), 1), ((5, 2), 2)],
)
def test_one_failed_group_fails_the_run_and_an_empty_one_does_not(
    statuses: tuple[int, ...], status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {f"group {place}": status for place, status in enumerate(statuses)}
    monkeypatch.setattr(groups, "GROUPS", given)
    monkeypatch.setattr(groups, "_run", lambda name, _options: given[name])
    assert groups.main([]) == status
