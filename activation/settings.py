"""The sections `syncs`, `audiences` and `destinations` of the retailer file."""

from collections.abc import Iterable
from typing import Annotated, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator
from pydantic_core import ErrorDetails

from activation import DESTINATIONS
from activation.consent import Asked
from activation.destination import DestinationKeys, DestinationSettings
from activation.payload import ADDRESSES
from lakehouse.names import nearest

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Grade = Literal["A", "B", "C", "D", "E"]
Channel = Literal["email", "phone", "sms", "post", "push"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)
SCORE_FIELDS = ("churn_band", "value_band", "segment", "reasons", "valid_until", "grade")


class FrequencyCap(BaseModel):
    """At most so many contacts on one channel within so many days."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    contacts: Annotated[int, Field(ge=1)]
    days: Annotated[int, Field(ge=1, le=366)]


class ChannelSettings(BaseModel):
    """What the privacy officer allowed on one channel, how often anybody is contacted there, and what a contact costs.

    Units: without consent as legal basis whoever did not refuse may be contacted, and `officer` says who decided so;
           contact_costs is the price of one message in the retailer's currency, None where nobody said it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    legal_basis: Literal["consent", "legitimate_interest", "contract"] = "consent"
    officer: Annotated[str, StringConstraints(min_length=1)] | None = None
    frequency_cap: FrequencyCap | None = None
    contact_costs: Annotated[float, Field(ge=0, strict=True, allow_inf_nan=False)] | None = None

    @model_validator(mode="after")
    def _decided_by_somebody(self) -> Self:
        if self.legal_basis != "consent" and self.officer is None:
            raise ValueError("officer is missing: name who decided that no consent is asked for")
        return self


class ProfilingSettings(BaseModel):
    """Why customers may be scored; who objects is not scored, and is cleared where scores were written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    legal_basis: Literal["legitimate_interest", "contract"] = "legitimate_interest"
    officer: Annotated[str, StringConstraints(min_length=1)] | None = None


class Sync(BaseModel):
    """Scores written onto the records of a destination; nobody is contacted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    to: str
    fields: Annotated[tuple[Name, ...], Field(min_length=1)]


class Audience(BaseModel):
    """People who will be contacted.

    Units: where is Spark SQL over the customer view (activation/frames.py); holdout is a share from 0 to below 1;
           rollout is the share of those who meet all conditions that the audience begins with: when it grows, who is in
           stays in; lift_days is how long after the first contact its effect is measured; an empty brand stands for all
           brands; frequency_cap is that of the channel unless stated; of the audiences of one channel that state a
           priority a customer is in the one with the highest alone.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    to: str
    where: Annotated[str, StringConstraints(min_length=1)]
    channel: Channel
    purpose: Annotated[str, StringConstraints(min_length=1)]
    min_grade: Grade = "C"
    brand: str = ""
    holdout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    rollout: Annotated[float, Field(gt=0, le=1)] = 1.0
    frequency_cap: FrequencyCap | None = None
    priority: int | None = None
    lift_days: Annotated[int, Field(ge=1, le=730)] = 30
    fields: tuple[Name, ...] = SCORE_FIELDS


class Activation(BaseModel):
    """The sections of activation; `orchestration/retailer.py` composes them into the whole file.

    Units: global_holdout is the share of customers, from 0 to below 1, whom no audience contacts.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    syncs: dict[Name, Sync] = Field(default_factory=dict)
    audiences: dict[Name, Audience] = Field(default_factory=dict)
    global_holdout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    destinations: dict[Name, DestinationSettings] = Field(default_factory=dict)
    channels: dict[Channel, ChannelSettings] = Field(default_factory=dict)
    profiling: ProfilingSettings = ProfilingSettings()

    @property
    def sendings(self) -> dict[str, Sync | Audience]:
        """Every sync and audience by its name."""
        return {**self.syncs, **self.audiences}

    @property
    def contact_costs(self) -> dict[str, float]:
        """What a contact costs, by each channel whose price the file tells."""
        prices = {name: channel.contact_costs for name, channel in self.channels.items()}
        return {name: price for name, price in prices.items() if price is not None}

    def channel_of(self, audience: Audience) -> ChannelSettings:
        """What holds on the channel of an audience: consent is asked for where the file says nothing."""
        return self.channels.get(audience.channel, ChannelSettings())

    def cap_of(self, audience: Audience) -> FrequencyCap | None:
        """The frequency cap of an audience: its own before that of its channel."""
        return audience.frequency_cap or self.channel_of(audience).frequency_cap

    def asked_of(self, name: str) -> Asked | None:
        """What is asked of the consents before a sync or audience is sent; None where nobody is contacted by it."""
        audience = self.audiences.get(name)
        return self.asked(audience) if audience else None

    def asked(self, audience: Audience) -> Asked:
        """What is asked of the consents before an audience contacts anybody."""
        opt_out = self.channel_of(audience).legal_basis != "consent"
        return Asked(channel=audience.channel, purpose=audience.purpose, brand=audience.brand, opt_out=opt_out)

    def fields_of(self, destination: str) -> list[str]:
        """The fields that any sync or audience writes into one destination."""
        return sorted({field for one in self.sendings.values() if one.to == destination for field in one.fields})

    def source_of(self, name: str) -> str:
        """The source whose contact ids the destination of this sync or audience uses."""
        return self.destinations[self.sendings[name].to].source

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        problems = [*_shared_names(self), *_unknown_targets(self), *_wrong_destinations(self.destinations)]
        problems += [*_unknown_bands(self), *_without_address(self), *_sharing_a_list(self)]
        problems += [*_without_consent(self), *_writing_one_field(self)]
        if problems:
            raise ValueError("; ".join(problems))
        return self


