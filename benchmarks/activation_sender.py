"""One process that sends a night: `python -m benchmarks.activation_sender FOLDER NIGHT URL`; others kill it."""

import json
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from activation.audience import audience_members
from activation.deliver import ConsentsNow, DeliveriesFailed, deliver
from activation.destinations.webhook import Webhook, client
from activation.ledger import Ledger
from activation.tables import AUDIENCE_MEMBERS, DELIVERIES, HOLDOUTS
from benchmarks.activation_people import AUDIENCE, audience, frames
from lakehouse.delta import Lakehouse
from lakehouse.settings import settings
from lakehouse.spark import spark_session

SECRET, KEY = "of the benchmark", "a lake's key"
BATCH, TIMEOUT = 100, 0.5
FAILED = 3


def main(arguments: list[str]) -> int:
    """0 when everything that is due was taken or refused, FAILED when another run is needed."""
    folder, night = Path(arguments[0]), date.fromisoformat(arguments[1])
    lake = Lakehouse(str(folder / "lake"), spark_session(settings()))
    known = frames(lake.spark, folder, night)
    members = folder / night.isoformat() / "members.parquet"
    if not members.exists():
        held_out = lake.spark.createDataFrame([], HOLDOUTS.schema)
        decided = audience_members(audience(), known, holdouts=held_out, night=night, key=KEY)
        decided.coalesce(1).write.parquet(str(members))
    try:
        deliver(
            audience(),
            {"app": _webhook(arguments[2])},
            frames=known,
            members=lake.spark.read.schema(AUDIENCE_MEMBERS.schema).parquet(str(members)),
            holdouts=lake.read(HOLDOUTS),
            ledger=Ledger.opened(lake, folder / "state"),
            night=night,
            key=KEY,
            consents_now=ConsentsNow(lambda: known.consents, lambda: 0),
            send=True,
            accepted={AUDIENCE},
        )
    except DeliveriesFailed as error:
        print(error.what)
        return FAILED
    print(json.dumps(_told(lake.read(DELIVERIES).where(F.col("night") == F.lit(night)))))
    return 0


def _told(deliveries: DataFrame) -> dict[str, int]:
    """Records with a final outcome, and attempts that stand twice or without one."""
    final = deliveries.where("outcome in ('acknowledged', 'rejected')").select("record_key").distinct()
    once = deliveries.where("outcome is not null").select("delivery_id", "attempt").distinct()
    return {"settled": final.count(), "odd": deliveries.count() - once.count()}


def _webhook(url: str) -> Webhook:
    webhook = Webhook(url, client(url, SECRET, timeout=TIMEOUT))
    webhook.capabilities = replace(webhook.capabilities, batch_size=BATCH)
    return webhook


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
