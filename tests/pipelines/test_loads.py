"""Snapshot, changes and append over several nights: what stands, what is gone, since when it is known."""

from datetime import date
from typing import Any

import pytest

from lakehouse.delta import Lakehouse
from lakehouse.errors import GateBlocked
from pipelines.canonical import CONTACTS, ORDERS
from pipelines.loads import refuse_large_loss
from tests.pipelines.deliveries import FIRST, SECOND, THIRD, File, conformed, deliver, published, source

ORDER = {"order_id": "id", "ordered_at": "to_timestamp(sold)", "order_amount": "total"}
CONTACT = {"source_contact_id": "id", "city": "town", "created_at": "to_timestamp(since)"}


def told(result: Any, *columns: str) -> list[tuple[Any, ...]]:
    return sorted(tuple(row) for row in result.frame.select(*columns, "_broken").collect())


def test_append_takes_late_and_corrected_rows_on_arrival_and_drops_repeats(lake: Lakehouse) -> None:
    shop = source({"from": "rows", "columns": ORDER}, lag_days=1)
    a, b = {"id": "A", "sold": "2026-02-10", "total": "5"}, {"id": "B", "sold": "2026-02-28", "total": "7"}
    late = {"id": "C", "sold": "2026-02-10", "total": "1"}
    deliver(
        lake,
        File([a, b, a, {**b, "total": "9"}]),
        File([a, late, {**b, "total": "8"}], night=SECOND, name="rows_2.csv"),
    )
    first = conformed(lake, shop)
    assert told(first, "order_id", "known_from") == [
        ("A", date(2026, 2, 12), []),
        ("B", FIRST, []),
        ("B", FIRST, ["another row of the file has the same key"]),
    ]
    assert [(c.delivered, c.repeats, c.settled) for c in first.counted] == [(4, 1, 0)]
    published(lake, first)
    second = conformed(lake, shop, night=SECOND)
    assert told(second, "order_id", "order_amount", "known_from") == [("B", 8, SECOND, []), ("C", 1, SECOND, [])]
    assert [(c.delivered, c.repeats, c.settled) for c in second.counted] == [(3, 1, 0)]


def test_rows_cut_off_alike_are_set_aside_each_time(lake: Lakehouse) -> None:
    shop = source({"from": "rows", "columns": ORDER})
    cut, a = ["B,20"], {"id": "A", "sold": "2026-02-10", "total": "5"}
    deliver(lake, File([a], corrupt=cut * 2), File([a], corrupt=cut, night=SECOND, name="rows_2.csv"))
    published(lake, conformed(lake, shop))
    second = conformed(lake, shop, night=SECOND)
    assert told(second, "row_number") == [(2, ["wrong number of columns"])]
    assert [(c.delivered, c.repeats) for c in second.counted] == [(2, 1)]


def test_snapshot_marks_what_is_gone_and_leaves_what_is_unchanged(lake: Lakehouse) -> None:
    shop = source({"from": "rows", "columns": CONTACT}, entity="contacts", load="snapshot", key="id", gone_limit=0.5)
    rows = [{"id": name, "town": "Gent", "since": "2026-01-01"} for name in "ABC"]
    deliver(lake, File(rows), File([rows[0], {**rows[1], "town": "Lier"}], night=SECOND, name="rows_2.csv"))
    published(lake, conformed(lake, shop, entity="contacts"), entity="contacts")
    second = conformed(lake, shop, night=SECOND, entity="contacts")
    assert [(c.delivered, c.unchanged) for c in second.counted] == [(2, 1)]
    assert told(second, "source_contact_id", "city", "is_deleted", "known_from", "_rows") == [
        ("B", "Lier", False, SECOND, 1, []),
        ("C", "Gent", True, SECOND, 0, []),
    ]


