"""The `sources` and `identity` sections of a retailer file: deliveries, and how they map to the canonical entities."""

import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from lakehouse.names import nearest
from pipelines.canonical import ENTITIES, Entity
from pipelines.regions import known_region

GENERATED = {"consents": ("consent_id",)}
"""Key columns that conform makes from the row where the retailer file does not map them."""


def _as_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str | dict) else value


def _as_sql(value: Any) -> Any:
    """YAML's own scalars as SQL, so that `is_staff: false` and `brand: 7` mean what they say."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def _timezone(name: str) -> str:
    if name in available_timezones():
        return name
    raise ValueError(f"{name} is not a time zone{nearest(name, ('UTC', 'Europe/Paris', 'America/New_York'))}")


def _dated(pattern: str) -> str:
    if not {"%m", "%d"} <= set(re.findall("%.", pattern)) or not re.search("%[Yy]", pattern):
        raise ValueError("`dated` needs year, month and day, as in %Y-%m-%d")
    datetime.strptime(datetime(2000, 1, 2).strftime(pattern), pattern)  # noqa: DTZ001, DTZ007 - only its form is tried
    return pattern


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Character = Annotated[str, Field(min_length=1, max_length=1)]
Expression = Annotated[str, BeforeValidator(_as_sql), Field(min_length=1)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]
TimeZone = Annotated[str, AfterValidator(_timezone)]


class Section(BaseModel):
    """A part of the retailer file: unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Format(Section):
    """How a file is written. Compression is told by the file's name (.gz, .bz2, .xz).

    Units: columns are the names of a CSV without header, or Spark types by field name for JSON lines.
    """

    type: Literal["csv", "json", "parquet", "xlsx"] = "csv"
    delimiter: Character = ","
    quote: Character = '"'
    escape: Character | None = None
    encoding: str = "utf-8"
    header: bool = True
    multiline: bool = False
    sheet: str | None = None
    columns: Annotated[dict[str, str], BeforeValidator(lambda v: _typed_strings(v))] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.type == "csv" and not self.header and not self.columns:
            raise ValueError("a CSV without header needs `columns`, the names from left to right")
        if self.type in ("csv", "xlsx") and set(self.columns.values()) - {"string"}:
            raise ValueError("CSV and XLSX columns are delivered as strings; cast them in the mapping")
        if any(
            re.search(r"(^|[:<\s])(timestamp\w*|date)\s*($|[,>])", kind, re.IGNORECASE)
            for kind in self.columns.values()
        ):
            raise ValueError(
                "times stay strings: parse them in the mapping with to_timestamp, which knows the time zone"
            )
        try:
            "".encode(self.encoding)
        except LookupError:
            raise ValueError(f"{self.encoding} is no known encoding; utf-8, windows-1252 and iso-8859-1 are") from None
        return self


class Jdbc(Section):
    """A table or query of a database, read whole or from the highest value of the watermark column read so far on.

    Units: url_env and credentials are names of environment variables (address; password).
    """

    url: str | None = None
    url_env: str | None = None
    table: str | None = None
    query: str | None = None
    watermark: str | None = None
    whole: bool = False
    user: str | None = None
    credentials: str | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _exactly_one(self, "url", "url_env")
        _exactly_one(self, "table", "query")
        if (self.watermark is not None) == self.whole:
            raise ValueError("give exactly one of `watermark: <column>` and `whole: true`")
        if self.url is not None and re.search(r"password=|//[^/]*@", self.url):
            raise ValueError("no password in the address: name an environment variable in `credentials`")
        return self


