"""Two record keys as one thing, whichever was named first."""

KeyPair = tuple[str, str]


def lower_first(one: str, other: str) -> KeyPair:
    """Both keys in the order in which a pair is looked up: the lower first."""
    return (one, other) if one <= other else (other, one)
