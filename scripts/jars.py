"""The Java archives that Spark needs for Delta tables and PostgreSQL, as plain files in `.jars/`.

Resolved once by Spark's own Ivy, checked against the committed `jars.sha256`; every later start uses the files and
no network.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from scripts.java_network import java_options

PROJECT = Path(__file__).resolve().parent.parent
PACKAGES = ("io.delta:delta-spark_4.1_2.13:4.4.0", "org.postgresql:postgresql:42.7.14")

# What Spark ships itself, or what is only needed to compile. Without this list resolution failed wherever a local
# Maven cache holds the description of one of them without its archive.
EXCLUDED = (
    "com.fasterxml.jackson.core:jackson-annotations",
    "com.fasterxml.jackson.core:jackson-core",
    "com.fasterxml.jackson.core:jackson-databind",
    "com.fasterxml.jackson.datatype:jackson-datatype-jdk8",
    "com.google.code.findbugs:jsr305",
    "org.apache.hadoop:hadoop-client-api",
    "org.apache.hadoop:hadoop-client-runtime",
    "org.apache.logging.log4j:log4j-api",
    "org.apache.logging.log4j:log4j-core",
    "org.apache.logging.log4j:log4j-slf4j2-impl",
    "org.apache.parquet:parquet-hadoop",
    "org.checkerframework:checker-qual",
    "org.roaringbitmap:RoaringBitmap",
    "org.roaringbitmap:shims",
    "org.scala-lang:scala-library",
    "org.slf4j:slf4j-api",
)

# Words that stand in the line with the real cause, in the order in which they explain most.
CAUSES = (
    "PKIX path",
    "Server access error",
    "UnknownHost",
    "download failed",
    "unresolved dependency",
    "Exception",
    "java:",
)

NOT_RESOLVED = """habitue set-up: the Java archives {packages} could not be downloaded with Java at {java}.
Cause: {cause}
{jars} is unchanged; the whole log is {log}.
Remove the cause (a mirror can be named in an Ivy settings file: HABITUE_IVY_SETTINGS=FILE), then `make setup`."""

NOT_VERIFIED = """habitue set-up: the Java archives in {jars} are not the ones that {hashes} lists: {problems}.
They are not used; tables and Python packages are untouched.
Run `make setup` to fetch them again; if that repeats this message, the mirror serves other files than the release."""


class JarsRefused(Exception):
    """The archives could not be fetched, or are not the ones that the project was tested with."""


def main(arguments: Sequence[str]) -> int:
    """Exit status of having the verified archives in `.jars/`; `--renew` writes `jars.sha256` after an upgrade."""
    jars, hashes = PROJECT / ".jars", PROJECT / "jars.sha256"
    try:
        if "--renew" in arguments:
            return renew(jars, hashes=hashes)
        if problems(jars, hashes=hashes):
            fetch_verified(jars, hashes=hashes)
    except JarsRefused as refusal:
        print(refusal, file=sys.stderr)
        return 1
    print(f"{len(listed(hashes))} Java archives in {jars.name}, verified against {hashes.name}")
    return 0


def problems(jars: Path, *, hashes: Path) -> list[str]:
    """What differs between the folder and the committed list, in words; empty when they agree."""
    expected = listed(hashes)
    present = {path.name: path for path in jars.glob("*.jar")}
    missing = [f"{name} is missing" for name in expected if name not in present]
    unknown = [f"{name} is not listed" for name in sorted(present) if name not in expected]
    other = [
        f"{name} has another SHA-256"
        for name in expected
        if name in present and sha256(present[name]) != expected[name]
    ]
    return missing + unknown + other


def verify(jars: Path, *, hashes: Path) -> None:
    """Nothing, if the folder holds exactly the listed archives.

    Raises: JarsRefused naming each archive that is missing, unknown or altered.
    """
    found = problems(jars, hashes=hashes)
    if found:
        raise JarsRefused(NOT_VERIFIED.format(jars=jars, hashes=hashes.name, problems="; ".join(found)))


def listed(hashes: Path) -> dict[str, str]:
    """SHA-256 by file name, from a file in the format of `sha256sum`."""
    pairs = (line.split() for line in hashes.read_text().splitlines() if line.strip())
    return {name: digest for digest, name in pairs}


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def fetch_verified(jars: Path, *, hashes: Path) -> None:
    """Fill the folder with freshly resolved archives; it changes only after all of them were verified."""
    with tempfile.TemporaryDirectory(prefix=".jars-", dir=jars.parent) as workspace:
        fetched = resolve(Path(workspace))
        verify(fetched, hashes=hashes)
        shutil.rmtree(jars, ignore_errors=True)
        fetched.rename(jars)


def renew(jars: Path, *, hashes: Path) -> int:
    """Exit status of resolving anew and writing the hashes of what came: for the person who upgrades PACKAGES."""
    with tempfile.TemporaryDirectory(prefix=".jars-", dir=jars.parent) as workspace:
        fetched = resolve(Path(workspace))
        hashes.write_text("".join(f"{sha256(path)}  {path.name}\n" for path in sorted(fetched.glob("*.jar"))))
        shutil.rmtree(jars, ignore_errors=True)
        fetched.rename(jars)
    print(f"wrote {hashes.name}: read the difference before committing it")
    return 0


def resolve(workspace: Path) -> Path:
    """Folder with the archives of PACKAGES and what they need, downloaded by the Ivy inside Spark.

    Raises: JarsRefused with the line of Ivy's log that names the cause.
    """
    ivy, script = workspace / "ivy", workspace / "nothing.py"
    script.write_text("")
    environment = spark_environment(workspace)
    done = subprocess.run(
        spark_submit(ivy, script=script), env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        log = PROJECT / ".jars.log"
        log.write_text(done.stdout + done.stderr)
        facts = {"packages": " and ".join(PACKAGES), "java": environment["JAVA_HOME"], "jars": PROJECT / ".jars"}
        raise JarsRefused(NOT_RESOLVED.format(cause=cause(log.read_text().splitlines()), log=log, **facts))
    return ivy / "jars"


def spark_submit(ivy: Path, *, script: Path) -> list[str]:
    """The command that makes Spark resolve PACKAGES and then run an empty script: no session is started."""
    command = [str(spark_home() / "bin" / "spark-submit"), "--master", "local[1]", "--conf", f"spark.jars.ivy={ivy}"]
    settings = os.environ.get("HABITUE_IVY_SETTINGS")
    mirror = ["--conf", f"spark.jars.ivySettings={settings}"] if settings else []
    return [*command, *mirror, "--packages", ",".join(PACKAGES), "--exclude-packages", ",".join(EXCLUDED), str(script)]


def spark_home() -> Path:
    """Folder of the installed pyspark package."""
    import pyspark

    return Path(pyspark.__file__).parent


def spark_environment(workspace: Path) -> dict[str, str]:
    """Environment for Spark with the recorded Java, which reaches the network as Python does."""
    options = [os.environ.get("JDK_JAVA_OPTIONS", ""), *java_options(workspace)]
    return {
        **os.environ,
        "JAVA_HOME": str(PROJECT / ".java"),
        "JDK_JAVA_OPTIONS": " ".join(options).strip(),
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_HOME": str(spark_home()),
        "SPARK_LOCAL_IP": "127.0.0.1",
    }


def cause(log: Sequence[str]) -> str:
    """The line of a resolution log that explains most: Ivy buries it under what it tried afterwards."""
    for words in CAUSES:
        for line in log:
            if words in line:
                return line.strip()
    return "the log names none"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
