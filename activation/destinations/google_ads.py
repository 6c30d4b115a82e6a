"""Customer Match lists of Google Ads, over the Data Manager API: taken now, matched by Google later.

Every member is sent with consent to the use of his data and to personalised ads: nobody without a recorded consent
comes this far, and an audience on a channel with another legal basis is refused when the file is loaded. What Google
answers is that it took a request; `status` asks what became of it.

Source: "Method: audienceMembers.ingest", "audienceMembers.remove", "requestStatus.retrieve", "Format user data",
        "Configure destinations", "Set up API access" and "Limits and quotas", developers.google.com/data-manager/api;
        dots and suffix of Google's own addresses as its formatter drops them (GitHub, googleads/data-manager-python);
        "Using OAuth 2.0 for Server to Server Applications", developers.google.com/identity.
"""

import json
import re
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import httpx
from pydantic import StringConstraints

from activation.destination import Answer, Batch, BatchRefused, Capabilities, DestinationKeys, DestinationSettings
from activation.http import Bearer, Client, Clock
from activation.http_answers import NOT_ALLOWED, answered, refused_credentials, unexpected, wrong_settings
from activation.matching import Hashes, change

URL = "https://datamanager.googleapis.com/v1"
SCOPE = "https://www.googleapis.com/auth/datamanager"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
HOUR = 3600
"""Seconds that a token is good for; a new one is asked for a minute earlier."""
REQUEST = re.compile(r"[\w-]{1,100}")
OWN_DOMAINS = frozenset({"gmail.com", "googlemail.com"})
CONSENT = {"adUserData": "CONSENT_GRANTED", "adPersonalization": "CONSENT_GRANTED"}
ABOUT_THE_LIST = frozenset({"INVALID_USER_LIST_ID", "INVALID_USER_LIST_TYPE", "INVALID_DESTINATION", "NOT_FOUND"})
Id = Annotated[str, StringConstraints(pattern=r"^\d+$")]


class GoogleAdsKeys(DestinationKeys):
    """Keys of a `google_ads` entry: the account, the list in it, and the manager account that gives access, if any."""

    account_id: Id
    audience_id: Id
    login_account_id: Id | None = None
    terms_accepted: Literal[True]
    """Who writes it says that the account has accepted Google's terms of Customer Match."""

    @property
    def one_list(self) -> bool:
        """An entry is one list."""
        return True


class GoogleAds:
    """One request per batch and direction; a removal and a changed address name what was sent before."""

    capabilities = Capabilities(
        summary="a Customer Match list of Google Ads (Data Manager API)",
        operations=frozenset({"add", "update", "remove"}),
        batch_size=10_000,
        needs_credentials=True,
        calls_per_second=5,
        known_by="address",
        delete_a_person=True,
        told_of_consent=True,
    )
    keys: type[DestinationKeys] = GoogleAdsKeys

    def __init__(self, keys: GoogleAdsKeys, client: Client, *, url: str = URL) -> None:
        self.client, self.url = client, url
        self._to = _destination(keys)

    @classmethod
    def opened(cls, settings: DestinationSettings, *, folder: Path, secret: str | None) -> "GoogleAds":  # noqa: ARG003
        """The entry's list; `credentials` names the variable with a bearer token or a service account's JSON key."""
        keys = GoogleAdsKeys.model_validate(settings.keys)
        limit = settings.calls_per_second or cls.capabilities.calls_per_second
        return cls(keys, client(secret or "", calls_per_second=limit))

    def check(self) -> None:
        """Ask for a validation without effect, of a member that is nobody.

        Raises: WrongCall if credentials, account or list are wrong, DestinationUnavailable.
        """
        nobody = Hashes(email="0" * 64)
        try:
            self._post("ingest", [_member(nobody)], validate_only=True)
        except BatchRefused as refusal:
            raise wrong_settings(f"it refuses a sample: {refusal.what}", self.client.name) from None

    def send(self, batch: Batch) -> Mapping[str, Answer]:
        """Take off what was sent before and is not said any more, then add.

        Raises: BatchRefused if Google refuses the request for a member in it, DestinationUnavailable, WrongCall.
        """
        due = change(batch, email=email_form, phone=phone_form)
        removed = _taken(self._all("remove", [_member(gone) for gone in due.gone]))
        added = _taken(self._all("ingest", [_member(come) for come in due.come.values()]))
        taken = {key: added if key in due.come else removed for key in batch.keys}
        return taken | due.refusals

    def status(self, request_id: str) -> str:
        """What has become of a request: PROCESSING, SUCCESS, PARTIAL_SUCCESS or FAILED.

        Raises: DestinationUnavailable, WrongCall.
        """
        asked = urlencode({"requestId": request_id})
        said = self._said(self.client.request("GET", f"{self.url}/requestStatus:retrieve?{asked}"))
        per_destination = said.get("requestStatusPerDestination") or [{}]
        return str(per_destination[0].get("requestStatus", "PROCESSING"))

    def _all(self, method: str, members: Sequence[Mapping[str, Any]]) -> list[str]:
        """The ids of the requests that took these members."""
        size = self.capabilities.batch_size or len(members)
        parts = [members[start : start + size] for start in range(0, len(members), size)]
        return [str(self._post(method, part, validate_only=False).get("requestId", "")) for part in parts]

    def _post(self, method: str, members: Sequence[Mapping[str, Any]], *, validate_only: bool) -> dict[str, Any]:
        body: dict[str, Any] = {
            "destinations": [self._to],
            "audienceMembers": members,
            "validateOnly": validate_only,
            "encoding": "HEX",
        }
        if method == "ingest":
            body |= {"consent": CONSENT, "termsOfService": {"customerMatchTermsOfServiceStatus": "ACCEPTED"}}
        headers = {"Content-Type": "application/json; charset=utf-8"}
        return self._said(self.client.post(f"{self.url}/audienceMembers:{method}", json.dumps(body).encode(), headers))

    def _said(self, answer: httpx.Response) -> dict[str, Any]:
        where = self.client.name
        if answer.status_code in NOT_ALLOWED:
            raise refused_credentials(answer.status_code, where=where)
        said = answered(answer, where=where)
        if answer.is_success:
            return said
        reasons = _reasons(said)
        if reasons & ABOUT_THE_LIST or answer.status_code == httpx.codes.NOT_FOUND:
            raise wrong_settings("it has no such list in this account that takes contact data", where)
        if answer.status_code == httpx.codes.BAD_REQUEST:
            told = ", ".join(sorted(reasons)) or "no reason that can be kept"
            raise BatchRefused(f"it answered 400 ({told})", where=where)
        raise unexpected(f"it answers {answer.status_code}", where=where)