@pytest.mark.parametrize(
    ("new", "reason"),
    [(0, "it may be cut short"), (2, "its ids may have changed their form.*raise gone_limit of shop")],
)
def test_snapshot_that_lacks_too_many_keys_is_refused(new: int, reason: str) -> None:
    asked = {"where": "shop.rows", "live": 3, "came": lambda: new, "limit": 0.5, "night": THIRD}
    refuse_large_loss(CONTACTS.conformed, lost=1, **asked)  # type: ignore[arg-type]
    told = rf"(?s)lacks 2 of 3 known keys .* gone_limit 50%\) and brings {new} new ones: {reason}"
    with pytest.raises(GateBlocked, match=told):
        refuse_large_loss(CONTACTS.conformed, lost=2, **asked)  # type: ignore[arg-type]


def test_snapshot_whose_ids_changed_their_form_overnight_is_refused_and_says_so(lake: Lakehouse) -> None:
    shop = source({"from": "rows", "columns": CONTACT}, entity="contacts", load="snapshot", key="id")
    old, new = ([{"id": form.format(n), "town": "Gent", "since": None} for n in range(4)] for form in ("{}", "C-{:07}"))
    deliver(lake, File(old), File(new, night=SECOND, name="rows_2.csv"))
    published(lake, conformed(lake, shop, entity="contacts"), entity="contacts")
    with pytest.raises(GateBlocked, match=r"lacks 4 of 4 known keys .* brings 4 new ones: its ids may have changed"):
        conformed(lake, shop, night=SECOND, entity="contacts")


def test_last_change_stands_and_a_deletion_is_marked(lake: Lakehouse) -> None:
    shop = source(
        {"from": "rows", "columns": CONTACT}, entity="contacts", load="changes", key="id", deleted_when="op = 'D'"
    )
    gent, lier = {"id": "A", "town": "Gent", "since": None}, {"id": "A", "town": "Lier"}
    deliver(lake, File([gent, lier, gent, {"id": "B", "town": "Gent", "op": "D"}]))
    result = conformed(lake, shop, entity="contacts")
    assert told(result, "source_contact_id", "city", "is_deleted", "row_number") == [
        ("A", "Gent", False, 3, []),
        ("B", "Gent", True, 4, []),
    ]
    assert [(c.delivered, c.repeats, c.superseded) for c in result.counted] == [(4, 1, 1)]


def test_late_line_completes_its_order(lake: Lakehouse) -> None:
    columns = {"order_id": "id", "ordered_at": "min(to_timestamp(sold))", "order_amount": "sum(cast(total as int))"}
    shop = source({"from": "rows", "group_by": "id", "columns": columns}, key=["id", "line"])
    line = {"id": "A", "sold": "2026-02-10", "line": "1", "total": "5"}
    deliver(
        lake,
        File([line, {**line, "line": "2", "total": "6"}, {**line, "id": "B"}]),
        File([line, {**line, "line": "3", "total": "7"}], night=SECOND, name="rows_2.csv"),
        File([{**line, "line": "2", "total": "1"}], night=SECOND, name="rows_3.csv"),
    )
    published(lake, conformed(lake, shop))
    result = conformed(lake, shop, night=SECOND)
    assert told(result, "order_id", "order_amount", "known_from", "_rows") == [("A", 13, SECOND, 1, [])]
    assert [(c.delivered, c.repeats, c.grouped) for c in result.counted] == [(2, 1, 0), (1, 0, 1)]


def test_consent_in_a_snapshot_column_is_an_event_only_when_it_changes(lake: Lakehouse) -> None:
    columns = {"source_contact_id": "id", "channel": "'email'", "purpose": "'marketing'", "status": "said"}
    shop = source({"from": "rows", "columns": columns}, entity="consents", load="snapshot", key="id")
    fourth = date(2026, 3, 4)
    deliver(
        lake,
        File([{"id": "A", "said": "granted"}]),
        File([{"id": "A", "said": "granted"}], night=SECOND, name="rows_2.csv"),
        File([{"id": "A", "said": "denied"}], night=THIRD, name="rows_3.csv"),
        File([{"id": "A", "said": "denied"}, {"id": "B", "said": "denied"}], night=fourth, name="rows_4.csv"),
    )
    anew = conformed(lake, shop, night=THIRD, entity="consents", from_raw=True)
    assert told(anew, "status", "known_from") == [("denied", THIRD, []), ("granted", FIRST, [])]
    assert sum(file.unchanged for file in anew.counted) == 1
    published(lake, anew, entity="consents")
    tonight = conformed(lake, shop, night=fourth, entity="consents")
    assert told(tonight, "source_contact_id", "known_from") == [("B", fourth, [])]
    tonight.release()


