"""DuckDB keeps personal records in memory, or in a folder that is gone afterwards."""

from pathlib import Path

import pytest

from pipelines.identity.workbench import workbench


def test_what_does_not_fit_in_memory_goes_to_a_folder_that_is_gone_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with workbench() as connection:
        overflow = Path(connection.execute("select current_setting('temp_directory')").fetchall()[0][0])
        connection.execute("set memory_limit = '60MB'; set threads = 1")
        connection.execute("create temp table numbers as select hash(i) as n from range(20000000) t(i)")
        assert list(overflow.iterdir())
        assert overflow.stat().st_mode & 0o077 == 0
    assert not overflow.exists()
    assert not list(tmp_path.iterdir())
