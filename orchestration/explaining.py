"""`habitue why`: why two records or customers are one person, or two, for a data engineer who asks."""

import argparse
import json

from pyspark.sql import functions as F

from lakehouse.delta import Lakehouse
from lakehouse.errors import WrongCall
from orchestration.known_people import known_people
from orchestration.night import open_lake
from orchestration.retailer import load_retailer
from orchestration.running import place_of
from pipelines.identity.events import living_ids
from pipelines.identity.known import KnownPeople, nearest_names
from pipelines.identity.why import why
from pipelines.mapping import IdentitySettings
from pipelines.tables import IDENTITY_EVENTS
from report.why import as_facts, why_lines, why_page


def explain(asked: argparse.Namespace) -> int:
    """`habitue why A B`: the evidence between two records or customers, and what would change the answer.

    Raises: WrongCall if nobody has one of the names, or both are the same record.
    """
    place = place_of(asked)
    identity = load_retailer(place.retailer_file).identity if asked.retailer else IdentitySettings()
    with open_lake(place, purpose="why") as lake:
        known = known_people(lake, identity)
        left, right = (_records_of(lake, known, who) for who in (asked.a, asked.b))
        if len({*left, *right}) == 1:
            what = f"{asked.a} and {asked.b} are one and the same record"
            raise _wrong(what, lake.path, "Pass two different records.")
        found = why(known, left, right)
    if asked.html:
        why_page(found, asked.html)
    print(json.dumps(as_facts(found), default=str) if asked.json else "\n".join(why_lines(found)))
    if asked.html and not asked.json:
        print(f"\n{asked.html}")
    return 0


def _records_of(lake: Lakehouse, known: KnownPeople, who: str) -> list[str]:
    """The keys of the record, or of all records of the customer, that is written like this."""
    keys = set(known.records["record_key"].to_pylist())
    if f"contact:{who}" in keys:
        return [f"contact:{who}"]
    heirs = living_ids(lake.read(IDENTITY_EVENTS)).where(F.col("old_customer_id") == who)
    living = {who, *(row["customer_id"] for row in heirs.collect())}
    owners = zip(known.members["key"].to_pylist(), known.members["customer_id"].to_pylist(), strict=True)
    found = [key for key, owner in owners if owner in living and key in keys]
    if found:
        return found
    is_address = "@" in who
    near = "" if is_address else " or ".join(nearest_names(known, who))
    hint = f"Did you mean {near}? " if near else ""
    raise _wrong(
        f"no record and no customer with person records is called {'by this e-mail' if is_address else who}",
        lake.path,
        f"{hint}Write a record as <source>:<contact id>, a customer by its id (`habitue customer` finds it by e-mail).",
    )


def _wrong(what: str, where: str, next_step: str) -> WrongCall:
    return WrongCall(what, where=where, still_true="Nothing was changed.", next_step=next_step)
