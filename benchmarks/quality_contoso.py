"""Rules of a retailer file on the Contoso export: what the gate counts beside DuckDB's count in the text files."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import yaml

from benchmarks.conformed_nights import conformed_night
from benchmarks.contract import Check, higher, lower
from lakehouse.settings import PROJECT
from orchestration.night import Place
from orchestration.retailer import load_retailer
from quality.settings import RuleSettings

RETAILER = PROJECT / "retailers/contoso.yaml"
FILES = {
    "crm": "Contact.txt",
    "loyalty": "Customer-Loyalty.txt",
    "web": "OnlinePurchases.txt",
    "till": "POSPurchases.txt",
    "reviews": "WebsiteReviews_LinkedToEcommerceContacts.txt",
}
AMERICAN, ISO = "'%-m/%-d/%Y'", "'%Y-%m-%d'"
VIEWS = {
    "people": (
        "select 'crm' as source, ContactId as id, FirstName, Gender, EMail, Telephone, PostCode,"
        f" strptime(DateOfBirth, {AMERICAN})::date as born, strptime(CreatedOn, {AMERICAN})::date as created from crm"
        " union all select 'loyalty', LoyaltyId, FirstName, Gender, EMail, Telephone, null,"
        f" strptime(DateOfBirth, {ISO})::date, strptime(CreatedOn, {ISO})::date from loyalty"
    ),
    "bought": (
        f"select PurchaseId, ProductId, ContactId, null as LoyaltyId, strptime(PurchasedOn, {AMERICAN})::date as day,"
        " TotalPrice::decimal(18,2) as amount from web"
        f" union all select PurchaseId, ProductId, null, LoyaltyId, strptime(PurchasedOn, {ISO})::date,"
        " TotalPrice::decimal(18,2) from till"
    ),
}
"""Files that feed one table, together; written without a look at how the pipeline reads them."""


@dataclass(frozen=True)
class Counted:
    """A rule of the retailer file, and the query that counts its broken rows in the text files."""

    rule: dict[str, Any]
    query: str

    @property
    def settings(self) -> RuleSettings:
        """The rule as the retailer file holds it; it warns, so that every rule is counted in one night."""
        return RuleSettings.model_validate({**self.rule, "otherwise": "warn"})

    @property
    def place(self) -> tuple[str, str]:
        """Table and name of the rule, as gates tell them."""
        return self.settings.table, self.settings.as_rule().name


def _counted(table: str, rule: str, query: str, **keys: Any) -> Counted:
    return Counted({"table": f"conformed.{table}", "rule": rule, **keys}, query)


def _people(rule: str, broken: str, **keys: Any) -> Counted:
    return _counted("contacts", rule, f"select count(*) from people where {broken}", **keys)


def _bought(rule: str, broken: str, **keys: Any) -> Counted:
    return _counted("orders", rule, f"select count(*) from bought where {broken}", **keys)


PHONE = r"^[(]?[0-9]{3}[)]?[-. ]?[0-9]{3}[-. ]?[0-9]{4}$"
PURCHASE, PRODUCT = "^(OPID|PID)_[0-9]{4,5}$", "^ProdID_[0-9]{4}$"
EMAIL = r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+([.][A-Za-z0-9-]+)*[.][A-Za-z]{2,}$"
COUNTED = (
    _people("valid_email", f"not regexp_matches(EMail, '{EMAIL}')", column="email"),
    _people("matches", f"not regexp_matches(Telephone, '{PHONE}')", column="phone", pattern=PHONE),
    _people("valid_postcode", "not regexp_full_match(PostCode, '[0-9]{5}')", column="postcode", country="US"),
    _people("reads_as", "try_cast(PostCode as integer) is null and PostCode is not null", column="postcode",
            form="whole_number"),
    _people("length", "length(FirstName) not between 4 and 9", column="first_name", min=4, max=9),
    _people("in_set", "lower(Gender) <> 'female'", column="gender", values=["female"]),
    _people("not_null", "born is null", column="born_on"),
    _people("not_null", "Telephone is null", column="phone"),
    _people("not_before", "born < date '1969-06-01'", column="born_on", min="1969-06-01"),
    _people("between", "born > date '2001-05-25'", column="born_on", min="1900-01-01", max="2001-05-25"),
    _people("ordered", "created < born", columns=["born_on", "created_at"]),
    _counted("contacts", "unique", "select count(*) - count(*) filter (n = 1) from (select count(*) over"
             " (partition by source, EMail) as n from people)", columns=["source", "email"]),
    _counted("contacts", "unique", "select count(*) - count(*) filter (n = 1) from (select count(*) over"
             " (partition by source, Telephone) as n from people)", columns=["source", "phone"]),
    _bought("between", "amount < 30 or amount > 2500", column="order_amount", min=30, max=2500),
    _bought("not_before", "day < date '2017-06-01'", column="ordered_at", min="2017-06-01"),
    _bought("matches", f"not regexp_matches(PurchaseId, '{PURCHASE}')", column="order_id", pattern=PURCHASE),
    _bought("exists_in", "ContactId not in (select ContactId from crm)", columns=["contact_source",
            "source_contact_id"], **{"in": "conformed.contacts", "key": ["source", "source_contact_id"]}),
    _bought("exists_in", "LoyaltyId not in (select LoyaltyId from loyalty)", columns=["loyalty_id"],
            **{"in": "conformed.contacts"}),
    _counted("order_lines", "matches", f"select count(*) from bought where not regexp_matches(ProductId, '{PRODUCT}')",
             column="product_id", pattern=PRODUCT),
    _counted("order_lines", "exists_in", "select count(*) from bought where PurchaseId not in (select PurchaseId from"
             " bought)", columns=["source", "order_id"], **{"in": "conformed.orders"}),
    _counted("loyalty_movements", "between", "select count(*) from till where RewardPointsAdded::int > 100",
             column="points", max=100),
    _counted("loyalty_movements", "not_before", f"select count(*) from till where strptime(PurchasedOn, {ISO}) <"
             " date '2017-03-01'", column="moved_at", min="2017-03-01"),
    _counted("feedback", "between", "select count(*) from reviews where ReviewRating::double not between 2 and 4",
             column="rating", min=2, max=4),
    _counted("feedback", "length", "select count(*) from reviews where length(ReviewText) > 40", column="text",
             max=40),
    _counted("feedback", "exists_in", "select count(*) from reviews where UserId not in (select ContactId from crm)",
             columns=["contact_source", "source_contact_id"],
             **{"in": "conformed.contacts", "key": ["source", "source_contact_id"]}),
    _counted("feedback", "not_in_future", f"select count(*) from reviews where strptime(ReviewDate, {AMERICAN}) >="
             " date '2019-05-27'", column="given_at"),
)  # fmt: skip


def contoso(data: Path) -> Iterator[Check]:
    """Rows that break each rule, and how far the independent count is off."""
    with tempfile.TemporaryDirectory() as folder:
        retailer = Path(folder) / "contoso.yaml"
        retailer.write_text(yaml.safe_dump(with_rules(yaml.safe_load(RETAILER.read_text()))))
        place = Place(retailer, data / "contoso", f"{folder}/lake")
        night = conformed_night(place, load_retailer(retailer).first_night)
    yield lower("contoso: steps stopped", len(night.stopped), 0)
    aside = sum(table.rejected_rows for table in night.record.published.values())
    yield lower("contoso: rows set aside before the rules", aside, 0)
    found = {(gate.table, gate.rule): gate.failed for gate in night.record.gates}
    texts = text_files(data / "contoso")
    yield higher("contoso: rules", len(COUNTED), 15)
    for counted in COUNTED:
        table, rule = counted.place
        failed, independent = found[table, rule], texts.sql(counted.query).fetchall()[0][0]
        yield higher(f"contoso: {table}: {rule}: rows", failed)
        yield lower(f"contoso: {table}: {rule}: off DuckDB's count by", abs(failed - independent), 0)


def with_rules(retailer: dict[str, Any]) -> dict[str, Any]:
    """The retailer file with all rules, each of which warns."""
    return retailer | {"rules": [{**counted.rule, "otherwise": "warn"} for counted in COUNTED]}


def text_files(folder: Path) -> duckdb.DuckDBPyConnection:
    """The text files as tables, every value as it is written, a row that repeats another left out."""
    texts = duckdb.connect()
    for name, file in FILES.items():
        texts.read_csv(str(folder / file), header=True, all_varchar=True).create(f"{name}_file")
        texts.execute(f"create view {name} as select distinct * from {name}_file")
    for name, query in VIEWS.items():
        texts.execute(f"create view {name} as {query}")
    return texts
