"""An unforeseen error names its kind and our line, and never the value that it met."""

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from orchestration.unforeseen import step_failed

VALUE = "ann@example.org"


def test_spark_error_is_told_by_its_condition_without_the_value(spark: SparkSession) -> None:
    with pytest.raises(PySparkException, match=VALUE) as met:
        spark.sql(f"select cast(value as int) from values ('{VALUE}') as t(value)").collect()
    told = step_failed(met.value, step="conformed.orders")
    assert "Spark stopped with CAST_INVALID_INPUT" in str(told)
    assert str(told).startswith("conformed.orders: ")
    assert VALUE not in str(told)


def test_our_own_fault_is_told_by_its_kind_and_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(KeyError) as met:
        dict[str, str]()[VALUE]
    told = str(step_failed(met.value, step="unified.orders"))
    assert "KeyError was raised at tests/orchestration/test_unforeseen.py:" in told
    assert VALUE not in told + capsys.readouterr().err
    monkeypatch.setenv("HABITUE_FULL_ERRORS", "1")
    step_failed(met.value, step="unified.orders")
    assert VALUE in capsys.readouterr().err
