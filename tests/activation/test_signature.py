"""The signature is the one that any tool computes."""

from activation.signature import signature


def test_signature_is_that_of_the_published_vector() -> None:
    # Source: RFC 4231, test case 2.
    known = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert signature("Jefe", b"what do ya want for nothing?") == f"sha256={known}"
