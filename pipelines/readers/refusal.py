"""How a reader says that a file cannot be read as the retailer file says."""

from lakehouse.errors import DeliveryRefused


def refused(what: str, *, file_name: str, fix: str) -> DeliveryRefused:
    """The error for a file of which nothing is taken."""
    still_true = "Nothing of this file was stored and what was stored before is unchanged."
    return DeliveryRefused(what, where=file_name, still_true=still_true, next_step=fix)
