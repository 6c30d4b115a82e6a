"""Why two records are one person or two, in words: in the terminal and as one HTML page."""

from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from typing import Any

from pipelines.identity.chain import Link
from pipelines.identity.exact import Shared
from pipelines.identity.explain import Explanation
from pipelines.identity.why import Why
from report import waterfall
from report.page import kept_close, template
from report.two_records import CLASSES, columns, decision_command, kind, percent, side_by_side, table_lines

DISAGREE = 0.02
"""Where what the night kept differs by more from what the comparisons say, something else weighed in."""
LEAST_SHARE = 0.001
"""Kinds of pairs that are less probable are not named."""


def verdict(found: Why) -> str:
    """The answer in one sentence."""
    left, right = found.left, found.right
    unlinked = [side.name for side in (left, right) if side.customer_id is None]
    if unlinked:
        return f"{' and '.join(unlinked)} has no customer: no name, and identifiers that several people have."
    if found.is_one_person:
        return f"{left.name} and {right.name} are one person: customer {left.customer_id}."
    return f"{left.name} and {right.name} are two people: customers {left.customer_id} and {right.customer_id}."


def reasons(found: Why) -> list[str]:
    """What decided, the strongest first."""
    return [*_decided(found), *(_shared(each) for each in found.shared), *_weighed(found), *_grouped(found)]


def changes(found: Why) -> list[str]:
    """What would have to differ for the other answer."""
    return [*_differing(found), _override(found)]


def why_lines(found: Why) -> list[str]:
    """The whole answer for a terminal of 100 columns."""
    table = table_lines(found.left.name, found.right.name, side_by_side(found.left.values, found.right.values))
    lines = [verdict(found), *(f"  {reason}" for reason in reasons(found)), ""]
    lines += [f"  {line}" for line in table]
    if found.explanation:
        lines += ["", "Weights in bits (1 more doubles the odds)"]
        lines += [f"  {line}" for line in waterfall.as_text(found.explanation)]
        lines += ["", f"  {classes_in_words(found.explanation)}"]
    if found.chain:
        lines += ["", "The strongest chain between them"]
        lines += [f"  {link_in_words(link)}" for link in found.chain]
    return [*lines, "", "What would change it", *(f"  {change}" for change in changes(found))]


def why_page(found: Why, out: Path) -> Path:
    """The path of the page, written to `out`; it shows both records, so it lies where only few may look."""
    explanation = found.explanation
    page = template("why.html").render(
        verdict=verdict(found),
        is_one=found.is_one_person,
        reasons=reasons(found),
        left=found.left.name,
        right=found.right.name,
        rows=side_by_side(found.left.values, found.right.values),
        waterfall=waterfall.as_svg(explanation) if explanation else "",
        classes=_shares(explanation) if explanation else [],
        cut=percent(found.cut) if found.cut is not None else "",
        chain=[link_in_words(link) for link in found.chain],
        changes=changes(found),
    )
    return kept_close(out, page)


def classes_in_words(found: Explanation) -> str:
    """The kinds of pairs and how probable each is: `one person 98.6 %, two of one household 1.4 %`."""
    return ", ".join(f"{name} {share}" for name, share in _shares(found))


def link_in_words(link: Link) -> str:
    """One step of a chain."""
    share = f" ({percent(link.probability)})" if link.probability < 1 or link.kind == "match" else ""
    left, right = (_short(key) for key in (link.left, link.right))
    return f"{left} - {kind(link.kind)}{share} - {right}"


def _shares(found: Explanation) -> list[tuple[str, str]]:
    likely = sorted(found.classes.items(), key=lambda item: -item[1])
    return [(CLASSES.get(name, name), percent(share)) for name, share in likely if share >= LEAST_SHARE]


def _decided(found: Why) -> Iterator[str]:
    if found.decision:
        who = f" by {found.decision.who}: {found.decision.why}" if found.decision.who else " about other records"
        words = "one person" if found.decision.decision == "always" else "never one person"
        yield f"People decided that they are {words} ({'decided' + who})."
    for side in (found.left, found.right):
        if side.is_test:
            yield f"{side.name} is a test record, which is linked to nobody."
        elif not side.has_name:
            yield f"{side.name} names nobody: it belongs to whoever alone has its identifiers."
    if found.is_duplicate_free:
        yield f"Source {found.left.source} knows nobody twice: two of its records are never one person."


def _shared(shared: Shared) -> str:
    words = f"They share {kind(shared.kind)}"
    if shared.links:
        return f"{words}, which links them by itself."
    if not shared.may_be:
        return f"{words}, but name and birth date contradict it: a household, or a value passed on."
    return f"{words}, which is weighed below with everything else."


