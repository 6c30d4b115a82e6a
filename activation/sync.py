"""Which records of a CRM carry scores: every living record of a customer who may be profiled."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from activation.consent import objectors
from activation.frames import Frames, is_deceased, source_records


def records(frames: Frames, source: str) -> DataFrame:
    """The source's own records whose customer may be profiled; one person on two cards has both.

    Records of test accounts, of deleted or deceased customers and of those who object to profiling are absent, so they
    are cleared.

    Grain: record_key, source_contact_id, customer_id, email, phone; one row per record.
    """
    barred = F.col("is_test") | F.col("is_deleted") | is_deceased() | F.col("objects_to_profiling")
    allowed = frames.profile.where(~barred).select("customer_id")
    allowed = allowed.join(objectors(frames.consents), "customer_id", "left_anti")
    return source_records(frames, source).join(allowed, "customer_id", "left_semi")
