"""A wrong retailer file is refused with the line, the path and the nearest names."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from lakehouse.errors import InvalidRetailerFile, WrongCall
from lakehouse.settings import PROJECT
from orchestration.assets.scores import model_settings
from orchestration.retailer import load_retailer
from tests.end_to_end.small_shop import RETAILER


def loaded(folder: Path, text: str) -> None:
    file = folder / "shop.yaml"
    file.write_text(text)
    load_retailer(file)


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(InvalidRetailerFile) as caught:
        loaded(folder, text)
    assert caught.value.exit_status == 2
    assert "Nothing was started" in str(caught.value)
    return caught.value.what


@pytest.mark.parametrize("name", ["demo", "contoso", "online_retail"])
def test_every_retailer_file_of_the_project_loads(name: str) -> None:
    assert load_retailer(PROJECT / "retailers" / f"{name}.yaml").sources


def test_night_begins_at_midnight_of_the_retailers_time_zone(tmp_path: Path) -> None:
    loaded(tmp_path, RETAILER)
    retailer = load_retailer(tmp_path / "shop.yaml")
    assert retailer.as_of(date(2024, 6, 1)) == datetime(2024, 5, 31, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wrong", "right", "says"),
    [
        ("  crm:\n    timezone:", "  crm:\n    timezon:", "line 7: sources.crm.timezon: unknown key (did you mean"),
        ("currency: EUR", "currency: euro", "line 3: currency"),
        ("timezone: Europe/Paris\nsources", "timezone: Europe/Pari\nsources", "line 4: timezone"),
        ("order_id: Ticket", "ordre_id: Ticket", "orders has no column ordre_id (did you mean order_id"),
        ("from: tickets", "from: ticket", "this source has no delivery ticket (did you mean tickets"),
        ("to: newsletter", "to: newsleter", "there is no destination newsleter"),
        (
            "syncs:",
            "critical: {win_back: [orders.orderd_at]}\nsyncs:",
            "no column orders.orderd_at (did you mean orders.o",
        ),
        ("load: append", "load: apend", "line 25: sources.till.deliveries.tickets.load"),
        ("source: crm, path: out/crm", "source: crn, path: out/crm", "there is no source crn"),
        (
            "syncs:",
            "identity: {trust: [till, cmr]}\nsyncs:",
            "identity.trust: there is no source cmr (did you mean crm?)",
        ),
        (
            "syncs:",
            "owners: {sources: {tlil: shops}}\nsyncs:",
            "owners.sources: there is no source tlil (did you mean till?)",
        ),
        (
            "syncs:",
            "owners: {tables: {conformed.order: shops}}\nsyncs:",
            "owners.tables: there is no table conformed.order (did you mean conformed.orders",
        ),
        (
            "syncs:",
            "channels:\n  post: {contact_costs: -0.2}\nsyncs:",
            "line 36: channels.post.contact_costs: Input should be gr",
        ),
        (
            "syncs:",
            "channels:\n  post: {contact_costs: cheap}\nsyncs:",
            "post.contact_costs: Input should be a valid number",
        ),
        (
            "syncs:",
            "channels:\n  post: {contact_costs: true}\nsyncs:",
            "post.contact_costs: Input should be a valid number",
        ),
        (
            "syncs:",
            "channels:\n  post: {contact_costs: .inf}\nsyncs:",
            "post.contact_costs: Input should be a finite number",
        ),
        ("syncs:", "channels:\n  post: {contact_cost: 1}\nsyncs:", "unknown key (did you mean contact_costs"),
        (
            "syncs:",
            "channels:\n  emial: {contact_costs: 1}\nsyncs:",
            "line 36: channels.emial: Input should be 'email', 'phone'",
        ),
        ("syncs:", "churn: {contact_costs: -1}\nsyncs:", "churn.contact_costs: Input should be gr"),
        ("syncs:", "owners: {default: a@b}\nsyncs:", "line 35: owners.default: give the name of a team"),
    ],
)
def test_mistake_is_named_with_its_place_and_the_nearest_name(
    tmp_path: Path, wrong: str, right: str, says: str
) -> None:
    assert wrong in RETAILER
    assert says in refusal(tmp_path, RETAILER.replace(wrong, right))


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    text = RETAILER.replace("currency: EUR", "currency: euro").replace("load: append", "load: apend")
    said = refusal(tmp_path, text)
    assert "currency" in said
    assert "load" in said


def test_file_that_is_absent_empty_broken_or_doubled_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRetailerFile, match="there is no such file"):
        load_retailer(tmp_path / "none.yaml")
    assert "empty" in refusal(tmp_path, "")
    assert "this is no YAML" in refusal(tmp_path, "a: [1")
    assert "line 2: the key currency is written twice" in refusal(tmp_path, "currency: EUR\ncurrency: USD\n")


def test_decisions_about_records_lie_beside_the_retailer_file_and_are_read_with_it(tmp_path: Path) -> None:
    text = RETAILER + "\nidentity: {overrides: decided.csv}\n"
    assert "identity:" not in RETAILER
    decided = tmp_path / "decided.csv"
    decided.write_text("record_a,record_b,decision,who,why\ncrm:1,crm:2,never,Ann,twins\n")
    loaded(tmp_path, text)
    assert load_retailer(tmp_path / "shop.yaml").identity.overrides == decided
    decided.write_text("record_a,record_b,decision,who,why\ncrm:1,crm:2,perhaps,Ann,twins\n")
    with pytest.raises(WrongCall, match="no such decision: perhaps"):
        loaded(tmp_path, text)


@pytest.mark.parametrize(
    ("more", "costs"),
    [
        ("", 1.0),
        ("channels:\n  post: {contact_costs: 0.95}\n  email: {contact_costs: 0.02}\n", 0.95),
        ("channels:\n  post: {contact_costs: 0.95}\nchurn: {contact_costs: 3}\n", 3.0),
        ("channels:\n  email: {contact_costs: 0}\n", 0.0),
    ],
)
def test_churns_contact_costs_what_the_dearest_channel_does_unless_it_is_stated(
    tmp_path: Path, more: str, costs: float
) -> None:
    loaded(tmp_path, RETAILER.replace("syncs:", f"{more}syncs:"))
    assert model_settings(load_retailer(tmp_path / "shop.yaml")).churn.contact_costs == costs
