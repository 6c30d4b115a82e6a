"""Options that let Java reach the network as Python does: the same certificate authorities, the same proxy.

Java brings authorities of its own and reads no proxy variables. Where a company proxy signs anew, downloads failed
with `PKIX path building failed` although pip had just worked.
"""

import contextlib
import os
import ssl
import urllib.request
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import certifi
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption
from cryptography.hazmat.primitives.serialization.pkcs12 import PKCS12Certificate, serialize_java_truststore
from cryptography.x509 import Certificate, load_der_x509_certificate


def java_options(workspace: Path) -> list[str]:
    """Options for Java, with a trust store written into the workspace."""
    store = workspace / "authorities.p12"
    trusted = write_trust_store(store)
    options = [f"-Djavax.net.ssl.trustStore={store}", "-Djavax.net.ssl.trustStorePassword=changeit"]
    return (options if trusted else []) + proxy_options(urllib.request.getproxies())


def proxy_options(proxies: Mapping[str, str]) -> list[str]:
    """Java's options for the proxies that the environment or the system names, by scheme."""
    options = []
    for scheme in ("http", "https"):
        proxy = urlsplit(proxies.get(scheme, ""))
        if proxy.hostname:
            port = proxy.port or (443 if proxy.scheme == "https" else 80)
            options += [f"-D{scheme}.proxyHost={proxy.hostname}", f"-D{scheme}.proxyPort={port}"]
    direct = [name.strip() for name in proxies.get("no", "").split(",") if name.strip()]
    patterns = "|".join(f"*{name}" if name.startswith(".") else name for name in direct)
    return [*options, f"-Dhttp.nonProxyHosts={patterns}"] if options and direct else options


def write_trust_store(store: Path) -> int:
    """Number of certificate authorities written as a PKCS12 trust store for Java, from the bundle that Python uses."""
    trusted = [
        PKCS12Certificate(one, f"authority-{number}".encode()) for number, one in enumerate(python_authorities())
    ]
    if trusted:
        store.write_bytes(serialize_java_truststore(trusted, BestAvailableEncryption(b"changeit")))
    return len(trusted)


def python_authorities() -> Iterable[Certificate]:
    """Each certificate authority that Python's ssl, pip's and requests' settings or certifi trust, once."""
    for encoded in sorted(trusted_encodings()):
        with warnings.catch_warnings(), contextlib.suppress(ValueError):
            # Some old authorities break the standard; Java does without them.
            warnings.simplefilter("ignore")
            yield load_der_x509_certificate(encoded)


def trusted_encodings() -> set[bytes]:
    """The authorities of every bundle that a Python program on this machine is told to trust, in DER."""
    context = ssl.create_default_context()
    named = (os.environ.get(variable) for variable in ("PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"))
    for bundle in [certifi.where(), *filter(None, named)]:
        if Path(bundle).is_file():
            context.load_verify_locations(cafile=bundle)
    return set(context.get_ca_certs(binary_form=True))
