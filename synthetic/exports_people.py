"""What CRM, web shop, till and loyalty scheme export about people.

Every frame carries `_night` (the night whose file holds the row) beside the columns that are delivered.
"""

import numpy as np
import pandas as pd
import pyarrow as pa

from synthetic.catalogue import stores
from synthetic.columns import Texts, Whole, kept
from synthetic.files import Csv, Delivery, JsonLines, Parquet
from synthetic.moments import local_time, utc_time, written
from synthetic.people import NEVER
from synthetic.settings import Plan

CONTACTS = Delivery("crm", "contacts", Csv(delimiter=";", encoding="latin-1"))
CONSENTS = Delivery("crm", "consents", Csv(encoding="utf-8-sig"))
ACCOUNTS = Delivery("web", "accounts", JsonLines())
TILL_CUSTOMERS = Delivery("pos", "customers", Csv())
MEMBERS = Delivery(
    "loyalty",
    "members",
    Parquet(
        pa.schema(
            [
                *((name, pa.string()) for name in ("card", "given_name", "surname", "email", "mobile", "gender")),
                ("birth_date", pa.date32()),
                *((name, pa.string()) for name in ("street", "zip", "town", "country")),
                ("is_staff", pa.bool_()),
                ("joined_at", pa.timestamp("ns")),
            ]
        )
    ),
)
REPLACEMENTS = Delivery("loyalty", "card_replacements", Csv())


def contacts(plan: Plan, crm: pd.DataFrame, night: int) -> pd.DataFrame:
    """The whole CRM as it stands on a night: without contacts that are not yet made or already deleted."""
    some = crm[(crm["created"] < night) & (crm["deleted_night"] > night)]
    corrected = (some["corrected_night"] <= night).to_numpy()
    home = {part: np.where(corrected, some["new_" + part], some[part]) for part in ("street", "postcode", "city")}
    created = local_time(plan.first_night, some["created"], some["created_second"])
    changed = np.where(corrected, some["corrected_night"] - 1, some["created"])
    return pd.DataFrame(
        {
            "ContactId": some["record_id"].to_numpy(),
            "Salutation": np.where(some["gender"] == "f", "Mrs", "Mr"),
            "FirstName": some["first_name"].to_numpy(),
            "LastName": some["last_name"].to_numpy(),
            "EMail": some["email"].to_numpy(),
            "Phone": some["phone"].to_numpy(),
            "BirthDate": written(some["born_on"], "%d/%m/%Y"),
            "Street": home["street"],
            "PostalCode": home["postcode"],
            "Town": home["city"],
            "Country": some["country"].to_numpy(),
            "HomeStore": _home_store(some),
            "Staff": np.where(some["is_staff"], "Y", "N"),
            "Test": np.where(some["is_test"], "Y", "N"),
            "CreatedOn": written(created, "%d/%m/%Y %H:%M"),
            "ModifiedOn": written(local_time(plan.first_night, changed, some["created_second"]), "%d/%m/%Y %H:%M"),
            "_night": night,
        }
    )


def _home_store(some: pd.DataFrame) -> Texts:
    place = stores()["region"].to_numpy()
    first = np.searchsorted(place, some["region"].to_numpy())
    count = np.bincount(place)[some["region"].to_numpy()]
    found: Texts = stores()["store_id"].to_numpy()[first + some["person"].to_numpy() % count]
    return found


def consents(plan: Plan, given: pd.DataFrame) -> pd.DataFrame:
    """One row per answer, and one more where it was withdrawn later."""
    taken_back = given[given["withdrawn"] < plan.nights].assign(status="withdrawn")
    taken_back = taken_back.assign(day=taken_back["withdrawn"], second=(taken_back["second"] + 3600) % 86_400)
    said = pd.concat([given, taken_back], ignore_index=True)
    code = said["channel"].str[:2] + said["purpose"].str[:2]
    code = code.where(said["status"] != "withdrawn", code + "-w")
    decided = local_time(plan.first_night, said["day"], said["second"])
    return pd.DataFrame(
        {
            "ConsentId": said["record_id"] + "-" + code,
            "ContactId": said["record_id"],
            "EMail": kept(said["channel"] == "email", said["email"]),
            "Channel": said["channel"],
            "Purpose": said["purpose"],
            "Status": said["status"],
            "DecidedAt": written(decided, "%Y-%m-%d %H:%M:%S"),
            "Evidence": np.where(said["status"] == "withdrawn", "preference centre", "sign-up form v3"),
            "_night": np.maximum(0, said["day"] + 1),
        }
    )


