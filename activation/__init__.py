"""Scores and audiences to where marketing works. A new destination is one line here."""

from activation.destination import DestinationType
from activation.destinations.csv_file import CsvFile
from activation.destinations.google_ads import GoogleAds
from activation.destinations.hubspot import HubSpot
from activation.destinations.listmonk import Listmonk
from activation.destinations.meta import Meta
from activation.destinations.postgres_table import PostgresTable
from activation.destinations.sftp import Sftp
from activation.destinations.tryton import Tryton
from activation.destinations.webhook import Webhook

DESTINATIONS: dict[str, type[DestinationType]] = {
    "csv": CsvFile,
    "google_ads": GoogleAds,
    "hubspot": HubSpot,
    "meta": Meta,
    "listmonk": Listmonk,
    "sftp": Sftp,
    "table": PostgresTable,
    "tryton": Tryton,
    "webhook": Webhook,
}
