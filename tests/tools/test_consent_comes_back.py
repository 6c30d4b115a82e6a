"""Whole nights with a real listmonk: who unsubscribes from a campaign is out of the next, and the lake knows why."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from activation.tables import DELIVERIES, TOOL_REFUSALS
from lakehouse.delta import Lakehouse
from pipelines.tables import CONSENTS
from tests.end_to_end.conftest import Shop
from tests.end_to_end.small_shop import FIRST, PEOPLE, SECOND, mail, write_shop
from tests.tools.listmonk import Listmonk

ANN = 1
"""The CRM says an undated yes of her, every night."""
AGREED = [n for n in range(PEOPLE) if n % 3]


def shop_with(listmonk: Listmonk, folder: Path) -> Shop:
    """The small shop, its audience in listmonk."""
    file = write_shop(folder)
    entry = f"{{type: listmonk, source: crm, url: '{listmonk.url}', user: {listmonk.user}, credentials: LISTMONK}}"
    text = file.read_text().replace("{type: csv, source: crm, path: out/newsletter}", entry)
    file.write_text(text.replace("to: newsletter}", "to: newsletter, fields: [email, churn_band]}"))
    return Shop(folder)


def test_an_unsubscribe_in_listmonk_is_a_withdrawal_in_the_lake_the_next_night(
    spark: SparkSession, listmonk: Listmonk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LISTMONK", listmonk.password)
    shop = shop_with(listmonk, tmp_path)
    assert shop.night(FIRST) == 0
    assert listmonk.send_campaign("everybody") == sorted(mail(n) for n in AGREED)
    listmonk.unsubscribe(mail(ANN))
    assert shop.night(SECOND) == 0
    lake = Lakehouse(str(shop.lake), spark)
    [told] = lake.read(TOOL_REFUSALS).collect()
    assert (told["night"], told["source_contact_id"], told["status"]) == (SECOND, f"C{ANN}", "withdrawn")
    said = lake.read(CONSENTS).where(f"address = '{mail(ANN)}'").collect()
    assert [(row["status"], row["source"]) for row in said] == [("withdrawn", "newsletter")]
    removed = lake.read(DELIVERIES).where("name = 'everybody' and operation = 'remove'").collect()
    assert [(row["record_key"], row["outcome"]) for row in removed] == [(f"contact:crm:C{ANN}", "acknowledged")]
    assert listmonk.statuses(mail(ANN)) == {"everybody": "unsubscribed"}
    assert listmonk.send_campaign("everybody") == sorted(mail(n) for n in AGREED if n != ANN)
