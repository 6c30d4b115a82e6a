"""`habitue check`: the preview of a retailer file on its exports, before any night."""

import argparse
from pathlib import Path

from lakehouse.settings import settings
from lakehouse.spark import spark_session
from orchestration.night import check_landing
from orchestration.retailer import load_retailer
from orchestration.statements import check_statements
from pipelines.preview import preview


def check(asked: argparse.Namespace) -> int:
    """`habitue check`: the first mapped rows, what fails and what is not mapped; exit status 1 where something fails.

    Raises: InvalidRetailerFile, LandingMissing, MissingCredentials.
    """
    retailer = load_retailer(asked.file)
    check_landing(asked.landing)
    spark = spark_session(settings())
    check_statements(spark, retailer, out=Path.cwd())
    found = preview(spark, retailer.sources, asked.landing)
    print(found.as_json() if asked.json else found.render())
    return 0 if found.is_sound else 1
