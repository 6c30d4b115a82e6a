"""`make test` runs every test once, and fails if one group fails."""

import pytest

from scripts import tests as groups


def test_every_group_names_what_is_there_and_leaves_out_what_another_runs() -> None:
    named = [argument.removeprefix("--ignore=") for given in groups.GROUPS.values() for argument in given]
    assert all((groups.TESTS.parent / name).exists() for name in named)
    assert f"--ignore={groups.README}" in groups.GROUPS["whole nights"]
    assert f"--ignore={groups.WHOLE_NIGHTS}" in groups.GROUPS["unit tests"]


@pytest.mark.parametrize(
    ("statuses", "status"),
    [((0, 0, 0), 0), ((0, 1, 0), 1), ((5, 0, 5), 0), ((5, 5, 5), 5), ((0, -9, 0), 1), ((5, 2, 0), 2)],
)
def test_one_failed_group_fails_the_run_and_an_empty_one_does_not(
    statuses: tuple[int, ...], status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = dict(zip(groups.GROUPS, statuses, strict=True))
    monkeypatch.setattr(groups, "_run", lambda name, _options: given[name])
    assert groups.main([]) == status
