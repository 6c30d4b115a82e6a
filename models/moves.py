"""From which segment to which customers moved since the night before, in counts."""

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from models.tables import SEGMENT_MOVES

ENTERED, LEFT = "entered", "left"
"""Where a customer comes from who had no segment the night before, and goes to who has none any more."""


def segment_moves(scores: DataFrame, before: DataFrame, night: date) -> DataFrame:
    """The rows of scores.segment_moves of the night.

    Grain:  one row per pair of segments with a customer; who stayed is counted too.
    Reads:  customer_id, segment_id, segment, segment_version of the night's scores and of those of the night before.
    """
    then, now = _with_segment(before, "from"), _with_segment(scores, "to")
    joined = then.join(now, "customer_id", "full").withColumns(
        {
            "from_segment_id": F.coalesce("from_segment_id", F.lit(ENTERED)),
            "to_segment_id": F.coalesce("to_segment_id", F.lit(LEFT)),
            "from_segment": F.coalesce("from_segment", F.lit(ENTERED)),
            "to_segment": F.coalesce("to_segment", F.lit(LEFT)),
        }
    )
    moves = joined.groupBy("from_segment_id", "to_segment_id").agg(
        F.max("from_segment").alias("from_segment"),
        F.max("to_segment").alias("to_segment"),
        F.count(F.lit(1)).alias("customers_count"),
        F.coalesce(F.max(F.col("from_version") != F.col("to_version")), F.lit(False)).alias("is_new_version"),
    )
    return moves.withColumn("night", F.lit(night)).select(*SEGMENT_MOVES.column_names)


def _with_segment(scores: DataFrame, side: str) -> DataFrame:
    # Scores written before segments had ids are known by the name, which is the id of a rule.
    segment_id = F.coalesce("segment_id", "segment").alias(f"{side}_segment_id")
    name, version = F.col("segment").alias(f"{side}_segment"), F.col("segment_version").alias(f"{side}_version")
    return scores.where("segment is not null").select("customer_id", segment_id, name, version)
