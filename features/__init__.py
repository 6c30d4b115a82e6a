"""The feature registry: the groups, and the contract of features.customer_features that derives from them."""

from features.feature_group import Feature, FeatureGroup
from features.feedback import FEEDBACK
from features.loyalty import LOYALTY
from features.purchases import PURCHASES
from features.response import RESPONSE
from features.tenure import FEATURES as TENURE
from features.variety import VARIETY
from features.visits import VISITS
from lakehouse.table import Column, Table, columns, required

GROUPS: tuple[FeatureGroup, ...] = (PURCHASES, VARIETY, VISITS, LOYALTY, RESPONSE, FEEDBACK)
"""Every group: a new one is one line here."""

FEATURES: tuple[Feature, ...] = (*(feature for group in GROUPS for feature in group.features), *TENURE)

THEMES: dict[str, str] = {
    **{feature.name: feature.theme or group.name for group in GROUPS for feature in group.features},
    **{feature.name: feature.theme or "tenure" for feature in TENURE},
}
"""The subject under which a reason that rests on a feature is told."""

CUSTOMER_FEATURES = Table(
    name="features.customer_features",
    grain="one row per night and customer with any event that the night may know",
    key=("night", "customer_id"),
    columns=columns(
        required("night", "date", "night of the snapshot"),
        required("customer_id", "string", "one person"),
        required("as_of", "timestamp", "everything here happened before this moment (UTC)"),
        *(Column(f.name, f.type, f.meaning, unit=f.unit) for f in FEATURES),
    ),
    write="replace_night",
    keep_nights=400,
)
TABLES = (CUSTOMER_FEATURES,)


def data_dictionary() -> list[dict[str, str]]:
    """One row per feature for the documentation: name, type, unit, meaning and the value without history."""
    return [
        {
            "name": feature.name,
            "group": THEMES[feature.name],
            "type": feature.type,
            "unit": feature.unit,
            "meaning": feature.meaning,
            "without history": "unknown" if feature.no_history is None else str(feature.no_history),
        }
        for feature in FEATURES
    ]
