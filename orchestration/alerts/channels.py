"""The channels: a mail over SMTP and a signed POST; either may be down, and says so in words."""

import json
import smtplib
import ssl
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from functools import partial
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from activation.signature import HEADER, signature
from lakehouse.errors import MissingCredentials
from lakehouse.settings import credential
from orchestration.alerts.message import Message
from orchestration.alerts.settings import AlertSettings, EmailAlerts, WebhookAlerts

TIMEOUT = 10
"""Seconds that a channel may take to answer: an alert never holds up a night for long."""
Send = Callable[[Message], None]


def channels(settings: AlertSettings) -> Iterator[tuple[str, Send]]:
    """Every channel that the retailer file names, by name."""
    if settings.email is not None:
        yield "email", partial(mail, settings.email)
    if settings.webhook is not None:
        yield "webhook", partial(post, settings.webhook)


def delivered(send: Send, told: Message) -> str | None:
    """None where the channel took the message, else why it did not, without anything secret."""
    try:
        send(told)
    except MissingCredentials as error:
        return error.what
    except HTTPError as error:
        return f"it answered {error.code}"
    except smtplib.SMTPResponseException as error:
        return f"it answered {error.smtp_code}"
    except Exception as error:  # noqa: BLE001 - an alert fails no night; what happened is recorded
        return f"it cannot be reached ({type(error).__name__})"
    return None


def mail(settings: EmailAlerts, told: Message) -> None:
    """Send one mail to everybody who is named.

    Raises: OSError, SMTPException, MissingCredentials.
    """
    secret = settings.credentials and credential(settings.credentials, where="alerts.email")
    host, port = settings.server.rsplit(":", 1)
    with smtplib.SMTP(host, int(port), timeout=TIMEOUT) as server:
        if settings.starttls:
            server.starttls(context=ssl.create_default_context())
        if secret:
            user, _, password = secret.partition(":")
            server.login(user, password)
        server.send_message(_letter(settings, told))


def post(settings: WebhookAlerts, told: Message) -> None:
    """Send one POST; the receiver checks the signature over the very bytes of the body.

    Raises: OSError, MissingCredentials.
    """
    body = json.dumps(told.payload, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "habitue"}
    if settings.credentials:
        headers[HEADER] = signature(credential(settings.credentials, where="alerts.webhook"), body)
    request = Request(settings.url, data=body, headers=headers, method="POST")
    with build_opener(_NoRedirect).open(request, timeout=TIMEOUT):
        return


class _NoRedirect(HTTPRedirectHandler):
    """A redirected POST would become a GET without its body and count as told."""

    def redirect_request(self, *_args: Any, **_more: Any) -> None:
        """Nowhere: the answer 3xx is then an error."""


def _letter(settings: EmailAlerts, told: Message) -> EmailMessage:
    letter = EmailMessage()
    letter["Subject"], letter["From"], letter["To"] = told.subject, settings.sender, ", ".join(settings.to)
    letter["Date"], letter["Message-ID"] = formatdate(), make_msgid(domain=settings.sender.split("@")[1])
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(told.text)
    return letter