class ServiceAccount(httpx.Auth):
    """A service account: its key signs a request for a token, which is good for an hour."""

    requires_response_body = True

    def __init__(self, key: Mapping[str, str], clock: Clock) -> None:
        self._key, self._clock = key, clock
        self._token, self._ends = "", 0.0

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """The request with a token, after a call that asks for one where the last has ended."""
        if self._clock.unix() >= self._ends:
            answer = yield self._asking()
            if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
                raise unexpected(f"it answers {answer.status_code} where a token is asked for", where="Google Ads")
            token = answer.json().get("access_token") if answer.is_success else None
            if not token:
                raise refused_credentials(answer.status_code, where="Google Ads")
            self._token, self._ends = str(token), self._clock.unix() + HOUR - 60
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request

    def _asking(self) -> httpx.Request:
        from google.auth import crypt, jwt

        now = int(self._clock.unix())
        claims = {"iss": self._key["client_email"], "scope": SCOPE, "aud": self._key["token_uri"]}
        signer = crypt.RSASigner.from_service_account_info(self._key)  # type: ignore[no-untyped-call]
        signed = jwt.encode(signer, claims | {"iat": now, "exp": now + HOUR})  # type: ignore[no-untyped-call]
        return httpx.Request("POST", self._key["token_uri"], data={"grant_type": GRANT, "assertion": signed.decode()})


def client(secret: str, *, clock: Clock | None = None, **limits: Any) -> Client:
    """A client that carries a token: the secret itself, or one that a service account's key asks for.

    Raises: WrongCall if the secret looks like a key and is none.
    """
    known = clock or Clock()
    return Client("Google Ads", auth=_auth(secret, known), clock=known, **limits)


def email_form(email: str) -> str | None:
    """Google's normal form: without any space, in lower case; at Google's own domains without dots and +suffix."""
    form = "".join(email.split()).lower()
    user, at, domain = form.partition("@")
    if domain in OWN_DOMAINS:
        user = user.partition("+")[0].replace(".", "")
    return f"{user}@{domain}" if user and at and domain and "@" not in domain else None


def phone_form(phone: str) -> str | None:
    """Google's normal form: E.164, a plus and digits."""
    digits = "".join(sign for sign in phone if sign in "0123456789")
    return f"+{digits}" if digits else None


def _auth(secret: str, clock: Clock) -> httpx.Auth:
    if not secret.lstrip().startswith("{"):
        return Bearer(secret)
    try:
        key = json.loads(secret)
    except ValueError:
        key = {}
    if {"client_email", "token_uri", "private_key"} <= key.keys():
        return ServiceAccount(key, clock)
    raise wrong_settings("what `credentials` names is no key of a service account", "Google Ads")


def _taken(requests: Sequence[str]) -> Answer:
    """What is known when Google has taken a request: by its id `status` tells later what became of it."""
    named = [request for request in requests if REQUEST.fullmatch(request)]
    return Answer("acknowledged", f"taken in request {', '.join(named)}; Google matches it later" if named else None)


def _destination(keys: GoogleAdsKeys) -> dict[str, Any]:
    account = {"accountType": "GOOGLE_ADS", "accountId": keys.account_id}
    login = {"accountType": "GOOGLE_ADS", "accountId": keys.login_account_id} if keys.login_account_id else account
    return {"operatingAccount": account, "loginAccount": login, "productDestinationId": keys.audience_id}


def _member(person: Hashes) -> dict[str, Any]:
    found = (("emailAddress", person.email), ("phoneNumber", person.phone))
    return {"userData": {"userIdentifiers": [{name: value} for name, value in found if value]}}


def _reasons(said: Mapping[str, Any]) -> set[str]:
    """The codes that a refusal gives; its sentences may quote a person and are not kept."""
    error = said.get("error")
    details = error.get("details", []) if isinstance(error, dict) else []
    found = {str(one.get("reason")) for one in details if isinstance(one, dict)}
    for one in details:
        violations = one.get("fieldViolations", []) if isinstance(one, dict) else []
        found |= {str(violation.get("reason")) for violation in violations}
    return {reason for reason in found if reason.isascii() and reason.replace("_", "").isalpha() and reason.isupper()}
