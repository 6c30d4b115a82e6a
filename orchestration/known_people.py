"""What a lake knows about who is who, as the commands that explain and review it read it."""

from lakehouse.arrow import arrow_as_night_began
from lakehouse.delta import Lakehouse
from lakehouse.errors import WrongCall
from pipelines.identity.crowds import in_force
from pipelines.identity.known import KnownPeople
from pipelines.identity.overrides import NONE, read_overrides
from pipelines.identity.resolve import model_behind
from pipelines.mapping import IdentitySettings
from pipelines.tables import IDENTIFIERS, IDENTITY_MODELS, IDENTITY_PAIRS, IDENTITY_TIES, PERSON_RECORDS


def known_people(lake: Lakehouse, settings: IdentitySettings) -> KnownPeople:
    """The records, ties, pairs and customers of the lake as its last night left them.

    Raises: WrongCall where no night has said yet who is who.
    """
    records = arrow_as_night_began(lake, PERSON_RECORDS)
    if not records.num_rows:
        raise _no_night(lake.path)
    model = model_behind(lake.read(IDENTITY_MODELS), records)
    return KnownPeople(
        records=records,
        ties=arrow_as_night_began(lake, IDENTITY_TIES),
        pairs=arrow_as_night_began(lake, IDENTITY_PAIRS),
        members=arrow_as_night_began(lake, IDENTIFIERS).rename_columns(["key", "customer_id"]),
        model=model,
        overrides=read_overrides(settings.overrides) if settings.overrides else NONE,
        shared_by_at_most=in_force(settings, model).shared_by_at_most,
        duplicate_free=tuple(settings.duplicate_free),
    )


def _no_night(lake: str) -> WrongCall:
    return WrongCall(
        "no night of this lake has said who is who",
        where=lake,
        still_true="Nothing was changed.",
        next_step="Run a night: `habitue night --date D`.",
    )
