"""The night in the terminal: plain text, aligned, at most 100 columns wide."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from report.wording import MODELS, SUITS, counted, number, plain, rows_delivered, rows_set_aside, share, verdict

LABEL = 26
MOST_RULES = 6


def terminal_summary(summary: Mapping[str, Any]) -> str:
    """What a night did, from the JSON of `habitue night`, for people.

    Reads: retailer, night, error, files, rejected, tables, who_is_who, models, audiences, deliveries, gates; none is
           needed. A model's facts: kind, grade, horizon_days, and what figures.against_baseline adds.
    """
    sentence = verdict(summary)[0]
    head = f"{summary.get('retailer', '')} · night of {summary['night']}".strip(" ·")
    told = [("Records", _records(summary)), *(() if sentence.startswith("Stopped") else _whole_night(summary))]
    parts = ["\n".join([title, *(f"  {line}" for line in lines)]) for title, lines in told]
    return "\n\n".join([f"{head}\n{sentence}", *parts])


def _whole_night(summary: Mapping[str, Any]) -> tuple[tuple[str, Iterator[str]], ...]:
    """What only a night that ran to its end can tell."""
    return (
        ("People", _people(summary)),
        ("Models", _models(summary.get("models", {}))),
        ("Audiences", _audiences(summary.get("audiences", {}))),
        ("Sent", sent_lines(summary.get("deliveries", {}))),
    )


def _records(summary: Mapping[str, Any]) -> Iterator[str]:
    rows, aside = rows_delivered(summary), rows_set_aside(summary)
    files = [file for file in summary.get("files", ()) if file.get("status") == "new"]
    yield _line("delivered", number(rows), f"rows in {counted(len(files), 'file')}")
    if not aside:
        yield _line("set aside", "0", "no row broke a rule")
        return
    yield _line("set aside", number(aside), f"{share(aside, rows)}, kept in the _rejected tables:")
    reasons = [(n, table, rule) for table, rules in summary["rejected"].items() for rule, n in rules.items()]
    reasons.sort(key=lambda reason: (-reason[0], reason[1], reason[2]))
    for count, table, rule in reasons[:MOST_RULES]:
        yield _line("", number(count), f"{table.split('.')[-1]}: {rule}")
    if len(reasons) > MOST_RULES:
        rest = reasons[MOST_RULES:]
        yield _line("", number(sum(count for count, _, _ in rest)), f"under {len(rest)} more rules, see the report")


def _people(summary: Mapping[str, Any]) -> Iterator[str]:
    tables = summary.get("tables", {})
    records, found = tables.get("conformed.contacts"), tables.get("unified.customers")
    if found is None:
        yield "nobody was looked for yet"
        return
    yield _line("found", number(found), f"in {number(records)} person records" if records else "")
    if "unified.orders" in tables:
        yield _line("with a history of", number(tables["unified.orders"]), "orders")
    unknown = summary.get("without_customer", {})
    if unknown.get("orders"):
        brought = f"{summary.get('currency', '')} {number(unknown['amount'])}".strip()
        yield _line("of nobody known", number(unknown["orders"]), f"orders, which brought {brought}")
    who = summary.get("who_is_who") or {}
    homes = who.get("people_per_household")
    if homes:
        households = counted(sum(count for _, count in homes), "household")
        yield _line("living together", number(sum(size * count for size, count in homes)), f"in {households}")
    if who.get("suspicious"):
        yield _line("perhaps two people", number(who["suspicious"]), "listed in unified.suspicious_clusters")


def _models(models: Mapping[str, Any]) -> Iterator[str]:
    predicted = {name: facts for name, facts in models.items() if name in MODELS}
    if not predicted:
        yield "no model scored this night"
    for name, facts in predicted.items():
        grade = f"grade {facts['grade']}" if facts.get("grade") else ""
        horizon = f"next {facts['horizon_days']} days" if facts.get("horizon_days") else ""
        yield _line(MODELS[name], grade, ", ".join(filter(None, (plain(facts.get("kind") or ""), horizon))))
        yield from _against_baseline(facts)
        if facts.get("verdict"):
            yield _line("", "", facts["verdict"])


def _against_baseline(facts: Mapping[str, Any]) -> Iterator[str]:
    if facts.get("score") is None or facts.get("baseline_score") is None:
        return
    against = f"{plain(facts.get('baseline', 'baseline'))} {facts['baseline_score']:.3f}"
    gain = facts["score"] - facts["baseline_score"]
    between = ""
    if facts.get("gain_low") is not None and facts.get("gain_high") is not None:
        between = f", 95 % between {facts['gain_low']:+.3f} and {facts['gain_high']:+.3f}"
    metric = facts.get("metric", "score")
    yield _line("", f"{facts['score']:.3f}", f"{metric}, against {against}: {gain:+.3f}{between}")


def _audiences(audiences: Mapping[str, Any]) -> Iterator[str]:
    if not audiences:
        yield "the retailer file names none"
    for name, counts in audiences.items():
        yield _line(plain(name), number(counts["members"]), "to contact")
        yield _line("", number(counts["held_out"]), "held out, to measure what contact changes")
        refused = sorted(counts.get("refused", {}).items(), key=lambda item: (item[0] != "no_consent", -item[1]))
        for reason, count in refused:
            yield _line("", number(count), f"held back: {plain(reason)}")
        if "lift" in counts:
            yield _line("", "", counts["lift"]["says"])
        if "note" in counts:
            yield _line("", "", counts["note"])
        if "adoption" in counts:
            yield _line("", "", counts["adoption"]["says"])


def sent_lines(deliveries: Mapping[str, Any]) -> Iterator[str]:
    """What was sent per sync and audience, from `deliveries` of the JSON of a night."""
    if not deliveries:
        yield "nothing: the retailer file names no sync and no audience"
    for name, counts in deliveries.items():
        done = counts.get("sent", {})
        yield _line(plain(name), number(sum(done.values())), f"records to {counts['destination']}{_kinds(done)}")
        yield from _not_sent(counts)


def training_lines(name: str, facts: Mapping[str, Any]) -> Iterator[str]:
    """What a training says of one model, from `models` of the JSON of `habitue train`."""
    yield f"{name}: {facts['verdict']}"
    yield from (f"  {'warning':<12} {words}" for words in facts.get("warnings", ()))
    if "suitability" in facts:
        yield from _suitability(facts["suitability"])
    if "card" in facts:
        yield f"  model card: {facts['card']}"


def _suitability(found: Mapping[str, Any]) -> Iterator[str]:
    yield f"  the data is {found['verdict']} for training:"
    for one in found["findings"]:
        yield f"  {SUITS[one['verdict']]:<12} {one['check']}: {one['words']}"


def _not_sent(counts: Mapping[str, Any]) -> Iterator[str]:
    for key, words in (
        ("unchanged", "unchanged since the last night, not sent again"),
        ("withheld", "withheld at the last moment for want of consent"),
        ("rejected", "refused by the destination"),
        ("failed", "failed; the next run sends them again"),
        ("dead", "refused on too many nights, not tried any more: `habitue plan` names one"),
    ):
        if counts.get(key):
            yield _line("", number(counts[key]), words)
    if counts.get("problem"):
        yield _line("", "", counts["problem"])
    if not counts.get("delivers", True):
        yield _line("", "", "only planned: this night was asked to send nothing")


def _kinds(done: Mapping[str, int]) -> str:
    kinds: Iterable[str] = (f"{number(count)} {operation}" for operation, count in done.items() if count)
    listed = ", ".join(kinds)
    return f" ({listed})" if listed else ""


def _line(label: str, figure: str, words: str) -> str:
    return f"{label:<{LABEL}}{figure:>9}  {words}".rstrip()
