"""Rules on the Contoso export are rules of a retailer file, and each has a count of its own."""

from pathlib import Path

import yaml

from benchmarks.quality_contoso import COUNTED, FILES, RETAILER, text_files, with_rules
from orchestration.retailer import Retailer

HEADERS = {
    "crm": "ContactId,FirstName,DateOfBirth,Gender,EMail,Telephone,PostCode,CreatedOn",
    "loyalty": "LoyaltyId,FirstName,DateOfBirth,Gender,EMail,Telephone,CreatedOn",
    "web": "ContactId,PurchaseId,ProductId,PurchasedOn,TotalPrice",
    "till": "LoyaltyId,PurchaseId,ProductId,PurchasedOn,TotalPrice,RewardPointsAdded",
    "reviews": "ReviewId,UserId,ReviewText,ReviewRating,ReviewDate",
}
ROWS = {
    "crm": ["C1,Ann,5/8/1986,Female,a@b.example,111.222.3333,12345,3/14/2017"] * 2,
    "loyalty": ["L1,Anna,2018-05-08,Female,a@b.example,,2017-01-23"],
    "web": ["C9,OPID_1000,ProdID_1007,1/20/2019,2516"],
    "till": ["L1,PID_1000,ProdID_1000,2017-01-14,151,175"],
    "reviews": ["R1,C9,Fine,5,7/11/2018"],
}


def test_at_least_fifteen_rules_are_those_of_a_retailer_file() -> None:
    retailer = Retailer.model_validate(with_rules(yaml.safe_load(RETAILER.read_text())))
    assert len({counted.place for counted in COUNTED}) == len(retailer.rules) >= 15


def test_each_rule_is_counted_in_the_text_files_without_rows_that_repeat(tmp_path: Path) -> None:
    for name, file in FILES.items():
        (tmp_path / file).write_text("\n".join([HEADERS[name], *ROWS[name], ""]))
    texts = text_files(tmp_path)
    broken = {counted.place[1]: texts.sql(counted.query).fetchall()[0][0] for counted in COUNTED}
    assert broken["first_name has 4 to 9 characters"] == 1
    assert broken["created_at is not before born_on"] == 1
    assert broken["phone is given"] == 1
    assert broken["order_amount is from 30 to 2500"] == 1
    assert broken["points is of at most 100"] == 1
    assert broken["contact_source, source_contact_id exists in conformed.contacts"] == 1