def accounts(plan: Plan, web: pd.DataFrame) -> pd.DataFrame:
    """One row per new account, and one more when its address was corrected."""
    corrected = web[(web["corrected_night"] < plan.nights) & (web["created"] < web["corrected_night"])]
    parts = ("street", "postcode", "city")
    moved = corrected.assign(**{part: corrected["new_" + part] for part in parts})
    nights = [np.maximum(0, web["created"] + 1), moved["corrected_night"]]
    some = pd.concat([web, moved], ignore_index=True)
    created = utc_time(plan.first_night, some["created"], some["created_second"])
    night = np.concatenate(nights)
    return pd.DataFrame(
        {
            "account_id": some["record_id"],
            "name": some["first_name"] + " " + some["last_name"],
            "email": some["email"],
            "phone": some["phone"],
            "birthdate": written(some["born_on"], "%Y-%m-%d"),
            "address": _nested(some),
            "is_test": some["is_test"],
            "created_at": written(created, "%Y-%m-%dT%H:%M:%SZ"),
            "_night": night,
        }
    )


def _nested(some: pd.DataFrame) -> list[dict[str, str]]:
    """Addresses as objects within the account's object."""
    parts = (some["street"], some["postcode"], some["city"], some["country"])
    return [{"street": s, "zip": z, "city": c, "country": n} for s, z, c, n in zip(*parts, strict=True)]


def till_customers(plan: Plan, pos: pd.DataFrame) -> pd.DataFrame:
    """Customers that asked for a receipt by e-mail: the whole name in one field, family name first."""
    created = local_time(plan.first_night, pos["created"], pos["created_second"])
    return pd.DataFrame(
        {
            "customer_no": pos["record_id"],
            "name": pos["last_name"].str.upper() + " " + pos["first_name"],
            "email": pos["email"],
            "phone": pos["phone"],
            "birth_date": written(pos["born_on"], "%d.%m.%Y"),
            "zip": pos["postcode"],
            "town": pos["city"],
            "country": pos["country"],
            "created_at": written(created, "%d.%m.%Y %H:%M:%S"),
            "_night": np.maximum(0, pos["created"] + 1),
        }
    )


def card_on(loyalty: pd.DataFrame, day: Whole) -> Texts:
    """The number of each member's card on a day."""
    old = (loyalty["replaced"] < NEVER).to_numpy() & (day < loyalty["replaced"].to_numpy())
    found: Texts = np.where(old, loyalty["old_card"], loyalty["record_id"])
    return found


def members(plan: Plan, loyalty: pd.DataFrame, night: int) -> pd.DataFrame:
    """The whole scheme as it stands on a night, with the card of that night."""
    some = loyalty[loyalty["created"] < night]
    joined = utc_time(plan.first_night, some["created"], some["created_second"])
    return pd.DataFrame(
        {
            "card": card_on(some, np.full(len(some), night - 1)),
            "given_name": some["first_name"].to_numpy(),
            "surname": some["last_name"].to_numpy(),
            "email": some["email"].to_numpy(),
            "mobile": some["phone"].to_numpy(),
            "gender": np.where(some["gender"] == "f", "F", "M"),
            "birth_date": some["born_on"].to_numpy().astype("datetime64[D]"),
            "street": some["street"].to_numpy(),
            "zip": some["postcode"].to_numpy(),
            "town": some["city"].to_numpy(),
            "country": some["country"].to_numpy(),
            "is_staff": some["is_staff"].to_numpy(),
            "joined_at": joined.to_numpy().astype("datetime64[ns]"),
            "_night": night,
        }
    )


def replacements(plan: Plan, loyalty: pd.DataFrame) -> pd.DataFrame:
    """Lost cards and their successors."""
    some = loyalty[loyalty["replaced"] < plan.nights]
    replaced = utc_time(plan.first_night, some["replaced"], np.full(len(some), 11 * 3600))
    return pd.DataFrame(
        {
            "old_card": some["old_card"].to_numpy(),
            "new_card": some["record_id"].to_numpy(),
            "replaced_at": written(replaced, "%Y-%m-%d %H:%M"),
            "_night": np.maximum(0, some["replaced"].to_numpy() + 1),
        }
    )
