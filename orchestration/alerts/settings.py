"""The `alerts` section of the retailer file: who is told of a night that failed or warned, and by which channel."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from quality.owners import EMAIL

Kind = Literal["failure", "warning"]
Address = Annotated[str, StringConstraints(pattern=f"^{EMAIL}$")]
Variable = Annotated[str, StringConstraints(pattern="^[A-Za-z_][A-Za-z0-9_]*$")]
"""The name of an environment variable that holds a secret; the secret itself stands in no file."""


class EmailAlerts(BaseModel):
    """A mail over SMTP.

    Units: server is host:port; credentials names the variable that holds `user:password`, for a server that asks.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    to: Annotated[tuple[Address, ...], Field(min_length=1)]
    sender: Address = Field(alias="from")
    server: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]+:[0-9]{1,5}$")]
    credentials: Variable | None = None
    starttls: bool = True

    @model_validator(mode="after")
    def _secret_only_over_tls(self) -> Self:
        if self.credentials and not self.starttls:
            raise ValueError("a password goes over TLS alone: drop credentials or write `starttls: true`")
        return self


class WebhookAlerts(BaseModel):
    """A POST of JSON; with credentials its body is signed (X-Habitue-Signature, HMAC-SHA256)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s@]+$")]
    credentials: Variable | None = None


class AlertSettings(BaseModel):
    """The channels, and whether they are told of failures, of warnings or of both."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    email: EmailAlerts | None = None
    webhook: WebhookAlerts | None = None
    on: Annotated[tuple[Kind, ...], Field(min_length=1)] = ("failure", "warning")

    @model_validator(mode="before")
    @classmethod
    def _on_is_a_word(cls, section: Any) -> Any:
        # YAML 1.1 reads the bare key `on` as true.
        return (
            {"on" if key is True else key: value for key, value in section.items()} if _has_true(section) else section
        )

    @model_validator(mode="after")
    def _a_channel(self) -> Self:
        if self.email is None and self.webhook is None:
            raise ValueError("name a channel: email or webhook")
        return self


def _has_true(section: Any) -> bool:
    return isinstance(section, dict) and any(key is True for key in section)
