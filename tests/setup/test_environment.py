"""The Python environment comes from the registry and the certificates that pip is configured for."""

import sys

import pytest

from scripts import environment


def test_registry_and_certificates_of_pip_are_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("UV_DEFAULT_INDEX", "UV_INDEX", "SSL_CERT_FILE"):
        monkeypatch.delenv(variable, raising=False)
    configured = {"index-url": "the mirror", "cert": "company.pem"}
    monkeypatch.setattr(environment, "pip_settings", lambda: configured)
    passed = environment.uv_environment()
    assert passed["UV_DEFAULT_INDEX"] == "the mirror"
    assert passed["SSL_CERT_FILE"] == "company.pem"
    assert passed["UV_PYTHON_DOWNLOADS"] == "never"


def test_what_the_user_told_uv_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "my own")
    monkeypatch.setattr(environment, "pip_settings", lambda: {"index-url": "another"})
    assert environment.uv_environment()["UV_DEFAULT_INDEX"] == "my own"


def test_unsupported_python_is_told_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 18))
    monkeypatch.setenv("PATH", "nowhere")
    with pytest.raises(
        SystemExit, match=r"(?s)Python 3\.9\.18.*3\.11 or 3\.12.*Nothing was installed.*make setup PYTHON="
    ):
        environment.use_supported_python()
