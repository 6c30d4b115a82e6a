"""What the columns of the raw and conformed tables are made of: read from the mappings of the retailer file."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache

from lakehouse.lineage import ColumnName, Way, Ways, columns_of
from pipelines.canonical import ENTITIES, EXCHANGE_RATES, Entity
from pipelines.consent_events import STATEMENT, SUBJECT
from pipelines.mapping import EntityMapping, Source
from pipelines.raw import WHERE_FROM, raw_table

DELIVERED = "as delivered"
UNKNOWN_FILE = "as the retailer file maps it"
CONSTANTS = ("true", "false", "null")
Found = dict[str, tuple[Way, ...]]


def mapped_lineage(sources: Mapping[str, Source] | None, *, currency: str) -> dict[str, Ways]:
    """The ways of every raw and conformed column by table.

    Units: without sources, what a retailer file may map has an unnamed origin; currency is the retailer's.
    """
    found = _raw(sources or {})
    for entity in ENTITIES.values():
        own = list(_feeds(sources or {}, entity))
        mapped = _mapped(own, entity) if sources is not None else _by_any_file(entity)
        found[entity.conformed.name] = _conformed(entity, mapped, own, currency) if mapped else _empty(entity)
        found[entity.rejected.name] = _rejected(entity, own) if own or sources is None else {}
        found[entity.rejected.name] = {
            name: found[entity.rejected.name].get(name, ()) for name in entity.rejected.column_names
        }
    return found


def delivered_as(sources: Mapping[str, Source]) -> dict[str, str]:
    """What people call each raw table: `<source>.<delivery>`."""
    places = [(name, delivery) for name, source in sources.items() for delivery in source.deliveries]
    return {raw_table(name, delivery).name: f"{name}.{delivery}" for name, delivery in places}


@lru_cache(maxsize=4096)
def columns_named(expression: str) -> tuple[str, ...]:
    """The delivered columns that a mapped expression names, without Spark; as `expressions.columns_read` finds them.

    Shape: nothing for an expression that cannot be read; the night refuses it anyway.
    """
    from sqlglot import exp, parse_one
    from sqlglot.errors import SqlglotError

    if re.fullmatch(r"[A-Za-z_]\w*", expression) and expression.lower() not in CONSTANTS:
        return (expression,)
    try:
        # As a column of a query: a word such as comment would begin a statement.
        tree = parse_one(f"select {expression}", read="spark")
    except SqlglotError:
        return ()
    return tuple(dict.fromkeys(column.parts[0].name for column in tree.find_all(exp.Column)))


Feed = tuple[str, Source, EntityMapping]


def _feeds(sources: Mapping[str, Source], entity: Entity) -> Iterator[Feed]:
    for name, source in sources.items():
        for mapping in source.entities.get(entity.name, ()):
            yield name, source, mapping


def _raw(sources: Mapping[str, Source]) -> dict[str, Ways]:
    """The delivered columns that a mapping, a key or a rule of deletion names, and where each row stood."""
    named: dict[str, set[str]] = defaultdict(set)
    for name, source in sources.items():
        for delivery, settings in source.deliveries.items():
            named[raw_table(name, delivery).name] |= {*settings.key, *columns_named(settings.deleted_when or "null")}
        for mapping in (mapping for mappings in source.entities.values() for mapping in mappings):
            named[raw_table(name, mapping.delivery).name] |= set(_named_by(mapping))
    ours: Found = {column.name: (Way(column.meaning),) for column in WHERE_FROM}
    return {table: {**{name: (Way(DELIVERED),) for name in sorted(names)}, **ours} for table, names in named.items()}


def _named_by(mapping: EntityMapping) -> list[str]:
    texts = [*mapping.columns.values(), *mapping.group_by, *filter(None, [mapping.where])]
    return list(dict.fromkeys(name for text in texts for name in columns_named(text)))


def _mapped(feeds: list[Feed], entity: Entity) -> Found:
    """The mapped columns: the expression of every mapping, and what decides which rows it sees."""
    found: dict[str, list[Way]] = defaultdict(list)
    for source, _, mapping in feeds:
        raw = raw_table(source, mapping.delivery).name
        for name, text in mapping.columns.items():
            of = columns_of(raw, *columns_named(text))
            found[name].append(Way(text if of else f"{text}, of {source}.{mapping.delivery}", of))
            found[name] += _scope(raw, mapping)
    return {column.name: tuple(found[column.name]) for column in entity.mapped_columns if found} if found else {}


def _scope(raw: str, mapping: EntityMapping) -> Iterator[Way]:
    if mapping.where:
        yield Way(f"rows where {mapping.where}", columns_of(raw, *columns_named(mapping.where)), "rows")
    if mapping.group_by:
        names = dict.fromkeys(name for text in mapping.group_by for name in columns_named(text))
        yield Way(f"one row per {', '.join(mapping.group_by)}", columns_of(raw, *names), "rows")


def _by_any_file(entity: Entity) -> Found:
    return {column.name: (Way(UNKNOWN_FILE),) for column in entity.mapped_columns}


def _empty(entity: Entity) -> Ways:
    return dict.fromkeys(entity.conformed.column_names, ())


def _conformed(entity: Entity, mapped: Found, feeds: list[Feed], currency: str) -> Ways:
    """All columns of the conformed table: what conform adds is made of mapped columns beside it."""
    table = entity.conformed.name
    found = {**mapped, **_where_from(entity, feeds), **_defaults(entity, mapped)}
    if entity.money:
        found |= _money(entity, mapped, currency)
    if entity.event:
        found["event_at"] = (Way("the same moment", columns_of(table, entity.event)),)
    return {name: found.get(name, ()) for name in entity.conformed.column_names}


def _where_from(entity: Entity, feeds: list[Feed]) -> Found:
    """Where each row comes from, and when it could be known."""
    raws = dict.fromkeys(raw_table(source, mapping.delivery).name for source, _, mapping in feeds)
    nights = tuple(ColumnName(raw, "_night") for raw in raws)
    happened = columns_of(entity.conformed.name, "event_at") if entity.event else ()
    gone = tuple(_gone(feeds))
    return {
        "source": (Way("source of the retailer file"),),
        "delivery": (Way("delivery of that source"),),
        "file_sha256": (Way("its file", tuple(ColumnName(raw, "_file_sha256") for raw in raws)),),
        "row_number": (Way("its first row", tuple(ColumnName(raw, "_row_number") for raw in raws)),),
        "event_at": (),
        "known_from": (Way("the night that took it; of a first load, the day after it happened", nights + happened),),
        "arrived": (Way("the night that took it", nights),),
        "is_deleted": gone or (Way("false: no delivery of it tells what is deleted"),),
    }


def _gone(feeds: list[Feed]) -> Iterator[Way]:
    for name, source, mapping in feeds:
        delivery = source.deliveries[mapping.delivery]
        raw = raw_table(name, mapping.delivery).name
        if delivery.deleted_when:
            yield Way(delivery.deleted_when, columns_of(raw, *columns_named(delivery.deleted_when)))
        if delivery.load == "snapshot":
            yield Way("absent from the newest snapshot", columns_of(raw, *delivery.key, "_night"))


def _defaults(entity: Entity, mapped: Found) -> Found:
    """What a retailer file need not say."""
    table, found = entity.conformed.name, dict[str, tuple[Way, ...]]()
    if entity.has_person:
        own = Way("the own source, where a contact id is given", columns_of(table, "source", "source_contact_id"))
        found["contact_source"] = (*mapped["contact_source"], own) if mapped["source_contact_id"] else ()
    if entity.money and "kind" in mapped:
        found["kind"] = (*mapped["kind"], Way("`sale` where nothing is given"))
    if entity.name == "orders":
        found["channel"] = (*mapped["channel"], Way("the source where nothing is given", columns_of(table, "source")))
    if entity.name == "consents":
        said = [*SUBJECT, *STATEMENT, *(column.name for column in entity.columns if column.name != "consent_id")]
        others = columns_of(table, *dict.fromkeys(said))
        found["consent_id"] = mapped["consent_id"] or (Way("hash of what is said, and by whom", others),)
    return found


def _money(entity: Entity, mapped: Found, currency: str) -> Found:
    """Amounts as delivered, and in the retailer's currency by the rate of the day."""
    table = entity.conformed.name
    rate = columns_of(EXCHANGE_RATES.conformed.name, "rate", "currency", "valid_on", "source")
    found: Found = {"currency": (*mapped["currency"], Way(f"{currency} where nothing is given"))}
    for name in entity.money:
        found[f"delivered_{name}"] = mapped[name]
        by = (ColumnName(table, f"delivered_{name}"), *columns_of(table, "currency", "event_at"), *rate)
        found[name] = (Way(f"in {currency}, by the rate of its day", by),) if mapped[name] else ()
    return found


