"""The catalogue: every table and column with its meaning, where it comes from, who reads it and what is asked of it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lakehouse.lineage import ColumnName, Lineage
from lakehouse.table import Column, Table
from quality.rules import Rule
from report.page import template

LAYERS = {
    "raw": "Every delivery, exactly as it came.",
    "conformed": "One shape for each kind of thing, whatever its source. Rows that broke a rule lie beside it.",
    "unified": "One person, one id: who is who, the golden record, the history of each customer, the state of consent.",
    "features": "What is known about a customer on a night, as numbers.",
    "models": "How well the models do, and what the segments mean.",
    "scores": "What is foretold of each customer, and why.",
    "activation": "Who is contacted, who is held out, and what became of everything sent.",
    "destinations": "What other tools are given.",
    "quality": "How good the data was, night by night.",
    "ops": "What the nights did.",
}
"""What each layer is for, in the order in which a night makes them."""
WRITTEN = {
    "append_once": "appended, each delivery once",
    "merge": "merged: new and changed rows",
    "replace_night": "each night by itself",
    "replace_all": "written anew every night",
}
SENT = "one record per contact that a sync or an audience writes"
Measured = Mapping[ColumnName, Mapping[str, str]]
"""Last night's figures of a column, by what was measured."""


@dataclass(frozen=True)
class Contents:
    """What a catalogue is made from.

    Shape: rules, owners and rows are by table; own_rules are the names of those that the retailer file states;
           measured are figures of the last night; night is that night.
    """

    retailer: str
    tables: Sequence[Table]
    lineage: Lineage
    rules: Mapping[str, Sequence[Rule]]
    own_rules: Mapping[str, frozenset[str]] = field(default_factory=dict)
    owners: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)
    measured: Measured = field(default_factory=dict)
    night: str | None = None


def catalogue(contents: Contents) -> dict[str, Any]:
    """Everything that the pages show, for programs: tables by layer, each with its columns and rules."""
    found = [_table(table, contents) for table in contents.tables]
    declared = {table.name for table in contents.tables}
    found += [_destination(name, contents) for name in contents.lineage.tables if name not in declared]
    order = list(LAYERS)
    known = sorted((table for table in found if table["layer"] in LAYERS), key=lambda t: order.index(t["layer"]))
    return {"retailer": contents.retailer, "night": contents.night, "tables": known}


def write_catalogue(contents: Contents, out: Path) -> Path:
    """The index page of the catalogue in the folder `out`, with a page per table and catalogue.json beside it."""
    found = catalogue(contents)
    out.mkdir(parents=True, exist_ok=True)
    (out / "catalogue.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    pages = {table["name"] for table in found["tables"]}
    page = template("catalogue_table.html")
    for table in found["tables"]:
        text = page.render(table=table, pages=pages, retailer=contents.retailer, written=WRITTEN, night=found["night"])
        (out / f"{table['name']}.html").write_text(text, encoding="utf-8")
    index = out / "index.html"
    index.write_text(template("catalogue.html").render(layers=_by_layer(found), **found), encoding="utf-8")
    return index


def _by_layer(found: Mapping[str, Any]) -> list[tuple[str, str, list[dict[str, Any]]]]:
    layers = [(name, about, [t for t in found["tables"] if t["layer"] == name]) for name, about in LAYERS.items()]
    return [layer for layer in layers if layer[2]]


def _table(table: Table, contents: Contents) -> dict[str, Any]:
    rules = contents.rules.get(table.name, ())
    known = [*table.columns, *_delivered(table, contents.lineage)]
    columns = [_column(table.name, column, rules, contents) for column in known]
    return {
        "name": table.name,
        "label": contents.lineage.label(table.name),
        "layer": table.layer,
        "grain": table.grain,
        "key": list(table.key),
        "write": table.write,
        "folder": table.folder,
        "personal": table.has_personal_columns,
        "fresh_days": table.fresh_days,
        "keep_nights": table.keep_nights,
        "owner": contents.owners.get(table.name),
        "rows": contents.rows.get(table.name),
        "rules": [_rule(rule, contents.own_rules.get(table.name, frozenset())) for rule in rules],
        "columns": columns,
    } | _apart(table.name, columns)


def _apart(name: str, columns: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """The other tables that it is made of and that read it; a table's own columns may be made of one another."""
    made = _tables(c for column in columns for way in column["made"] for c in way["of"])
    read = _tables(c for column in columns for c in column["read_by"])
    return {"made_of": [one for one in made if one != name], "read_by": [one for one in read if one != name]}


def _delivered(table: Table, lineage: Lineage) -> list[Column]:
    """The delivered columns of a raw table that the retailer file names."""
    names = [ColumnName(table.name, name) for name in lineage.tables.get(table.name, {})]
    meaning = "delivered column"
    return [Column(name.column, "as delivered", meaning, personal=True) for name in names if lineage.is_delivered(name)]


def _destination(name: str, contents: Contents) -> dict[str, Any]:
    """A tool's fields, told as a table is; a field means what the column means that it shows."""
    meant = {ColumnName(table.name, c.name): c for table in contents.tables for c in table.columns}
    fields = []
    for shown in contents.lineage.tables[name]:
        behind = next((c for c in contents.lineage.made_of(ColumnName(name, shown)) if c in meant), None)
        fields.append(replace(meant[behind], name=shown) if behind else Column(shown, "", ""))
    columns = [_column(name, field, (), contents) for field in fields]
    nothing: dict[str, Any] = dict.fromkeys(("write", "folder", "fresh_days", "keep_nights", "owner", "rows"))
    head = {"name": name, "label": name, "layer": name.split(".")[0], "grain": SENT, "key": ["contact id"]}
    return {**head, **nothing, "personal": True, "rules": [], "columns": columns} | _apart(name, columns)


def _column(table: str, column: Column, rules: Iterable[Rule], contents: Contents) -> dict[str, Any]:
    name, lineage = ColumnName(table, column.name), contents.lineage
    ways = [{"how": w.how, "decides": w.decides, "of": list(map(_place, w.of))} for w in lineage.ways(name)]
    origins = sorted(filter(lineage.is_delivered, lineage.origins(name, decides="value") - {name}))
    return {
        "name": column.name,
        "type": column.type,
        "meaning": column.meaning,
        "unit": column.unit,
        "personal": column.personal,
        "required": column.required,
        "filled": lineage.is_filled(name),
        "made": ways,
        "delivered_as": [f"{lineage.label(one.table)}: {one.column}" for one in origins],
        "read_by": list(map(_place, lineage.readers(name))),
        "rules": [rule.name for rule in rules if column.name in rule.columns],
        "measured": dict(contents.measured.get(name, {})),
    }


def _place(name: ColumnName) -> dict[str, str]:
    return {"table": name.table, "column": name.column}


def _tables(places: Iterable[Mapping[str, str]]) -> list[str]:
    return list(dict.fromkeys(place["table"] for place in places))


def _rule(rule: Rule, own: frozenset[str]) -> dict[str, Any]:
    stated = "retailer file" if rule.name in own else "built in"
    told = {"name": rule.name, "otherwise": rule.severity, "limit": rule.limit, "stated": stated}
    return told | {"columns": list(rule.columns)}
