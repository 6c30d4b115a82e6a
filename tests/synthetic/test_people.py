"""Persons and their records: rates of dirt, households, names, deletions."""

import pandas as pd
import pytest

from synthetic.people import people
from synthetic.records import records
from synthetic.settings import Dirt, Plan
from tests.synthetic.delivered import Retail

PLAN = Plan(customers=20_000, nights=2)
DIRT = Dirt()
# Kind of dirt and its share of the records that can carry it: those with an e-mail, with a phone, with a birth date.
RATES = {
    "has_name_typo": (DIRT.name_typo, None),
    "has_nickname": (DIRT.nickname, None),
    "has_name_reversed": (DIRT.name_reversed, None),
    "has_family_name_changed": (DIRT.family_name_changed, None),
    "has_email_missing": (DIRT.email_missing_crm, None),
    "has_email_other": (DIRT.email_other, "has_email_missing"),
    "has_email_shared": (DIRT.email_shared, "has_email_missing"),
    "has_phone_missing": (DIRT.phone_missing, None),
    "has_phone_shared": (DIRT.phone_shared, "has_phone_missing"),
    "has_address_moved": (DIRT.address_moved, None),
    "has_birth_date_missing": (DIRT.birth_date_missing, None),
    "has_birth_date_wrong": (DIRT.birth_date_wrong, "has_birth_date_missing"),
    "is_duplicate": (DIRT.crm_duplicate / (1 + DIRT.crm_duplicate), None),
}


@pytest.fixture(scope="module")
def persons() -> pd.DataFrame:
    return people(PLAN, 0, PLAN.customers)


@pytest.fixture(scope="module")
def crm(persons: pd.DataFrame) -> pd.DataFrame:
    return records(PLAN, persons).crm


@pytest.mark.parametrize("kind", RATES)
def test_dirt_has_its_rate(crm: pd.DataFrame, kind: str) -> None:
    rate, unless = RATES[kind]
    able = crm if unless is None else crm[~crm[unless]]
    tolerance = 4 * (rate * (1 - rate) / len(able)) ** 0.5 + 0.1 * rate
    assert able[kind].mean() == pytest.approx(rate, abs=tolerance)


def test_e_mail_is_missing_most_at_the_till(persons: pd.DataFrame) -> None:
    found = records(PLAN, persons)
    missing = {source: found.of(source)["email"].isna().mean() for source in ("crm", "web", "loyalty", "pos")}
    assert missing["pos"] == pytest.approx(DIRT.email_missing_till, abs=0.03)
    assert missing["web"] == 0


def test_households_share_home_and_landline(persons: pd.DataFrame) -> None:
    shared = ["street", "postcode", "city", "country", "landline", "household_email"]
    assert (persons.groupby("household")[shared].nunique() == 1).all().all()
    assert persons["household"].nunique() < 0.7 * len(persons)


def test_most_members_of_a_household_share_the_family_name(persons: pd.DataFrame) -> None:
    head = persons["last_name"].to_numpy()[persons["head"]]
    others = persons["member"] > 0
    assert 0.6 < (persons["last_name"] == head)[others].mean() < 1


def test_strangers_share_names_and_towns_but_no_address(persons: pd.DataFrame) -> None:
    strangers = persons.drop_duplicates("household")
    assert strangers.duplicated(["first_name", "last_name"]).mean() > 0.015
    assert not strangers["email"].duplicated().any()
    assert not persons["mobile"].duplicated().any()


def test_record_ids_are_unique_within_a_source(retail: Retail) -> None:
    known = retail.truth("record_to_person")
    assert not known.duplicated(["source", "record_id"]).any()
    assert set(known["person"]) <= set(retail.truth("persons")["person"])


def test_deleted_contact_is_gone_from_its_night_on(retail: Retail) -> None:
    gone = retail.truth("record_to_person").query("source == 'crm' and deleted_on.notna()")
    assert len(gone)
    for night, file in enumerate(retail.files("crm/contacts")):
        listed = {row["ContactId"] for row in retail.rows(file)}
        deleted = set(gone[gone["deleted_on"].dt.date <= retail.plan.night(night)]["record_id"])
        assert not listed & deleted


def test_replaced_card_leaves_the_scheme_and_stays_in_the_replacements(retail: Retail) -> None:
    old = set(retail.truth("record_to_person").query("is_old_card")["record_id"])
    last = {row["card"] for row in retail.rows(retail.files("loyalty/members")[-1])}
    replaced = {row["old_card"]: row["new_card"] for row in retail.all_rows("loyalty/card_replacements")}
    assert old
    assert set(replaced) <= old
    assert not set(replaced) & last
