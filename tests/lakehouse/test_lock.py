"""One night at a time per lake."""

import subprocess
import sys
from pathlib import Path

import pytest

from lakehouse.errors import LakeLocked
from lakehouse.keys import lake_key
from lakehouse.lock import lake_lock

HOLD = """
import sys, time
from pathlib import Path
from lakehouse.lock import lake_lock
with lake_lock(Path(sys.argv[1]), purpose="night 2024-03-01"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_second_process_is_refused_and_a_killed_one_leaves_no_stale_lock(tmp_path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(LakeLocked, match="night 2024-03-01"), lake_lock(tmp_path, purpose="night 2024-03-02"):
            pass
    finally:
        holder.kill()
        holder.communicate()
    with lake_lock(tmp_path, purpose="night 2024-03-01"):
        pass


def test_lake_key_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    assert lake_key(tmp_path) == lake_key(tmp_path)
    assert (tmp_path / "lake.key").stat().st_mode & 0o777 == 0o600
