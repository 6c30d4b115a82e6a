"""What a retailer file states in SQL, checked against Spark and the contracts before a night begins."""

from pathlib import Path

from pyspark.sql import SparkSession

from activation.conditions import check_audiences
from activation.deliver import destinations
from activation.frames import view_schema
from features import CUSTOMER_FEATURES
from lakehouse.errors import InvalidRetailerFile
from lakehouse.settings import credential
from lakehouse.table import by_name
from models.tables import CUSTOMER_SCORES
from orchestration.retailer import Retailer
from orchestration.tables import all_tables
from pipelines.expressions import check_source
from pipelines.mapping import Source
from pipelines.tables import CUSTOMER_PROFILE
from quality.rule_check import check_patterns, check_rules


def check_statements(spark: SparkSession, retailer: Retailer, *, out: Path) -> None:
    """Nothing, if every expression, rule and condition of the file can be evaluated and every credential is set.

    Raises: InvalidRetailerFile, MissingCredentials.
    """
    for name, source in retailer.sources.items():
        check_source(spark, source, name=name)
        _check_credentials(source, name=name)
    problems = check_rules(retailer.rules, by_name(all_tables(retailer))) or check_patterns(spark, retailer.rules)
    if problems:
        raise InvalidRetailerFile(
            "; ".join(problems),
            where="retailer file",
            still_true="Nothing was started and no table was changed.",
            next_step="Correct the rules; `docs/reference/rules.md` says what each takes, `tables.md` the columns.",
        )
    view = view_schema(CUSTOMER_PROFILE.schema, CUSTOMER_SCORES.schema, CUSTOMER_FEATURES.schema)
    check_audiences(spark, retailer, view)
    destinations(retailer, out)


def _check_credentials(source: Source, *, name: str) -> None:
    """Nothing, if every address and password that the source's databases need is set."""
    for delivery, settings in source.deliveries.items():
        needed = (settings.jdbc.url_env, settings.jdbc.credentials) if settings.jdbc else ()
        for variable in filter(None, needed):
            credential(variable, where=f"sources.{name}.deliveries.{delivery}.jdbc")
