"""Countries by which phone numbers without a country code are read."""

import phonenumbers


def known_region(code: str) -> str:
    """The ISO code itself.

    Raises: ValueError for a code that no phone number has: all of them would be read as none.
    """
    if code not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError(f"no country has the ISO code {code}; write two capitals, such as BE or GB")
    return code
