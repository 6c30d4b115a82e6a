"""What a lake knows about who is who, as the commands that explain and review it read it."""

from dataclasses import replace

import pyarrow as pa

from lakehouse.arrow import arrow_as_night_began
from lakehouse.delta import Lakehouse
from lakehouse.errors import WrongCall
from pipelines import canonical
from pipelines.identity.candidates import identified, keyed, phone_holders, ties
from pipelines.identity.handover import handover
from pipelines.identity.known import KnownPeople
from pipelines.identity.overrides import NONE, read_overrides
from pipelines.identity.phones import phone_forms
from pipelines.identity.resolve import FACTS, newest_model
from pipelines.mapping import IdentitySettings
from pipelines.tables import IDENTIFIERS, IDENTITY_MODELS, IDENTITY_PAIRS, PERSON_RECORDS

NO_TIES = pa.schema(
    [("left_key", pa.string()), ("right_key", pa.string()), ("kind", pa.string()), ("is_own", pa.bool_())]
).empty_table()


def known_people(lake: Lakehouse, settings: IdentitySettings) -> KnownPeople:
    """The records, pairs and customers of the lake as its last night left them, without what facts and sources tie.

    Raises: WrongCall where no night has said yet who is who.
    """
    records = arrow_as_night_began(lake, PERSON_RECORDS)
    if not records.num_rows:
        raise _no_night(lake.path)
    return KnownPeople(
        records=records,
        ties=NO_TIES,
        pairs=arrow_as_night_began(lake, IDENTITY_PAIRS),
        members=arrow_as_night_began(lake, IDENTIFIERS).rename_columns(["key", "customer_id"]),
        model=newest_model(lake.read(IDENTITY_MODELS)),
        overrides=read_overrides(settings.overrides) if settings.overrides else NONE,
        shared_by_at_most=settings.shared_by_at_most,
        duplicate_free=tuple(settings.duplicate_free),
    )


def with_ties(
    known: KnownPeople, lake: Lakehouse, settings: IdentitySettings, *, key: str, facts_too: bool
) -> KnownPeople:
    """The same with what sources state, and where asked with what facts tie, which takes longest; key: lake.key."""
    contacts, links = (lake.read(canonical.ENTITIES[name].conformed) for name in ("contacts", "identifier_links"))
    every = [lake.read(canonical.ENTITIES[name].conformed) for name in FACTS]
    facts = every if facts_too else [every[0].limit(0)]
    region = settings.country
    with handover(lake.path, "known-ties") as folder:
        carried = folder.written(identified(facts), "carried")
        phones = folder.written(phone_forms(phone_holders(contacts.limit(0), links, carried), region), "phones")
        keys = folder.written(keyed(carried, key=key, region=region, phones=phones), "keyed")
        return replace(known, ties=folder.table(ties(links, keys, key=key, region=region, phones=phones), "ties"))


def _no_night(lake: str) -> WrongCall:
    return WrongCall(
        "no night of this lake has said who is who",
        where=lake,
        still_true="Nothing was changed.",
        next_step="Run a night: `habitue night --date D`.",
    )
