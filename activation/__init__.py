"""Scores and audiences to where marketing works. A new destination is one line here."""

from activation.destination import DestinationType
from activation.destinations.csv_file import CsvFile
from activation.destinations.tryton import Tryton
from activation.destinations.webhook import Webhook

DESTINATIONS: dict[str, type[DestinationType]] = {
    "csv": CsvFile,
    "tryton": Tryton,
    "webhook": Webhook,
}
