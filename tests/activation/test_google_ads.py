"""Customer Match of Google Ads, against a server that does what the Data Manager API's documentation says."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from pydantic import ValidationError

from activation.circuit import Circuit
from activation.destination import Addresses, Answer
from activation.destinations.google_ads import (
    GoogleAds,
    GoogleAdsKeys,
    client,
    email_form,
    phone_form,
)
from activation.http import Clock
from activation.matching import NO_ADDRESS
from activation.settings import Activation
from lakehouse.errors import WrongCall
from tests.activation.test_meta import batch, hashed, record
from tests.activation.vendors import GoogleServer

NOON = 1_772_366_400
KEYS = GoogleAdsKeys(account_id="100", audience_id="300", login_account_id="90", terms_accepted=True)


@contextmanager
def tool(token: str = "good-token", **other: Any) -> Iterator[tuple[GoogleServer, GoogleAds]]:
    server = GoogleServer(**other)
    with server.listening() as url:
        yield server, GoogleAds(KEYS, client(token, clock=Clock(sleep=lambda _: None), timeout=2), url=url)


# Source: the quickstart "Send audience members" of the Data Manager API (formatted, hashed and encoded data).
@pytest.mark.parametrize(
    ("email", "digest"),
    [
        ("dana@example.com", "07e2f1394b0ea80e2adca010ea8318df697001a005ba7452720edda4b0ce57b3"),
        ("DanaM@example.com", "1df6b43bc68dd38eca94e6a65b4f466ae537b796c81a526918b40ac4a7b906c7"),
    ],
)
def test_addresses_are_hashed_as_the_documentation_shows(email: str, digest: str) -> None:
    assert sha256(str(email_form(email)).encode()).hexdigest() == digest


@pytest.mark.parametrize(
    ("email", "form"),
    [
        ("quinn@CYMBALGROUP.com", "quinn@cymbalgroup.com"),
        ("baklavainthebalkans@gmail.com  ", "baklavainthebalkans@gmail.com"),
        ("Cloudy.San.Francisco+shop@GoogleMail.com", "cloudysanfrancisco@googlemail.com"),
        ("a.b+c@example.org", "a.b+c@example.org"),
        ("ÅSA@exämple.se", "åsa@exämple.se"),
        ("+only@gmail.com", None),
        ("a@b@c", None),
    ],
)
def test_emails_have_googles_normal_form(email: str, form: str | None) -> None:
    assert email_form(email) == form


def test_phones_are_e164_with_a_plus() -> None:
    assert phone_form("+1 800-555-0100") == "+18005550100"
    assert phone_form("none") is None


def test_people_come_change_address_and_go_by_what_was_sent() -> None:
    old, new = Addresses("old@example.org", "+32470000000"), Addresses("new@example.org", "+32470000000")
    with tool() as (server, google):
        google.check()
        assert server.people == set()
        answers = google.send(batch(record("1", now=old), record("2", now=Addresses("b@gmail.com"))))
        taken = Answer("acknowledged", "taken in request request-1; Google matches it later")
        assert answers == {"contact:crm:1": taken, "contact:crm:2": taken}
        google.send(batch(record("1", "update", now=new, held=(old,))))
        assert server.people == hashed("new@example.org", "+32470000000", "b@gmail.com")
        assert google.send(batch(record("1", "remove", held=(new,))))["contact:crm:1"].verdict == "acknowledged"
        google.send(batch(record("2", "update", now=Addresses("B+shop@gmail.com"), held=(Addresses("b@gmail.com"),))))
        assert server.people == hashed("b@gmail.com"), "two forms of one mailbox are one person"


def test_a_request_says_consent_terms_and_the_accounts_of_the_entry() -> None:
    with tool() as (server, google):
        google.send(batch(record("1", now=Addresses("a@example.org"))))
    said = server.calls[-1].json
    assert said["consent"] == {"adUserData": "CONSENT_GRANTED", "adPersonalization": "CONSENT_GRANTED"}
    assert said["destinations"] == [
        {
            "operatingAccount": {"accountType": "GOOGLE_ADS", "accountId": "100"},
            "loginAccount": {"accountType": "GOOGLE_ADS", "accountId": "90"},
            "productDestinationId": "300",
        }
    ]
    assert "example.org" not in server.calls[-1].body.decode()


def test_what_was_taken_can_be_asked_for_later() -> None:
    with tool() as (server, google):
        [answer] = google.send(batch(record("1", now=Addresses("a@example.org")))).values()
        request = str(answer.message).split(";")[0].removeprefix("taken in request ")
        assert google.status(request) == "PROCESSING"
        server.statuses[request] = "PARTIAL_SUCCESS"
        assert google.status(request) == "PARTIAL_SUCCESS"


def test_a_member_that_google_refuses_is_found_by_halves() -> None:
    bad = sha256(b"bad@example.org").hexdigest()
    with tool(refuses=bad) as (_, google):
        people = [record(name, now=Addresses(f"{name}@example.org")) for name in ("a", "bad", "c")]
        answers = Circuit(google).send(batch(*people, record("none", now=Addresses("nonsense"))))
    assert answers["contact:crm:bad"] == Answer(
        "rejected", "it answered 400 (INVALID_ARGUMENT, INVALID_AUDIENCE_MEMBER)"
    )
    assert answers["contact:crm:none"] == NO_ADDRESS
    assert {answers[f"contact:crm:{name}"].verdict for name in "ac"} == {"acknowledged"}


def test_wrong_credentials_and_a_wrong_list_are_found_by_the_check() -> None:
    with (
        tool(token="expired") as (_, google),
        pytest.raises(WrongCall, match=r"refuses the credentials \(401\)") as told,
    ):
        google.check()
    assert "example.org" not in str(told.value)
    with tool(audience="301") as (_, google), pytest.raises(WrongCall, match="no such list"):
        google.check()


def test_a_call_too_many_is_made_again_after_the_wait_that_was_asked_for() -> None:
    with tool(too_many=2) as (server, google):
        google.send(batch(record("1", now=Addresses("a@example.org"))))
        assert len(server.calls) == 3


def test_a_service_account_signs_for_a_token_and_again_when_it_has_ended() -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    server, now = GoogleServer(), [NOON]
    with server.listening() as url:
        key = {"client_email": "robot@project.example", "token_uri": f"{url}/token", "private_key": pem}
        clock = Clock(unix=lambda: now[0], sleep=lambda _: None)
        google = GoogleAds(KEYS, client(json.dumps(key), clock=clock, timeout=2), url=url)
        for moment in (NOON, NOON + 3000, NOON + 3600):
            now[0] = moment
            google.send(batch(record("1", now=Addresses("a@example.org"))))
    assert len(server.grants) == 2
    head, claims, signature = server.grants[0]["assertion"].split(".")
    assert json.loads(_decoded(claims)) | {"aud": ""} == {
        "iss": "robot@project.example",
        "scope": "https://www.googleapis.com/auth/datamanager",
        "aud": "",
        "iat": NOON,
        "exp": NOON + 3600,
    }
    signed = f"{head}.{claims}".encode()
    private.public_key().verify(_decoded(signature), signed, padding.PKCS1v15(), hashes.SHA256())


def test_a_key_that_is_none_is_refused_without_being_told() -> None:
    with pytest.raises(WrongCall, match="no key of a service account") as told:
        client('{"client_email": "robot@project.example"}')
    assert "robot" not in str(told.value)


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def test_an_audience_that_asks_for_no_consent_may_not_go_there() -> None:
    entry = {"type": "google_ads", "source": "crm", "credentials": "KEY", "terms_accepted": True}
    audience = {"to": "google", "where": "true", "channel": "email", "purpose": "advertising", "fields": ["email"]}
    file = {
        "destinations": {"google": entry | {"account_id": "1", "audience_id": "2"}},
        "audiences": {"win_back": audience},
    }
    Activation.model_validate(file)
    basis = {"legal_basis": "legitimate_interest", "officer": "Ann Vos"}
    with pytest.raises(ValidationError, match="the legal basis of email is legitimate_interest"):
        Activation.model_validate(file | {"channels": {"email": basis}})
