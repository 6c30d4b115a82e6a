"""Which folder knows which tool: the walls that import-linter cannot draw, and a check that it draws the others."""

import tomllib
from pathlib import Path

import pytest

from tests.architecture.source import PRODUCT, PROJECT, modules

# Tool: the places of the product that may import it. Tests, benchmarks and the fictional retailer may import anything.
AT_HOME = {
    "dagster": ("orchestration/",),
    "mlflow": ("models/",),
    "sklearn": ("models/",),
    "delta": ("lakehouse/",),
    "deltalake": ("lakehouse/",),
    "great_expectations": ("quality/",),
    "splink": ("pipelines/",),
    "duckdb": ("pipelines/",),
    "httpx": ("activation/",),
    "xgboost": ("models/", "pipelines/identity/rescore.py"),
}
VAGUE = {"utils", "util", "helpers", "helper", "common", "manager", "base", "data", "process", "misc"}
NOT_OF_THE_PRODUCT = {"synthetic", "benchmarks", "tests"}


@pytest.mark.parametrize("tool", AT_HOME)
def test_tool_is_imported_at_home_only(tool: str) -> None:
    strays = [
        f"{module.path}:{line}"
        for module in modules(*PRODUCT)
        for name, line in module.imports()
        if name.split(".")[0] == tool and not module.path.startswith(AT_HOME[tool])
    ]
    assert strays == [], f"only {' and '.join(AT_HOME[tool])} may import {tool}: call a function of that folder instead"


def test_nothing_of_the_product_imports_the_fictional_retailer_benchmarks_or_tests() -> None:
    # The demo is what shows the fictional retailer.
    strays = [
        f"{module.path}:{line} imports {name}"
        for module in modules(*PRODUCT)
        for name, line in module.imports()
        if name.split(".")[0] in NOT_OF_THE_PRODUCT and module.path != "orchestration/demo.py"
    ]
    assert strays == [], "these folders may import anything and are imported by nothing: move what both need below them"


def test_spark_sessions_are_built_in_one_place() -> None:
    builders = [
        module.path
        for module in modules(*PRODUCT, "benchmarks", "synthetic")
        if "SparkSession.builder" in module.text or "SparkContext(" in module.text
    ]
    assert builders in ([], ["lakehouse/spark.py"]), "call lakehouse.spark.spark_session: production and tests share it"


def test_no_module_has_a_name_that_says_nothing() -> None:
    vague = [module.path for module in modules() if Path(module.path).stem in VAGUE]
    assert vague == [], "name the module after the business word for what it holds"


def test_import_linter_knows_every_folder_of_the_product() -> None:
    linter = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]
    assert set(linter["root_packages"]) == set(PRODUCT)
