"""A hand-over of personal records leaves nothing behind, whatever happens in between."""

from pathlib import Path

import pytest

from pipelines.identity.handover import Handover, handover


def _written(folder: Handover) -> None:
    place = Path(folder.folder, "records")
    place.mkdir(parents=True)
    (place / "part-0.parquet").write_text("anna@mail.example")


def test_what_was_handed_over_is_gone_when_a_step_fails(tmp_path: Path) -> None:
    def failing() -> None:
        with handover(str(tmp_path), "resolve") as folder:
            _written(folder)
            assert folder.folder == f"{tmp_path}/personal/_tmp/resolve"
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert list((tmp_path / "personal" / "_tmp").iterdir()) == []


def test_what_a_killed_night_left_is_gone_with_the_one_that_runs_again(tmp_path: Path) -> None:
    _written(Handover(f"{tmp_path}/personal/_tmp/resolve"))
    with handover(str(tmp_path), "resolve"):
        pass
    assert list((tmp_path / "personal" / "_tmp").iterdir()) == []
