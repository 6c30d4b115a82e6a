"""The trial of changed records changes what it says, in records that have others of their person beside them."""

import pandas as pd

from benchmarks.identity_changes import CHANGES, COLUMNS, RE_USED, SHARE, changed

PERSONS = 1_000
TEXTS = ("email", "phone", "street", "postcode", "city", "country", "born_on", "gender")


def crowd() -> tuple[pd.DataFrame, pd.Series]:
    """Each person twice, in the CRM and at a till; the last tenth alone."""
    numbers = pd.Series(range(PERSONS))
    crm = pd.DataFrame({name: name + numbers.astype(str) for name in TEXTS})
    crm = crm.assign(source="crm", first_name="Anna", last_name="Maes", full_name=None)
    till = crm.assign(source="pos", first_name=None, last_name=None, full_name="MAES Anna").head(PERSONS * 9 // 10)
    return pd.concat([crm, till], ignore_index=True), pd.concat([numbers, numbers.head(len(till))], ignore_index=True)


def test_each_kind_changes_its_own_columns_of_one_record_per_person() -> None:
    people, person = crowd()
    found = changed(people, person.astype("string"), person, seed=1)
    assert found.kind.value_counts().to_dict() == dict.fromkeys(CHANGES | RE_USED, round(SHARE * len(people)))
    assert not person[found.kind.index].duplicated().any()
    assert (person[found.kind.index] < PERSONS * 9 // 10).all()
    differs = (found.people != people) & people.notna()
    assert not differs.drop(index=found.kind.index).any(axis=None)
    for kind, parts in (CHANGES | RE_USED).items():
        columns = {column for part in parts for column in COLUMNS[part]}
        touched = differs.loc[found.kind.index[found.kind == kind]].any()
        assert columns - {"country", "gender"} <= set(touched.index[touched]) <= columns


def test_an_id_in_use_again_is_nobody_elses_and_a_till_keeps_the_given_name_of_who_marries() -> None:
    people, person = crowd()
    found = changed(people, person.astype("string"), person, seed=1)
    is_newcomer = found.person.str.startswith("newcomer")
    assert set(found.kind[found.kind.isin(RE_USED)].index) == set(is_newcomer.index[is_newcomer])
    married = found.kind.index[found.kind == "new family name"]
    whole = found.people.loc[married, "full_name"].dropna()
    assert len(whole)
    assert whole.str.fullmatch(r"[^a-z]+ Anna").all()
