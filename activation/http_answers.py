"""What a tool over HTTP may answer in place of taking records, as errors that say what to do."""

import httpx

from lakehouse.errors import DestinationUnavailable, WrongCall

NOT_ALLOWED = frozenset({401, 403})
ITS_ENTRY = "its entry in the retailer file or what `credentials` names"


def refused_credentials(status: int, *, where: str) -> WrongCall:
    """The tool does not know these credentials, or they may not do this."""
    return wrong_settings(f"it refuses the credentials ({status}): they are wrong, expired or may not do this", where)


def wrong_settings(what: str, where: str, *, repair: str = ITS_ENTRY) -> WrongCall:
    """The entry in the retailer file, or the tool itself, must be changed by a person."""
    return WrongCall(
        what,
        where=where,
        still_true="Nothing was sent there.",
        next_step=f"Repair {repair}, then `habitue deliver`.",
    )


def unexpected(what: str, *, where: str) -> DestinationUnavailable:
    """The tool answered something that says neither yes nor no."""
    return DestinationUnavailable(
        what,
        where=where,
        still_true="No record of that call is known to be taken.",
        next_step="Look at the tool's status page, then `habitue deliver`.",
    )


def answered(answer: httpx.Response, *, where: str) -> dict[str, object]:
    """The answer's JSON object.

    Raises: DestinationUnavailable if it is none.
    """
    try:
        said = answer.json()
    except ValueError:
        said = None
    if isinstance(said, dict):
        return said
    raise unexpected(f"it answers {answer.status_code} without a JSON object", where=where)