def test_conformed_anew_from_raw_every_row_keeps_its_arrival(lake: Lakehouse) -> None:
    a, b = {"id": "A", "sold": "2026-02-10", "total": "5"}, {"id": "B", "sold": "2026-02-28", "total": "7"}
    deliver(
        lake,
        File([a, b, {**a, "id": "C"}]),
        File([a, {**b, "total": "8"}], night=SECOND, name="rows_2.csv"),
    )
    published(lake, conformed(lake, source({"from": "rows", "columns": ORDER})))
    mapping = {"from": "rows", "where": "id <> 'C'", "columns": {**ORDER, "brand": "'x'"}}
    published(lake, conformed(lake, source(mapping), night=THIRD, from_raw=True))
    held = lake.read(ORDERS.conformed).select("order_id", "brand", "order_amount", "known_from", "arrived")
    assert sorted(tuple(row) for row in held.collect()) == [
        ("A", "x", 5, date(2026, 2, 11), FIRST),
        ("B", "x", 8, SECOND, SECOND),
    ]


def test_snapshots_conformed_again_delete_no_row_that_the_newest_one_holds_broken(lake: Lakehouse) -> None:
    columns = {**CONTACT, "born_on": "to_date(born, 'yyyy-MM-dd')"}
    shop = source({"from": "rows", "columns": columns}, entity="contacts", load="snapshot", key="id", gone_limit=0.9)
    rows = [{"id": name, "town": "Gent", "since": "2026-01-01", "born": "1980-01-01"} for name in "ABC"]
    bad, worse = {**rows[0], "born": "1/2/80"}, {**rows[1], "born": "?"}
    deliver(lake, File([bad, *rows[1:]]), File([bad, worse], night=SECOND, name="rows_2.csv"))
    for night in (FIRST, SECOND):
        published(lake, conformed(lake, shop, night=night, entity="contacts"), entity="contacts")
    before = lake.read(CONTACTS.conformed).count()
    mended = {**columns, "born_on": "coalesce(to_date(born, 'yyyy-MM-dd'), to_date(born, 'd/M/yy'))"}
    again = source({"from": "rows", "columns": mended}, entity="contacts", load="snapshot", key="id", gone_limit=0.9)
    result = conformed(lake, again, night=THIRD, entity="contacts", since=FIRST)
    assert told(result, "source_contact_id", "is_deleted", "known_from") == [
        ("A", False, THIRD, []),
        ("B", False, THIRD, ["born_on could not be parsed"]),
    ]
    assert result.gone is not None
    assert (before, result.gone.count()) == (2, 0)
    result.release()


def test_group_whose_broken_line_is_mended_comes_back_whole(lake: Lakehouse) -> None:
    columns = {"order_id": "id", "ordered_at": "min(to_timestamp(sold))", "order_amount": "sum(cast(total as int))"}
    shop = source({"from": "rows", "group_by": "id", "columns": columns}, key=["id", "line"])
    line = {"id": "A", "sold": "2026-02-10", "line": "1", "total": "5"}
    deliver(
        lake,
        File([line, {**line, "line": "2", "total": "6,"}, {**line, "id": "B"}]),
        File([{**line, "line": "3", "total": "7"}], night=SECOND, name="rows_2.csv"),
    )
    for night in (FIRST, SECOND):
        published(lake, conformed(lake, shop, night=night))
    assert [row.order_id for row in lake.read(ORDERS.conformed).collect()] == ["B"]
    mended = {**columns, "order_amount": "sum(cast(replace(total, ',', '') as int))"}
    again = source({"from": "rows", "group_by": "id", "columns": mended}, key=["id", "line"])
    result = conformed(lake, again, night=THIRD, since=FIRST)
    assert told(result, "order_id", "order_amount", "known_from", "_rows") == [("A", 18, THIRD, 2, [])]
    assert [(c.delivered, c.unchanged, c.grouped) for c in result.counted] == [(3, 1, 0), (1, 0, 1)]
    result.release()
