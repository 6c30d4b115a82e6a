"""Java reaches the network through the same authorities and proxies as Python."""

from pathlib import Path

from scripts.java_network import java_options, proxy_options


def test_authorities_that_python_trusts_are_handed_to_java(tmp_path: Path) -> None:
    store = f"-Djavax.net.ssl.trustStore={tmp_path / 'authorities.p12'}"
    assert store in java_options(tmp_path)
    assert (tmp_path / "authorities.p12").stat().st_size > 10_000


def test_proxies_that_python_uses_are_handed_to_java() -> None:
    proxies = {"https": "http://name:secret@proxy.example:3128", "no": "localhost, .example.net"}
    proxy = ["-Dhttps.proxyHost=proxy.example", "-Dhttps.proxyPort=3128"]
    assert proxy_options(proxies) == [*proxy, "-Dhttp.nonProxyHosts=localhost|*.example.net"]
    assert proxy_options({}) == []
