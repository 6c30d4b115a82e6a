"""Files of the fictional retailer: the same every time, one batch per night, truth apart."""

from dataclasses import replace
from pathlib import Path

import pytest

from synthetic.__main__ import main
from synthetic.retailer import write_retailer
from synthetic.settings import Faults, Plan
from tests.synthetic.delivered import Retail

TINY = Plan(customers=200, nights=2, days=200)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_retailer(TINY, tmp_path / name)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_another_seed_gives_other_people(tmp_path: Path) -> None:
    write_retailer(TINY, tmp_path / "one")
    write_retailer(replace(TINY, seed=8), tmp_path / "two")
    contacts = "landing/crm/contacts_2026-03-01.csv"
    assert contents(tmp_path / "one")[contacts] != contents(tmp_path / "two")[contacts]


def test_one_more_night_adds_files_and_changes_none(tmp_path: Path) -> None:
    write_retailer(TINY, tmp_path / "two")
    write_retailer(replace(TINY, nights=3), tmp_path / "three")
    two, three = contents(tmp_path / "two" / "landing"), contents(tmp_path / "three" / "landing")
    assert {name: three.get(name) for name in two} == two
    assert three.keys() - two.keys()
    assert all("2026-03-03" in name for name in three.keys() - two.keys())


def test_more_customers_leave_the_first_ones_as_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("synthetic.settings.CHUNK", 100)
    write_retailer(TINY, tmp_path / "few")
    write_retailer(replace(TINY, customers=300), tmp_path / "more")
    name = "pos/customers_2026-03-01.csv"
    few, more = (contents(tmp_path / size / "landing")[name] for size in ("few", "more"))
    assert more.startswith(few)
    assert len(more) > len(few)


def test_truth_lies_outside_the_landing_folder(retail: Retail) -> None:
    assert {path.name for path in retail.folder.iterdir()} == {"landing", "truth"}
    assert not list((retail.folder / "landing").rglob("*planted*"))


def test_later_files_hold_only_the_day_before_and_late_rows(retail: Retail) -> None:
    late = retail.truth("planted").query("kind in ['late', 'future_date', 'unparsed_date', 'cut_row']")
    spared = set(zip(late["file"], late["row_number"], strict=True))
    for file in retail.files("web/orders")[1:]:
        day = int(file[-8:-6]) - 1
        for number, row in enumerate(retail.rows(file), start=1):
            dated = row.get("placed_at") or ""
            before = {f"2026-03-{day:02d}", "2026-02-28" if day == 1 else f"2026-03-{day - 1:02d}"}
            assert dated[:10] in before or (file, number) in spared, (file, number, dated)


def test_late_group_of_stores_sends_nothing_and_all_of_it_the_night_after(tmp_path: Path) -> None:
    plan = Plan(customers=1_500, nights=4, days=30, faults=Faults(late_file_every=2, repeated_files_per_night=0))
    write_retailer(plan, tmp_path)
    written = Retail(tmp_path, plan)
    late = written.truth("planted").query("kind == 'late_file' and file.str.contains('tickets')")
    assert set(late["file"]) == {"pos/tickets_uk_2026-03-04.csv"}
    assert "pos/tickets_uk_2026-03-03.csv" not in written.files("pos/tickets")
    rows = written.rows("pos/tickets_uk_2026-03-04.csv")
    assert {str(rows[number - 1]["SoldAt"])[:10] for number in late["row_number"]} <= {"02/03/2026"}


def test_second_call_into_the_same_folder_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = ["--customers", "50", "--nights", "1", "--days", "30", "--out", str(tmp_path)]
    assert main(call) == 0
    before = contents(tmp_path)
    assert main(call) == 2
    assert "already holds files" in capsys.readouterr().err
    assert contents(tmp_path) == before


def test_option_out_of_range_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--customers", "0", "--name-typo", "8", "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert "customers is 0" in said
    assert "name_typo is 8.0, not 0 to 1" in said
    assert not (tmp_path / "out").exists()


def test_rates_and_dates_are_arguments(tmp_path: Path) -> None:
    call = ["--customers", "300", "--nights", "2", "--days", "30", "--last-night", "2025-06-10"]
    call += ["--crm-duplicate", "0", "--email-missing-crm", "1"]
    assert main([*call, "--out", str(tmp_path)]) == 0
    written = Retail(tmp_path, Plan(300, 2))
    assert written.files("crm/contacts") == ["crm/contacts_2025-06-09.csv", "crm/contacts_2025-06-10.csv"]
    contacts = written.all_rows("crm/contacts")
    assert {row["EMail"] for row in contacts if row["Test"] == "N"} == {None}
    assert not written.truth("record_to_person")["is_duplicate"].any()
