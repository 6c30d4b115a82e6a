"""Who gets no score, and why."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from models.settings import ChurnSettings

REASONS = (
    ("is_deleted", "the source deleted the customer"),
    ("is_deceased", "the customer has died"),
    ("is_test", "it is a test account"),
    ("is_staff", "it is an employee"),
    ("age_band = 'under_18'", "the customer is under 18"),
    ("objects_to_profiling", "the customer objects to profiling"),
)
NO_ORDER = "no order is known yet"
NO_CONTRACT = "no subscription is running"
RUNNING = "days_to_contract_end"
"""The feature that is known where a contract runs."""


def no_score_reason() -> Column:
    """Why a row of unified.customer_profile gets no score; null where it may have one."""
    first_that_holds = F.coalesce(*(F.when(F.expr(f"coalesce({rule}, false)"), F.lit(why)) for rule, why in REASONS))
    return F.concat(F.lit("no score because "), first_that_holds)


def eligible(frame: DataFrame, profile: DataFrame) -> DataFrame:
    """The rows of customers who may be scored, hence learned from."""
    refused = profile.where(no_score_reason().isNotNull()).select("customer_id")
    return frame.join(refused, "customer_id", "left_anti")


def to_score(features: DataFrame, profile: DataFrame, churn: ChurnSettings) -> DataFrame:
    """The rows of features that are scored: of customers who may be, with an order, or with a contract that runs.

    Reads: features.customer_features of one night.
    """
    known = features.where("orders_count > 0")
    return eligible(known.where(f"{RUNNING} is not null") if churn.by_contract else known, profile)
