"""Model cards: a page per trained version, below the reports of the lake and beside the version in MLflow."""

from datetime import date
from pathlib import Path

from lakehouse.delta import Lakehouse
from models.registry import Registry
from orchestration.retailer import Retailer
from report.model_card import model_card


def write_model_card(
    lake: Lakehouse, registry: Registry, model: str, version: str, *, night: date, retailer: Retailer
) -> Path:
    """Where the card of this version lies, written as of the night.

    Raises: ModelUnusable if the registry does not hold the version.
    """
    out = registry.state / "reports" / "models" / f"{model}_{version}.html"
    told = {"retailer": retailer.retailer, "currency": retailer.currency}
    card = model_card(lake, registry, model, version, night=night, **told, prices=retailer.contact_costs, out=out)
    registry.keep_card(model, version, card)
    return card
