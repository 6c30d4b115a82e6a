"""What a lake knows about who is who, as the commands that explain and review it read it."""

from pathlib import Path

from lakehouse.delta import Lakehouse
from lakehouse.errors import WrongCall
from pipelines import canonical
from pipelines.identity.candidates import identified, phone_holders, ties
from pipelines.identity.handover import handover
from pipelines.identity.overrides import NONE, Overrides, read_overrides
from pipelines.identity.phones import phone_forms
from pipelines.identity.resolve import FACTS, newest_model
from pipelines.identity.why import KnownPeople
from pipelines.mapping import IdentitySettings
from pipelines.tables import IDENTIFIERS, IDENTITY_MODELS, IDENTITY_PAIRS, PERSON_RECORDS


def known_people(lake: Lakehouse, settings: IdentitySettings, *, key: str) -> KnownPeople:
    """The records, ties, pairs and customers of the lake as its last night left them.

    Raises: WrongCall where no night has said yet who is who.
    """
    members = lake.read(IDENTIFIERS).withColumnRenamed("identifier_key", "key")
    contacts, links = (lake.read(canonical.ENTITIES[name].conformed) for name in ("contacts", "identifier_links"))
    facts = [lake.read(canonical.ENTITIES[name].conformed) for name in FACTS]
    with handover(lake.path, "known-people") as folder:
        records = folder.table(lake.read(PERSON_RECORDS), "records")
        if not records.num_rows:
            raise _no_night(lake.path)
        carried = folder.written(identified(facts), "carried")
        holders = phone_holders(contacts.limit(0), links, carried)
        phones = folder.written(phone_forms(holders, settings.country), "phones")
        return KnownPeople(
            records=records,
            ties=folder.table(ties(links, carried, key=key, region=settings.country, phones=phones), "ties"),
            pairs=folder.table(lake.read(IDENTITY_PAIRS), "pairs"),
            members=folder.table(members, "members"),
            model=newest_model(lake.read(IDENTITY_MODELS)),
            overrides=decisions(settings.overrides),
            shared_by_at_most=settings.shared_by_at_most,
            duplicate_free=tuple(settings.duplicate_free),
        )


def decisions(file: Path | None) -> Overrides:
    """The decisions of a file; none where there is no file yet."""
    return read_overrides(file) if file and file.is_file() else NONE


def _no_night(lake: str) -> WrongCall:
    return WrongCall(
        "no night of this lake has said who is who",
        where=lake,
        still_true="Nothing was changed.",
        next_step="Run a night: `habitue night --date D`.",
    )
