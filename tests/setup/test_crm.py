"""`make crm` before there is anything to show."""

from pathlib import Path

import pytest

from scripts import crm


def test_without_a_demo_it_says_what_to_type(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert crm.main(["--lake", str(tmp_path / "lake")]) == 2
    assert "Type `make demo`" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