def _weighed(found: Why) -> Iterator[str]:
    if found.explanation is None or found.cut is None:
        if found.left.customer_id and found.right.customer_id:
            yield "Nothing is weighed: no model was learned here, so exact evidence links alone."
        return
    said = found.explanation.probability
    yield f"By all that they say, one person is {percent(said)} probable; groups are cut at {percent(found.cut)}."
    if found.probability is None and said > DISAGREE and found.left.has_name and found.right.has_name:
        yield "The night never compared them: they share no value that is rare enough, and such a pair counts as 0."
    elif found.probability is not None and abs(found.probability - said) > DISAGREE:
        yield f"The night reckoned with {percent(found.probability)}: it knew other records, or weighed more."


def _grouped(found: Why) -> Iterator[str]:
    if found.pairs_between > 1:
        yield f"This is the likeliest of {found.pairs_between:,} pairs of their records."
    if found.cut is None or found.explanation is None:
        return
    is_likely = found.explanation.probability >= found.cut
    if found.stays:
        yield "They were one customer before, and neither names nor birth dates contradict: so they stay."
    elif found.is_one_person and not is_likely and len(found.chain) > 1:
        yield "They are joined by way of other records: see the chain."
    if found.mean_probability is not None:
        yield f"Over all pairs of records of the two customers the mean is {percent(found.mean_probability)}."


def _differing(found: Why) -> Iterator[str]:
    if found.decision:
        return
    certain = [each for each in found.chain if each.kind != "match"]
    if found.stays:
        yield "Only a decision parts them, or another given name or birth date."
    elif found.is_one_person and len(certain) == len(found.chain) and found.chain:
        yield f"Only a decision parts them, or the end of: {', '.join(sorted({kind(each.kind) for each in certain}))}."
    elif len(found.chain) == 1 and found.parted_by:
        yield f"Without a value for {columns(found.parted_by)} they would lie below the cut."
    elif found.is_one_person and len(found.chain) > 1:
        weakest = min(found.chain, key=lambda each: each.probability)
        yield f"The weakest step of the chain is {link_in_words(weakest)}.{_asked(weakest)}"
    elif found.joined_by:
        yield f"With an equal {columns(found.joined_by)} they would reach the cut."
    elif _is_held_apart(found):
        yield (
            f"Their other records hold them apart: the mean over all pairs would have to rise from"
            f" {percent(found.mean_probability or 0.0)} to {percent(found.cut or 1.0)}."
        )


def _asked(link: Link) -> str:
    """How to ask what would part two records that are a step of a chain."""
    ends = [_short(key) for key in (link.left, link.right) if key.startswith("contact:")]
    return f" What would part it: habitue why {quote(ends[0])} {quote(ends[1])}" if len(ends) == 2 else ""


def _is_held_apart(found: Why) -> bool:
    """Whether the two records would be one person, were it not for the other records of their customers."""
    if found.mean_probability is None or found.explanation is None or found.cut is None:
        return False
    return found.mean_probability < found.cut <= found.explanation.probability


def _override(found: Why) -> str:
    if found.decision:
        return "The decision stands until its line is taken out of the file of decisions."
    answer = "never" if found.is_one_person else "always"
    return f"To decide it: {decision_command(found.left, found.right, answer)}"


def _short(key: str) -> str:
    """A record as people write it; of an identifier its kind and the beginning of its hash."""
    name, _, rest = key.partition(":")
    return rest if name == "contact" else f"{name} {rest[:8]}"


def as_facts(found: Why) -> dict[str, Any]:
    """The answer for programs."""
    explanation = found.explanation
    return {
        "verdict": verdict(found),
        "is_one_person": found.is_one_person,
        "reasons": reasons(found),
        "left": {"record": found.left.name, "customer_id": found.left.customer_id},
        "right": {"record": found.right.name, "customer_id": found.right.customer_id},
        "probability": explanation.probability if explanation else None,
        "probability_kept": found.probability,
        "cut": found.cut,
        "prior_bits": explanation.prior if explanation else None,
        "rescored_bits": explanation.rescored if explanation else None,
        "answers_bits": explanation.shift if explanation else None,
        "confusion_bits": explanation.confusion if explanation else None,
        "classes": explanation.classes if explanation else {},
        "comparisons": _comparisons(explanation) if explanation else [],
        "shared": [{"kind": each.kind, "may_be": each.may_be, "links": each.links} for each in found.shared],
        "chain": [link.__dict__ for link in found.chain],
        "parted_by": found.parted_by,
        "joined_by": found.joined_by,
    }


def _comparisons(found: Explanation) -> list[dict[str, Any]]:
    return [
        {
            "column": each.column,
            "left": each.left,
            "right": each.right,
            "level": each.level,
            "bits": each.weight,
            "rarity_bits": each.rarity,
            "shared_bits": dict(each.shared),
        }
        for each in found.comparisons
    ]
