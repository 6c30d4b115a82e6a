"""What a lake knows about who is who, as the commands that explain and review it read it."""

import pyarrow as pa

from lakehouse.delta import Lakehouse
from lakehouse.errors import WrongCall
from pipelines import canonical
from pipelines.identity.candidates import identified, phone_holders, ties
from pipelines.identity.handover import Handover, handover
from pipelines.identity.overrides import NONE, read_overrides
from pipelines.identity.phones import phone_forms
from pipelines.identity.resolve import FACTS, newest_model
from pipelines.identity.why import KnownPeople
from pipelines.mapping import IdentitySettings
from pipelines.tables import IDENTIFIERS, IDENTITY_MODELS, IDENTITY_PAIRS, PERSON_RECORDS

NO_TIES = pa.schema(
    [("left_key", pa.string()), ("right_key", pa.string()), ("kind", pa.string()), ("is_own", pa.bool_())]
).empty_table()


def known_people(lake: Lakehouse, settings: IdentitySettings, *, key: str | None = None) -> KnownPeople:
    """The records, pairs and customers of the lake as its last night left them, and where a key is given their ties.

    Units: key is the lake's secret; without it no tie is looked for, which is what takes longest.
    Raises: WrongCall where no night has said yet who is who.
    """
    members = lake.read(IDENTIFIERS).withColumnRenamed("identifier_key", "key")
    with handover(lake.path, "known-people") as folder:
        records = folder.table(lake.read(PERSON_RECORDS), "records")
        if not records.num_rows:
            raise _no_night(lake.path)
        return KnownPeople(
            records=records,
            ties=_ties(lake, settings, folder, key=key) if key else NO_TIES,
            pairs=folder.table(lake.read(IDENTITY_PAIRS), "pairs"),
            members=folder.table(members, "members"),
            model=newest_model(lake.read(IDENTITY_MODELS)),
            overrides=read_overrides(settings.overrides) if settings.overrides else NONE,
            shared_by_at_most=settings.shared_by_at_most,
            duplicate_free=tuple(settings.duplicate_free),
        )


def _ties(lake: Lakehouse, settings: IdentitySettings, folder: Handover, *, key: str) -> pa.Table:
    """What facts and sources tie; records carry their own ties."""
    contacts, links = (lake.read(canonical.ENTITIES[name].conformed) for name in ("contacts", "identifier_links"))
    carried = folder.written(identified(lake.read(canonical.ENTITIES[name].conformed) for name in FACTS), "carried")
    phones = folder.written(phone_forms(phone_holders(contacts.limit(0), links, carried), settings.country), "phones")
    return folder.table(ties(links, carried, key=key, region=settings.country, phones=phones), "ties")


def _no_night(lake: str) -> WrongCall:
    return WrongCall(
        "no night of this lake has said who is who",
        where=lake,
        still_true="Nothing was changed.",
        next_step="Run a night: `habitue night --date D`.",
    )
