"""A night that failed or warned is told once, by mail and by webhook, in four facts and without a person in it."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from lakehouse.errors import LakeLocked
from orchestration.alerts.settings import AlertSettings
from orchestration.alerts.telling import night_begins, night_did_not_begin, night_ends
from orchestration.record import NightRecord
from orchestration.retailer import Retailer, load_retailer
from pipelines.ingest import DeliveredFile
from quality.gate import GateOutcome, PublicationBlocked
from tests.end_to_end.small_shop import RETAILER
from tests.orchestration.listeners import Hook, Mailbox, mail_server, web_server

NIGHT = date(2024, 6, 2)
WARNED = GateOutcome("unified.orders", "customer_id is known", "warn", 1_214, 100, "warned", sample=("order_id=7",))
BLOCKED = GateOutcome("conformed.orders", "order_id is given", "block", 3, 0, "blocked")
REFUSED = DeliveredFile("till", "tickets", "tickets_2.csv", "f00d", None, "refused", "line 3 has 2 columns of 4")
OWNERS = "owners: {sources: {till: shops}, tables: {conformed.orders: sales@example.org}}\n"


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mail_server() as opened:
        yield opened


@pytest.fixture
def hook() -> Iterator[Hook]:
    with web_server() as opened:
        yield opened


def shop(folder: Path, *lines: str) -> Retailer:
    file = folder / "shop.yaml"
    file.write_text("\n".join([RETAILER + OWNERS + "alerts:", *(f"  {line}" for line in lines), ""]))
    return load_retailer(file)


def mail_to(box: Mailbox) -> str:
    return f"email: {{to: [ann@shop.example], from: lake@shop.example, server: '{box.server}', starttls: false}}"


def blocked() -> NightRecord:
    error = PublicationBlocked(
        "gate blocked publication: 3 of 9 rows have no order_id (limit 0).",
        where=f"conformed.orders {NIGHT}",
        still_true="The table still holds 2024-06-01.",
        next_step=f"Look at conformed.orders_rejected, then `habitue night --date {NIGHT}`.",
        gates=(BLOCKED,),
    )
    return NightRecord(gates=[WARNED, BLOCKED], files=[REFUSED], error=error)


def test_a_night_that_failed_is_one_mail_with_the_four_facts_owner_and_counts(box: Mailbox, tmp_path: Path) -> None:
    record = blocked()
    night_ends(shop(tmp_path, mail_to(box)), NIGHT, record, tmp_path)
    assert record.alerts == {"email": "sent"}
    [letter] = box.letters
    assert letter["To"] == "ann@shop.example"
    assert letter["Subject"] == "[Habitué] small shop, night of 2024-06-02: failed at conformed.orders 2024-06-02"
    text = letter.get_content()
    assert [line for line in text.splitlines() if line and not line.startswith(" ")] == [
        "small shop, night of 2024-06-02",
        "FAILURE: conformed.orders 2024-06-02 (looked after by sales@example.org)",
        "WARNING: unified.orders 2024-06-02 (looked after by data-engineering)",
        "WARNING: raw.till_tickets 2024-06-02 (looked after by shops)",
        "rules asked: 2, rules that blocked: 1, rules that warned: 1, rules broken by rows set aside: 0, "
        "tables published: 0, files refused: 1",
    ]
    for fact in (
        "What broke: gate blocked publication: 3 of 9 rows have no order_id (limit 0).",
        "What is still true: The table still holds 2024-06-01.",
        "What to do next: Look at conformed.orders_rejected, then `habitue night --date 2024-06-02`.",
        "customer_id is known (broken by 1,214, limit 100)",
        "tickets_2.csv: line 3 has 2 columns of 4",
    ):
        assert fact in text, fact


def test_every_gate_that_blocked_is_told_when_two_tables_are_stopped_at_once(box: Mailbox, tmp_path: Path) -> None:
    record = blocked()
    record.gates.append(GateOutcome("conformed.visits", "visit_id is given", "block", 1, 0, "blocked"))
    night_ends(shop(tmp_path, mail_to(box), "on: [failure]"), NIGHT, record, tmp_path)
    failures = [line for line in box.letters[0].get_content().splitlines() if line.startswith(("FAILURE", "WARNING"))]
    assert [line.split(" (")[0] for line in failures] == [
        "FAILURE: conformed.orders 2024-06-02",
        "FAILURE: conformed.visits 2024-06-02",
    ]


def test_a_webhook_gets_json_that_its_receiver_can_trust(
    hook: Hook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_SECRET", "wine and cheese")
    record = NightRecord(gates=[WARNED])
    night_ends(shop(tmp_path, f"webhook: {{url: '{hook.url}', credentials: HOOK_SECRET}}"), NIGHT, record, tmp_path)
    assert record.alerts == {"webhook": "sent"}
    [(headers, body)] = hook.posts
    signed = hmac.new(b"wine and cheese", body, hashlib.sha256).hexdigest()
    assert headers["X-Habitue-Signature"] == f"sha256={signed}"
    told = json.loads(body)
    assert (told["kind"], told["night"], told["counts"]["rules that warned"]) == ("warning", "2024-06-02", 1)
    assert told["findings"][0]["owner"] == "data-engineering"
    assert "order_id=7" not in body.decode()


def test_the_same_night_with_the_same_findings_is_told_once_and_another_finding_again(
    hook: Hook, tmp_path: Path
) -> None:
    retailer = shop(tmp_path, f"webhook: {{url: '{hook.url}'}}")
    night_ends(retailer, NIGHT, NightRecord(gates=[WARNED]), tmp_path)
    again = NightRecord(gates=[WARNED])
    night_ends(retailer, NIGHT, again, tmp_path)
    assert (len(hook.posts), again.alerts) == (1, {"webhook": "told before"})
    night_ends(retailer, NIGHT, blocked(), tmp_path)
    night_ends(retailer, date(2024, 6, 3), NightRecord(gates=[WARNED]), tmp_path)
    assert len(hook.posts) == 3


def test_a_sound_night_and_a_kind_that_nobody_asked_for_are_not_told(hook: Hook, tmp_path: Path) -> None:
    retailer = shop(tmp_path, f"webhook: {{url: '{hook.url}'}}", "on: [failure]")
    for record in (NightRecord(), NightRecord(gates=[WARNED])):
        night_ends(retailer, NIGHT, record, tmp_path)
        assert record.alerts == {}
    assert hook.posts == []


@pytest.mark.parametrize("status", [302, 500])
def test_a_channel_that_is_down_is_said_and_told_when_it_is_up_again(
    hook: Hook, box: Mailbox, tmp_path: Path, status: int
) -> None:
    retailer = shop(tmp_path, mail_to(box), f"webhook: {{url: '{hook.url}'}}")
    hook.status, said = status, list[str]()
    record = NightRecord(gates=[WARNED], say=said.append)
    night_ends(retailer, NIGHT, record, tmp_path)
    assert record.alerts == {"email": "sent", "webhook": f"not sent: it answered {status}"}
    assert said == ["alert by email: sent", f"alert by webhook: not sent: it answered {status}"]
    hook.status, again = 200, NightRecord(gates=[WARNED])
    night_ends(retailer, NIGHT, again, tmp_path)
    assert again.alerts == {"email": "told before", "webhook": "sent"}
    assert len(box.letters) == 1


def test_servers_that_are_not_there_and_secrets_that_are_not_set_fail_no_night(tmp_path: Path) -> None:
    with web_server() as gone:
        pass
    nobody = "email: {to: [a@b.example], from: a@b.example, server: '127.0.0.1:1', credentials: NOT_SET}"
    record = NightRecord(gates=[WARNED])
    night_ends(shop(tmp_path, nobody, f"webhook: {{url: '{gone.url}'}}"), NIGHT, record, tmp_path)
    assert record.alerts["email"] == "not sent: the environment variable NOT_SET is not set"
    assert record.alerts["webhook"].startswith("not sent: it cannot be reached (URLError")


def test_mail_is_not_sent_without_the_encryption_that_was_asked_for(box: Mailbox, tmp_path: Path) -> None:
    record = NightRecord(gates=[WARNED])
    night_ends(shop(tmp_path, mail_to(box).replace(", starttls: false", "")), NIGHT, record, tmp_path)
    assert record.alerts == {"email": "not sent: it cannot be reached (SMTPNotSupportedError)"}
    assert box.letters == []


def test_a_night_that_was_killed_is_told_at_the_next_start(box: Mailbox, tmp_path: Path) -> None:
    retailer = shop(tmp_path, mail_to(box))
    night_begins(retailer, NIGHT, NightRecord(), tmp_path)
    assert box.letters == []
    night_begins(retailer, date(2024, 6, 3), NightRecord(), tmp_path)
    [letter] = box.letters
    assert "failed at night 2024-06-02" in letter["Subject"]
    assert "Run `habitue night --date 2024-06-02`" in letter.get_content()
    night_ends(retailer, date(2024, 6, 3), NightRecord(), tmp_path)
    night_begins(retailer, date(2024, 6, 4), NightRecord(), tmp_path)
    assert len(box.letters) == 1


def test_a_night_that_cannot_begin_is_told_and_an_unforeseen_error_without_its_message(
    box: Mailbox, tmp_path: Path
) -> None:
    retailer = shop(tmp_path, mail_to(box))
    locked = LakeLocked("night 2024-06-01 is running", where="state", still_true="Unchanged.", next_step="Wait.")
    night_did_not_begin(retailer, NIGHT, locked, NightRecord(), tmp_path)
    night_did_not_begin(retailer, NIGHT, ValueError("Ann Smith, ann@example.org"), NightRecord(), tmp_path)
    texts = [letter.get_content() for letter in box.letters]
    assert "night 2024-06-01 is running" in texts[0]
    assert "ValueError was raised" in texts[1]
    assert "Ann" not in texts[1]


def test_an_address_that_nobody_can_reach_fails_no_night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGIN", "ann")
    record = NightRecord(gates=[WARNED])
    night_ends(shop(tmp_path, "webhook: {url: 'http://127.0.0.1:port/x', credentials: LOGIN}"), NIGHT, record, tmp_path)
    assert record.alerts["webhook"].startswith("not sent: it cannot be reached (")


@pytest.mark.parametrize(
    ("section", "says"),
    [
        ({}, "name a channel: email or webhook"),
        ({"webhook": {"url": "ftp://x"}}, "webhook.url"),
        ({"webhook": {"url": "https://user:secret@x"}}, "webhook.url"),
        ({"webhook": {"url": "https://x"}, "on": ["success"]}, "on.0"),
        ({"webhook": {"url": "https://x"}, True: []}, "on"),
        ({"email": {"to": [], "from": "a@b.example", "server": "x:25"}}, "email.to"),
        ({"email": {"to": ["a@b.example\nBcc: c@d.example"], "from": "a@b.example", "server": "x:25"}}, "email.to.0"),
        ({"email": {"to": ["a@b.example"], "from": "a@b.example", "server": "x"}}, "email.server"),
        (
            {"email": {"to": ["a@b.example"], "from": "a@b.example", "server": "x:25", "credentials": "X",
                       "starttls": False}},
            "a password goes over TLS alone",
        ),
    ],
)  # fmt: skip
def test_a_section_that_cannot_work_is_refused_when_it_is_loaded(section: dict[object, object], says: str) -> None:
    with pytest.raises(ValidationError) as refused:
        AlertSettings.model_validate(section)
    assert says in str(refused.value)
