"""The retailer file: one YAML that holds all that differs between two retailers; each folder owns its section."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, Self, get_args
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator

from activation.settings import Activation, unknown_sources
from lakehouse.errors import InvalidRetailerFile
from lakehouse.names import nearest
from models.settings import Attribute, ChurnSettings, LifetimeValueSettings
from orchestration.alerts.settings import AlertSettings
from orchestration.tables import all_tables
from orchestration.yaml_lines import LinedYaml, load_lined
from pipelines.canonical import ENTITIES
from pipelines.identity.overrides import read_overrides
from pipelines.mapping import IdentitySettings, Name, Source, TimeZone
from pipelines.measures import critical_columns
from pipelines.raw import raw_table
from quality.calendar import SpecialDay
from quality.critical import CRITICAL
from quality.owners import Owners
from quality.settings import RuleSettings


class Retailer(Activation):
    """All that differs between two retailers; syncs, audiences and destinations are those of Activation.

    Units: first_night is the first night D; currency is the ISO 4217 code that amounts are converted to.
    """

    retailer: str
    first_night: date
    currency: str = Field(pattern="^[A-Z]{3}$")
    timezone: TimeZone = "UTC"
    sources: dict[Name, Source] = Field(min_length=1)
    identity: IdentitySettings = IdentitySettings()
    churn: ChurnSettings = ChurnSettings()
    lifetime_value: LifetimeValueSettings = LifetimeValueSettings()
    fairness: tuple[Attribute, ...] = ()
    rules: tuple[RuleSettings, ...] = ()
    calendar: tuple[SpecialDay, ...] = ()
    owners: Owners = Owners()
    alerts: AlertSettings | None = None
    critical: dict[Name, tuple[str, ...]] = Field(default={}, validate_default=True)

    @field_validator("critical")
    @classmethod
    def _known_columns(cls, added: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        """The use cases of the file beside the built-in ones, or in their place."""
        known = [f"{entity.name}.{column}" for entity in ENTITIES.values() for column in critical_columns(entity)]
        wrong = [name for names in added.values() for name in names if name not in known]
        if wrong:
            raise ValueError("; ".join(f"there is no column {name}{nearest(name, known)}" for name in wrong))
        return {**CRITICAL, **added}

    @model_validator(mode="after")
    def _what_is_named_exists(self) -> Self:
        problems = [
            *unknown_sources(self, self.sources),
            *_unknown_in_identity(self.identity, self.sources),
            *self.owners.unknown(self.sources, [table.name for table in all_tables(self)]),
        ]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def owner(self, table: str) -> str:
        """Who looks after a table: its own line in `owners`, the owner of the source that delivers it, the default."""
        delivered_by = {
            raw_table(name, one).name: name for name, source in self.sources.items() for one in source.deliveries
        }
        return self.owners.of(table, source=delivered_by.get(table))

    def as_of(self, night: date) -> datetime:
        """00:00 of the night in the retailer's time zone, as UTC."""
        return datetime.combine(night, time(), ZoneInfo(self.timezone)).astimezone(UTC)


def load_retailer(path: Path) -> Retailer:
    """The retailer file, checked.

    Raises: InvalidRetailerFile naming the file, the line, the key's path and the nearest allowed names; WrongCall if
            its overrides cannot be understood or contradict one another.
    """
    document = load_lined(path)
    try:
        retailer = Retailer.model_validate(document.value)
    except ValidationError as error:
        raise _invalid(path, document, error) from None
    if retailer.identity.overrides is None:
        return retailer
    beside = path.resolve().parent / retailer.identity.overrides
    read_overrides(beside)
    identity = retailer.identity.model_copy(update={"overrides": beside})
    return retailer.model_copy(update={"identity": identity})


def _unknown_in_identity(identity: IdentitySettings, sources: Iterable[str]) -> list[str]:
    """A sentence per source that the section `identity` names and the retailer file does not have."""
    known = sorted(sources)
    named = [("trust", name) for name in identity.trust] + [
        ("duplicate_free", name) for name in identity.duplicate_free
    ]
    return [
        f"identity.{key}: there is no source {name}{nearest(name, known)}" for key, name in named if name not in known
    ]


def _invalid(path: Path, document: LinedYaml, error: ValidationError) -> InvalidRetailerFile:
    problems = [_problem(document, dict(problem)) for problem in error.errors(include_url=False, include_input=False)]
    return InvalidRetailerFile(
        "; ".join(problems),
        where=str(path),
        still_true="Nothing was started and no table was changed.",
        next_step=f"Correct the file, then `habitue check {path} --landing DIR`.",
    )


def _problem(document: LinedYaml, problem: Mapping[str, Any]) -> str:
    location = [
        part for part in problem["loc"] if part != "[key]" and not _is_union_tag(document, part, problem["loc"])
    ]
    where = ".".join(str(part) for part in location) or "the file"
    message = str(problem["msg"]).removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        message = f"unknown key{nearest(str(location[-1]), _allowed_keys(Retailer, location[:-1]))}"
    return f"line {document.line(location)}: {where}: {message}"


def _is_union_tag(document: LinedYaml, part: Any, location: tuple[Any, ...]) -> bool:
    """Whether pydantic put the name of a union member into the path, which the file does not hold."""
    return isinstance(part, str) and not document.holds(location[: location.index(part) + 1]) and part != location[-1]


def _allowed_keys(model: Any, location: list[Any]) -> list[str]:
    """The keys that the model at this path takes; nothing where the path leads out of the models."""
    if not location:
        return [field.alias or name for name, field in model.model_fields.items()] if _is_model(model) else []
    head, rest = location[0], location[1:]
    if _is_model(model):
        fields = {field.alias or name: field.annotation for name, field in model.model_fields.items()}
        return _allowed_keys(fields.get(str(head)), rest)
    return next((keys for inner in get_args(model) if (keys := _allowed_keys(inner, rest))), [])


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
