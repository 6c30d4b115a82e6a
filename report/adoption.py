"""How far the scores of audiences were used, as JSON and in words."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from activation.adoption import DAYS, STEPS, Adoption, Part, Use
from report.wording import number, share

LABELS = {step: step for step in STEPS} | {"messaged": "written to"}
WORDS = LABELS | {"messaged": "were written to"}


def use_as_json(use: Use) -> dict[str, Any]:
    """What became of those put into an audience or a destination; a step that nothing is known of is null.

    Units: shares from 0 to 1, of all customers for `messaged`, of those messaged for the others; low and high are the
           ends of the 95 % interval.
    """
    steps = {step: _part(use.steps.get(step)) for step in STEPS}
    told = {"days": DAYS, "customers": use.customers, **steps}
    return told | {"says": said(told)}


def adoption_as_json(found: Adoption) -> dict[str, Any]:
    """What became of it by destination, and the contacts by channel; empty where nobody was ever put in."""
    if not found.audiences and not found.destinations and not found.contacts:
        return {}
    contacts = {
        channel: asdict(made) | {"share": made.from_audiences / made.messages}
        for channel, made in found.contacts.items()
    }
    destinations = {name: use_as_json(use) for name, use in found.destinations.items()}
    return {"days": DAYS, "destinations": destinations, "contacts": contacts}


def said(use: Mapping[str, Any]) -> str:
    """What became of those put in, in a sentence."""
    put_in = f"Of {number(use['customers'])} put in within the last {use['days']} days"
    if use["messaged"] is None:
        return f"{put_in} nothing is known: no tool tells of a message on its channel."
    known = ", ".join(
        f"{number(use[step]['customers'])} {words} ({share(use[step]['customers'], _of(use, step))})"
        for step, words in WORDS.items()
        if use[step]
    )
    return f"{put_in} {known}."


def _of(use: Mapping[str, Any], step: str) -> int:
    return int(use["customers"] if step == "messaged" else use["messaged"]["customers"])


def _part(part: Part | None) -> dict[str, Any] | None:
    if part is None:
        return None
    low, high = part.interval
    return {"customers": part.customers, "share": part.share, "low": low, "high": high}
