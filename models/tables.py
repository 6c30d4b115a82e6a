"""The tables of the models: scores, how versions did in their tests, and what the segments mean."""

from lakehouse.table import Column, Table, columns, required

CUSTOMER_SCORES = Table(
    name="scores.customer_scores",
    grain="one row per night and living customer: the scores, or why there are none",
    key=("night", "customer_id"),
    columns=columns(
        required("night", "date", "night of the scores"),
        required("customer_id", "string", "one person"),
        Column("churn_probability", "double", "probability of no order in the churn horizon", unit="0 to 1"),
        Column("churn_band", "string", "high (2/3 or more), medium (1/3 or more) or low"),
        Column("value_amount", "decimal(18,2)", "expected spend less returns", unit="retailer's currency"),
        Column("value_band", "string", "high (top fifth when the version was made), medium (next three tenths) or low"),
        Column("segment", "string", "name of the segment; models.segments describes it"),
        Column("reasons", "array<string>", "up to three reasons of the churn score, the strongest first"),
        Column("grade", "string", "the worse of the two grades"),
        Column("churn_grade", "string", "A to C: beat its baselines; D: in doubt; E: a baseline"),
        Column("value_grade", "string", "as churn_grade"),
        Column("churn_horizon_days", "int", "horizon used for churn", unit="days"),
        Column("value_horizon_days", "int", "horizon used for value", unit="days"),
        Column("churn_version", "string", "registered version"),
        Column("value_version", "string", "registered version"),
        Column("segment_version", "string", "registered version"),
        required("as_of", "timestamp", "everything used happened before this moment (UTC)"),
        Column("valid_until", "date", "last day to use the score: a third of the shorter horizon, at most 30 days"),
        Column("no_score_reason", "string", "why there is no score; null where there is one"),
    ),
    write="replace_night",
    keep_nights=400,
)
EVALUATIONS = Table(
    name="models.evaluations",
    grain="one row per model version, test window and rival",
    key=("model", "version", "test_night", "rival"),
    columns=columns(
        required("model", "string", "churn or lifetime_value"),
        required("version", "string", "registered version"),
        required("trained_on", "date", "night of the training"),
        required("test_night", "date", "night that the test predicts from"),
        required("horizon_days", "int", "horizon"),
        required("customers_count", "bigint", "customers in the test"),
        required("metric", "string", "AUC or normalised Gini; higher is better"),
        Column("score", "double", "figure of the version"),
        required("rival", "string", "baseline, or champion"),
        Column("rival_score", "double", "figure of the rival on the same customers"),
        Column("gain", "double", "score less rival_score"),
        Column("gain_low", "double", "lower end of the 95 % interval of the gain"),
        Column("gain_high", "double", "upper end"),
        Column("calibration_error", "double", "churn: mean distance of predicted and seen rate over 15 bins"),
        Column("total_bias", "double", "predicted total over the one seen, less one"),
        required("is_promoted", "boolean", "whether the version became champion"),
        Column("grade", "string", "grade that the version got"),
        Column("verdict", "string", "why it was promoted or not"),
    ),
    write="append_once",
    fresh_days=None,
)
SEGMENTS = Table(
    name="models.segments",
    grain="one row per segment of the version in use",
    key=("segment",),
    columns=columns(
        required("segment", "string", "name"),
        required("description", "string", "what sets its customers apart, with the thresholds in use"),
        required("segment_version", "string", "registered version"),
        required("position", "int", "order in which the rules are tried"),
    ),
    write="replace_all",
    fresh_days=None,
)
TABLES = (CUSTOMER_SCORES, EVALUATIONS, SEGMENTS)
