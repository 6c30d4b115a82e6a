"""The names that a mistyped one may have meant."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint that names what is known and most like `name`: ` (did you mean email?)`, or all of it when nothing is."""
    listed = sorted(known)
    by_lower = {candidate.lower(): candidate for candidate in listed}
    close = [by_lower[match] for match in get_close_matches(name.lower(), by_lower, n=3, cutoff=0.6)]
    return f" (did you mean {' or '.join(close)}?)" if close else f" (known: {', '.join(listed) or 'none'})"