def _rejected(entity: Entity, feeds: list[Feed]) -> Ways:
    """A row set aside: where it stood, and all that was delivered."""
    whole = {raw_table(source, mapping.delivery).name: list[str]() for source, _, mapping in feeds}
    for source, _, mapping in feeds:
        whole[raw_table(source, mapping.delivery).name] += _named_by(mapping)
    raws, table = list(whole), entity.conformed.name
    judged = [*entity.key, *(column.name for column in entity.mapped_columns)]
    return {
        "night": (Way("night that found it broken"),),
        "first_night": (Way("night that set it aside first"),),
        **{name: (Way("of the retailer file"),) for name in ("source", "delivery", "mapping")},
        "file_name": (Way("its file", tuple(ColumnName(raw, "_file_name") for raw in raws)),),
        "file_sha256": (Way("its file", tuple(ColumnName(raw, "_file_sha256") for raw in raws)),),
        "row_number": (Way("its first row", tuple(ColumnName(raw, "_row_number") for raw in raws)),),
        "rows_count": (Way("delivered rows behind it"),),
        "rules": (Way("rules that it breaks", columns_of(table, *dict.fromkeys(judged))),),
        "delivered_row": (
            Way(
                "every delivered column, mapped or not",
                tuple(column for raw, names in whole.items() for column in columns_of(raw, *dict.fromkeys(names))),
            ),
        ),
    }
