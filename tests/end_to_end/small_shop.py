"""A shop small enough for a whole night in seconds: one CRM, one till, a newsletter."""

import csv
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path

FIRST = date(2024, 6, 1)
SECOND = FIRST + timedelta(days=1)
RETAILER = """\
retailer: small shop
first_night: 2024-06-01
currency: EUR
timezone: Europe/Paris
sources:
  crm:
    timezone: Europe/Paris
    deliveries:
      contacts: {files: "contacts_*.csv", dated: "%Y-%m-%d", load: snapshot, key: Id, if_missing: block}
    entities:
      contacts:
        from: contacts
        columns:
          source_contact_id: Id
          first_name: First
          last_name: Last
          email: Mail
          created_at: to_timestamp(Since)
      consents:
        from: contacts
        columns: {source_contact_id: Id, email: Mail, channel: "'email'", purpose: "'marketing'", status: Newsletter}
  till:
    timezone: Europe/Paris
    deliveries:
      tickets: {files: "tickets_*.csv", dated: "%Y-%m-%d", load: append, key: Ticket}
    entities:
      orders:
        from: tickets
        columns:
          order_id: Ticket
          ordered_at: to_timestamp(SoldAt)
          channel: "'store'"
          email: Mail
          order_amount: cast(Amount as decimal(18,2))
syncs:
  crm_scores: {to: crm, fields: [churn_band, value_band, segment, reasons, valid_until, grade]}
audiences:
  everybody: {where: "churn_band is not null", min_grade: E, channel: email, purpose: marketing, to: newsletter}
destinations:
  crm: {type: csv, source: crm, path: out/crm}
  newsletter: {type: csv, source: crm, path: out/newsletter}
"""
PEOPLE = 30
GIVEN = ("Anna", "Bert", "Carla", "Dirk", "Elise", "Frank")
FAMILY = ("Smit", "Kahn", "Peeters", "Wouters", "Lambert")
CONTACTS = ("Id", "First", "Last", "Mail", "Since", "Newsletter")
TICKETS = ("Ticket", "SoldAt", "Mail", "Amount")


def write_shop(folder: Path, nights: int = 2) -> Path:
    """The retailer file, with the exports of the first nights in `landing` beside it."""
    landing = folder / "landing"
    landing.mkdir(parents=True)
    for number in range(nights):
        night = FIRST + timedelta(days=number)
        write_rows(landing / f"contacts_{night}.csv", CONTACTS, contacts())
        write_rows(landing / f"tickets_{night}.csv", TICKETS, tickets(night, days=500 if number == 0 else 1))
    file = folder / "shop.yaml"
    file.write_text(RETAILER)
    return file


def contacts() -> list[tuple[str, ...]]:
    """Thirty people; every third never said yes to the newsletter."""
    return [
        (f"C{n}", *name(n), mail(n), "2022-01-01 10:00:00", "denied" if n % 3 == 0 else "granted")
        for n in range(PEOPLE)
    ]


def tickets(night: date, days: int) -> list[tuple[str, ...]]:
    """Tickets of the days before a night: person n comes every n + 7 days."""
    rows: list[tuple[str, ...]] = []
    for back in range(days, 0, -1):
        day = night - timedelta(days=back)
        ordinal = day.toordinal()
        buyers = [n for n in range(PEOPLE) if ordinal % (n + 7) == 0] or [ordinal % PEOPLE]
        rows += [(f"T{ordinal}-{n}", f"{day} 12:00:00", mail(n), f"{20 + n}.50") for n in buyers]
    return rows


def name(n: int) -> tuple[str, str]:
    """Given and family name of a person; nobody has both of another."""
    return GIVEN[n % len(GIVEN)], FAMILY[n // len(GIVEN)]


def mail(n: int) -> str:
    """The address of a person."""
    return f"person{n}@example.org"


def write_rows(path: Path, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """One CSV file."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        writer.writerows(rows)
