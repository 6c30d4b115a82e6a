"""Settings of this machine, read once from the environment; the only place that reads os.environ."""

import os
from dataclasses import dataclass
from pathlib import Path

from lakehouse.errors import MissingCredentials, WrongCall

PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Settings:
    """Where state lies, how Spark is started, which retailer the Dagster UI shows, and whether it starts jobs itself.

    Units: spark_memory as the JVM takes it, for example 4g; steps_at_once None: as many as there are cores, up to four.
    """

    spark_master: str = "local[*]"
    spark_memory: str = "4g"
    spark_conf_file: Path | None = None
    steps_at_once: int | None = None
    full_errors: bool = False
    jars_folder: Path = PROJECT / ".jars"
    java_home: Path | None = None
    state: Path | None = None
    retailer_file: Path | None = None
    landing: Path | None = None
    lake: str | None = None
    automatic: bool = False

    def state_folder(self, lake: str) -> Path:
        """The folder of lock, MLflow, Dagster, outbox and key: HABITUE_STATE, or `<lake>.state` beside a local lake."""
        return self.state or Path(lake.rstrip("/") + ".state").resolve()


def settings() -> Settings:
    """The settings of this process, from HABITUE_* variables and the project's own Java and jars.

    Raises: WrongCall if HABITUE_STEPS_AT_ONCE is no number.
    """
    state, landing = _path("HABITUE_STATE"), _path("HABITUE_LANDING")
    own_java = PROJECT / ".java"
    return Settings(
        spark_master=os.environ.get("HABITUE_SPARK_MASTER", "local[*]"),
        spark_memory=os.environ.get("HABITUE_SPARK_MEMORY", "4g"),
        spark_conf_file=_path("HABITUE_SPARK_CONF"),
        full_errors=_switch("HABITUE_FULL_ERRORS"),
        steps_at_once=_number("HABITUE_STEPS_AT_ONCE"),
        jars_folder=Path(os.environ.get("HABITUE_JARS", PROJECT / ".jars")),
        java_home=own_java if (own_java / "bin" / "java").exists() else None,
        state=state.resolve() if state else None,
        retailer_file=_path("HABITUE_RETAILER"),
        landing=landing,
        lake=os.environ.get("HABITUE_LAKE"),
        automatic=_switch("HABITUE_AUTOMATIC"),
    )


def _path(variable: str) -> Path | None:
    value = os.environ.get(variable)
    return Path(value) if value else None


def _switch(variable: str) -> bool:
    """Whether the variable switches something on: any word but those that say no."""
    return os.environ.get(variable, "").strip().lower() not in ("", "no", "off", "false", "0")


def _number(variable: str) -> int | None:
    value = os.environ.get(variable, "").strip()
    if value.isdecimal() or not value:
        return int(value or 0) or None
    raise WrongCall(
        f"`{value}` is no whole number",
        where=f"the environment variable {variable}",
        still_true="Nothing was started.",
        next_step=f"Type `export {variable}=2`, or `unset {variable}` for one per core.",
    )


def credential(name: str, *, where: str) -> str:
    """The secret in the environment variable `name`.

    Raises: MissingCredentials if it is not set; the message names the variable, never a value.
    """
    value = os.environ.get(name)
    if value:
        return value
    raise MissingCredentials(
        f"the environment variable {name} is not set",
        where=where,
        still_true="Nothing was started.",
        next_step=f"Set it (`export {name}=...`) and run the same command again.",
    )


def environment_with(**variables: str) -> dict[str, str]:
    """This process's environment with more variables, for a process that is started from here."""
    return {**os.environ, **variables}


def prepare_environment(java_home: Path | None, python: str) -> None:
    """Set what Spark and MLflow read from the environment before they start."""
    os.environ["PYSPARK_PYTHON"] = python
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    # MLflow reports its use to its makers when it is imported, unless it is told not to.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("DO_NOT_TRACK", "true")
    if java_home is not None:
        os.environ["JAVA_HOME"] = str(java_home)
