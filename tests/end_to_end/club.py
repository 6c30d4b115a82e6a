"""A club that makes a new record of a member at every visit: enough for a shop of thirty people to learn from."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from tests.end_to_end.small_shop import FIRST, PEOPLE, mail, name, write_rows

CLUB = """\
identity: {thorough: true}
sources:
  club:
    timezone: Europe/Paris
    deliveries:
      members: {files: "club_*.csv", dated: "%Y-%m-%d", load: snapshot, key: Card}
    entities:
      contacts:
        from: members
        columns:
          source_contact_id: Card
          first_name: First
          last_name: Last
          email: Mail
          born_on: to_date(Born)
          postcode: Zip
          city: Town
"""
MEMBERS = ("Card", "First", "Last", "Mail", "Born", "Zip", "Town")
VISITS, SELDOM, NEW = 11, 9, 5
"""Visits of most members, and of the first NEW, who come once more before the second night."""


def add_club(retailer: Path, nights: int = 2) -> None:
    """Give a small shop the club, and make its nights learn from the groups that they find."""
    text = retailer.read_text()
    assert text.count("sources:\n") == 1
    retailer.write_text(text.replace("sources:\n", CLUB))
    for number in range(nights):
        night = FIRST + timedelta(days=number)
        write_rows(retailer.parent / "landing" / f"club_{night}.csv", MEMBERS, members(number))


def members(night: int) -> Iterator[tuple[str, ...]]:
    """One row per visit until so many nights after the first."""
    for person in range(PEOPLE):
        for visit in range(SELDOM + night if person < NEW else VISITS):
            yield _row(person, visit)


def _row(person: int, visit: int) -> tuple[str, ...]:
    """What a member writes on the form: at most visits all of it, at some an initial or a typing mistake."""
    first, last = name(person)
    return (
        f"{person * 100 + visit}",
        first[:1] if visit == 3 else first,
        f"{last[:-1]}x" if visit == 4 else last,
        mail(person) if visit % 2 else "",
        "" if visit == 5 else f"{1950 + person}-{1 + person % 9:02}-{10 + person % 9}",
        f"{1000 + person % 6 * 100}",
        ("Gent", "Brugge", "Leuven")[person % 3],
    )
