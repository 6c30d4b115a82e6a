"""A model card: what a version says, how it was tested, for whom it errs, and what it must not be used for."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from pyspark.sql import Row

from lakehouse.delta import Lakehouse
from models import MODELS
from models.baselines import called
from models.fairness import FEWEST_CUSTOMERS
from models.registry import Registry
from report import business, card_pictures, card_words, drift, pictures, wording
from report.card_figures import Card, read_card
from report.page import template


def model_card(
    lake: Lakehouse,
    registry: Registry,
    model: str,
    version: str,
    *,
    night: date,
    retailer: str,
    currency: str,
    prices: Mapping[str, float],
    out: Path,
) -> Path:
    """The path of the card, written to `out`.

    Reads: the tables of the models and the registry; drift and customers without a score as of the night.
    Shape: figures of groups alone; nothing about a person.
    Units: prices of a contact by channel, in the retailer's currency.
    Raises: ModelUnusable if the registry does not hold the version.
    """
    card = read_card(lake, registry, model, version, night=night, prices=prices)
    return write_card(card, retailer, out, currency=currency)


def write_card(card: Card, retailer: str, out: Path, *, currency: str) -> Path:
    """The path of the page of what was read, written to `out`."""
    page = template("model_card.html").render(_told(card, retailer), currency=currency)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(page, encoding="utf-8")
    return out


def _told(card: Card, retailer: str) -> dict[str, Any]:
    promoted, named = bool(card.notes.get("promoted")), _named(card)
    return {
        "card": card,
        "retailer": retailer,
        "purpose": card_words.PURPOSES[card.model],
        "status": _status(card),
        "verdict": str(card.notes.get("verdict", "not known")).rstrip("."),
        "is_promoted": promoted,
        "not_scored": card_words.NOT_SCORED,
        "named": named,
        "named_rival": called(named.rival) if named else "",
        "tables": _tables(card.notes.get("data_versions", {})),
        "suits": wording.SUITS,
        **_pictures(card),
        **_moved(card),
        "tenths": card_pictures.tenths(card.newest(card.bins)),
        "features": card_pictures.meanings(card.gains),
        "groups": _groups(card.newest(card.groups)),
        "measures": card_words.MEASURES,
        "fewest": FEWEST_CUSTOMERS,
        "drifted": drift.told(_tonight(card.drift)),
        "is_amount": card.model == "lifetime_value",
    }


def _pictures(card: Card) -> dict[str, Any]:
    bins, tonight = card.newest(card.bins), _tonight(card.drift)
    is_amount = card.model == "lifetime_value"
    return {
        "gain_plot": pictures.gains(card.tests).get(card.model, ""),
        "lift_plot": card_pictures.lift(bins),
        "calibration_plot": card_pictures.spends(bins) if is_amount else pictures.calibration(bins),
        "profit_plot": card_pictures.profit(card.newest(card.profit)),
        "importance_plot": card_pictures.importance(card.gains),
        "gap_plots": card_pictures.gaps(card.newest(card.groups)),
        "drift_plot": drift.moved(card.drift, tonight, card.model),
        "area_plot": "" if is_amount else drift.areas(card.drift),
    }


def _moved(card: Card) -> dict[str, Any]:
    """The figure that the model should move: its plot, and its mean before anything was sent and since."""
    before, since = business.parted(card.months, card.started)
    names = (card_pictures.MOVES[card.model][0], "kept")
    parts = {"before the start": before, "since": since}
    return {
        "moved_plot": card_pictures.moved(before, since, card.model),
        "cost_plot": card_pictures.costs(before, since),
        "moved": {
            words: (len(months), *(business.mean(months, of=name) for name in names), business.cost(months))
            for words, months in parts.items()
            if months
        },
    }


def _status(card: Card) -> str:
    """What the version is used for tonight."""
    if card.about.get("rolled_back"):
        return f"taken back after the night of {card.about['rolled_back']}"
    words = {"champion": "champion: it scores", "challenger": "challenger: it is scored beside the one in use"}
    return words.get(card.about.get("alias", ""), "not in use")


def _named(card: Card) -> Row | None:
    """The newest test against the named baseline."""
    baseline = next(model.baseline for model in MODELS if model.name == card.model)
    return next((row for row in card.newest(card.tests) if row["rival"] == baseline), None)


def _tables(versions: Mapping[str, str]) -> dict[str, str]:
    """Delta version by table; other tags of the training (why it ran) are told elsewhere."""
    return {name: version for name, version in sorted(versions.items()) if "." in name}


def _groups(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """One line per attribute and group, with its figures by measure."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        kept = {"customers": row["customers_count"], "is_too_small": row["is_too_small"], "figures": {}}
        line = found.setdefault(
            (row["attribute"], row["customer_group"]),
            {"attribute": row["attribute"], "group": row["customer_group"], **kept},
        )
        line["figures"][row["measure"]] = row
    return list(found.values())


def _tonight(rows: Sequence[Row]) -> list[Row]:
    newest = max((row["night"] for row in rows), default=None)
    return [row for row in rows if row["night"] == newest]