class Delivery(Section):
    """One kind of file, table or query that a source delivers.

    Units: gone_limit is the share of known keys that may be gone from a snapshot before it is held to be cut short.
    """

    files: Texts = ()
    jdbc: Jdbc | None = None
    delta: str | None = None
    format: Format = Format()
    load: Literal["snapshot", "changes", "append"] = "append"
    key: Texts = ()
    deleted_when: Expression | None = None
    ready_when: str | None = None
    dated: Annotated[str, AfterValidator(_dated)] | None = None
    if_missing: Literal["warn", "block"] = "warn"
    drop: Texts = ()
    repeats_are_real: bool = False
    gone_limit: float = Field(default=0.2, ge=0, le=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _exactly_one(self, "files", "jdbc", "delta")
        if self.load == "snapshot" and self.jdbc is not None and self.jdbc.watermark:
            raise ValueError("a watermark brings only what is new: `load: changes` or `append`, or `whole: true`")
        for pattern in self.files:
            if pattern.startswith("/") or ".." in pattern.split("/"):
                raise ValueError(f"{pattern} leaves the landing folder: `files` is a glob below it")
        watermark = (self.jdbc.watermark or "") if self.jdbc else ""
        if dropped := sorted({*self.key, watermark} & set(self.drop)):
            raise ValueError(f"{', '.join(dropped)}: a key column or a watermark cannot be dropped")
        return self

    @property
    def by_watermark(self) -> bool:
        """Whether each reading brings only what was not taken before."""
        return self.jdbc is not None and self.jdbc.watermark is not None


class EntityMapping(Section):
    """How one delivery becomes rows of one entity: canonical column to Spark SQL over the delivered columns.

    Units: null_ok are canonical columns whose null is meant although every column that they read has a value.
    """

    delivery: str = Field(alias="from")
    where: Expression | None = None
    group_by: Annotated[tuple[Expression, ...], BeforeValidator(_as_tuple)] = ()
    columns: dict[str, Expression]
    null_ok: Texts = ()


class Source(Section):
    """One system of the retailer: its deliveries and what they are mapped to.

    Units: timezone is that of times that carry none; lag_days is how late a row of the first load was known.
    """

    timezone: TimeZone = "UTC"
    lag_days: int = Field(default=0, ge=0)
    deliveries: dict[Name, Delivery] = Field(min_length=1)
    entities: dict[str, Annotated[tuple[EntityMapping, ...], BeforeValidator(_as_tuple), Field(min_length=1)]] = Field(
        default_factory=dict
    )

    @model_validator(mode="after")
    def _mapped_to_what_exists(self) -> Self:
        problems: list[InitErrorDetails] = []
        for name, mappings in self.entities.items():
            if name not in ENTITIES:
                problems.append(_problem(f"there is no entity {name}{nearest(name, ENTITIES)}", "entities", name))
                continue
            for position, mapping in enumerate(mappings):
                place = ("entities", name, position)
                problems += _delivery_problems(mapping, self.deliveries, place)
                problems += _column_problems(mapping, ENTITIES[name], place)
        if problems:
            raise ValidationError.from_exception_data("Source", problems)
        return self

    def mappings_from(self, delivery: str) -> tuple[EntityMapping, ...]:
        """Every mapping that reads this delivery."""
        return tuple(m for mappings in self.entities.values() for m in mappings if m.delivery == delivery)


class IdentitySettings(Section):
    """Who is who: the order in which sources are trusted, and the limits of what counts as one person.

    Units: trust is the survivorship order, most trusted first; country is the ISO code that phone numbers without
           country code belong to; shared_by_at_most is the floor of the number of records that one value may join: that
           is learned with the model of who is who, up to 50, and is the floor where less or nothing was learned;
           duplicate_free are sources of which no two records are one person; overrides is a CSV file of decided pairs,
           its path relative to the retailer file; thorough learns from the groups of records as well when it learns
           anew.
    """

    trust: Texts = ()
    country: Annotated[str, AfterValidator(known_region)] | None = None
    shared_by_at_most: int = Field(default=10, ge=1)
    duplicate_free: Texts = ()
    overrides: Path | None = None
    thorough: bool = False


def _typed_strings(value: Any) -> Any:
    return dict.fromkeys(value, "string") if isinstance(value, list | tuple) else value


def _exactly_one(section: BaseModel, *names: str) -> None:
    given = [name for name in names if getattr(section, name)]
    if len(given) != 1:
        raise ValueError(f"give exactly one of {', '.join(names)} (given: {', '.join(given) or 'none'})")


Place = tuple[str | int, ...]


def _delivery_problems(mapping: EntityMapping, known: Iterable[str], place: Place) -> list[InitErrorDetails]:
    if mapping.delivery in known:
        return []
    text = f"this source has no delivery {mapping.delivery}{nearest(mapping.delivery, known)}"
    return [_problem(text, *place, "from")]


def _column_problems(mapping: EntityMapping, entity: Entity, place: Place) -> list[InitErrorDetails]:
    known = {column.name for column in entity.mapped_columns}
    problems = [
        _problem(f"{entity.name} has no column {name}{nearest(name, known)}", *place, "columns", name)
        for name in mapping.columns
        if name not in known
    ]
    generated = GENERATED.get(entity.name, ())
    problems += [
        _problem(f"{entity.name} needs the column {name}: {_meaning(entity, name)}", *place, "columns")
        for name in entity.key
        if name not in mapping.columns and name not in generated
    ]
    return problems + [
        _problem(f"{name} is not mapped here{nearest(name, mapping.columns)}", *place, "null_ok")
        for name in mapping.null_ok
        if name not in mapping.columns
    ]


def _meaning(entity: Entity, name: str) -> str:
    return next(column.meaning for column in entity.mapped_columns if column.name == name)


def _problem(text: str, *place: str | int) -> InitErrorDetails:
    # The text goes in as a value: a brace in it would be taken for a placeholder.
    error = PydanticCustomError("wrong_mapping", "{text}", {"text": text})
    return InitErrorDetails(type=error, loc=place, input=None)