def unknown_sources(activation: Activation, sources: Iterable[str]) -> list[str]:
    """A sentence per destination whose source the retailer file does not have."""
    known = sorted(sources)
    return [
        f"destinations.{name}.source: there is no source {settings.source}{nearest(settings.source, known)}"
        for name, settings in activation.destinations.items()
        if settings.source not in known
    ]


def _shared_names(activation: Activation) -> list[str]:
    shared = activation.syncs.keys() & activation.audiences.keys()
    return [
        f"audiences.{name}: a sync has the same name; the ledger tells them apart by name" for name in sorted(shared)
    ]


def _unknown_targets(activation: Activation) -> list[str]:
    return [
        f"{name}.to: there is no destination {sending.to}{nearest(sending.to, activation.destinations)}"
        for name, sending in activation.sendings.items()
        if sending.to not in activation.destinations
    ]


def _unknown_bands(activation: Activation) -> list[str]:
    """A sentence per stated dead band of a field that is not sent there."""
    problems = []
    for name, settings in activation.destinations.items():
        sent = {field for sending in activation.sendings.values() if sending.to == name for field in sending.fields}
        stated = settings.dead_bands if "dead_bands" in settings.model_fields_set else {}
        problems += [
            f"destinations.{name}.dead_bands: no field {field} is sent there{nearest(field, sorted(sent))}"
            for field in stated
            if field not in sent
        ]
    return problems


def _without_address(activation: Activation) -> list[str]:
    """A sentence per sync or audience that sends no address to a tool that knows people by nothing else."""
    return [
        f"{name}.fields: {sending.to} knows people by address alone; name email or phone"
        for name, sending in activation.sendings.items()
        if _by_address(activation.destinations.get(sending.to)) and not {*ADDRESSES} & {*sending.fields}
    ]


def _without_consent(activation: Activation) -> list[str]:
    """A sentence per audience that asks for no consent and goes to a tool that is told of everybody's."""
    return [
        f"audiences.{name}.channel: {audience.to} is told that everybody consented, and the legal basis of "
        f"{audience.channel} is {activation.channel_of(audience).legal_basis}"
        for name, audience in activation.audiences.items()
        if activation.channel_of(audience).legal_basis != "consent"
        and (settings := activation.destinations.get(audience.to))
        and (kind := DESTINATIONS.get(settings.type))
        and kind.capabilities.told_of_consent
    ]


def _sharing_a_list(activation: Activation) -> list[str]:
    """A sentence per destination that is one list in its tool and is sent more than one sync or audience."""
    problems = []
    for name, settings in activation.destinations.items():
        sent = [sending for sending, one in activation.sendings.items() if one.to == name]
        kind = DESTINATIONS.get(settings.type)
        if len(sent) < 2 or kind is None or _wrong_keys(settings, kind.keys):
            continue
        if kind.keys.model_validate(settings.keys).one_list:
            problems.append(f"destinations.{name}: it is one list there; give each of {', '.join(sent)} its own entry")
    return problems


def _writing_one_field(activation: Activation) -> list[str]:
    """A sentence per field of a tool's contacts that two syncs or audiences would write, each over the other."""
    written: dict[tuple[object, ...], str] = {}
    problems = []
    for name, sending in activation.sendings.items():
        settings = activation.destinations.get(sending.to)
        kind = DESTINATIONS.get(settings.type) if settings else None
        if settings is None or kind is None or not kind.capabilities.one_value_per_field:
            continue
        for field in sending.fields:
            tool = (settings.type, settings.credentials, settings.keys.get("url"), field)
            first = written.setdefault(tool, name)
            if first != name:
                problems.append(
                    f"{name}.fields: {field} is written onto the same contacts by {first}, each would undo the other; "
                    "take it out of one (`fields: []` for none)"
                )
    return problems


def _by_address(settings: DestinationSettings | None) -> bool:
    kind = DESTINATIONS.get(settings.type) if settings else None
    return kind is not None and kind.capabilities.known_by == "address"


def _wrong_destinations(destinations: dict[str, DestinationSettings]) -> list[str]:
    problems = []
    for name, settings in destinations.items():
        if settings.type not in DESTINATIONS:
            problems.append(
                f"destinations.{name}.type: there is no destination type {settings.type}"
                f"{nearest(settings.type, DESTINATIONS)}"
            )
            continue
        kind = DESTINATIONS[settings.type]
        if kind.capabilities.needs_credentials and settings.credentials is None:
            problems.append(f"destinations.{name}.credentials is missing")
        problems += [f"destinations.{name}.{problem}" for problem in _wrong_keys(settings, kind.keys)]
    return problems


def _wrong_keys(settings: DestinationSettings, keys: type[DestinationKeys]) -> list[str]:
    """What is wrong with the keys of the entry's type, each sentence starting with the key."""
    try:
        keys.model_validate(settings.keys)
    except ValidationError as error:
        known = sorted({*keys.model_fields, *DestinationSettings.model_fields})
        return [_key_problem(problem, known) for problem in error.errors(include_url=False, include_input=False)]
    return []


def _key_problem(problem: ErrorDetails, known: list[str]) -> str:
    key = ".".join(map(str, problem["loc"]))
    if problem["type"] == "missing":
        return f"{key} is missing"
    if problem["type"] == "extra_forbidden":
        return f"{key}: unknown key{nearest(key, known)}"
    return f"{key}: {problem['msg'].removeprefix('Value error, ')}"
