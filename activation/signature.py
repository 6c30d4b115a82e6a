"""The proof that a body was sent by somebody who knows the shared secret."""

import hashlib
import hmac

HEADER = "X-Habitue-Signature"


def signature(secret: str, message: bytes) -> str:
    """`sha256=` and the HMAC-SHA256 of the message in hexadecimal: what stands in HEADER.

    Source: RFC 2104.
    """
    return "sha256=" + hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
