"""The lake's secret key: identifiers are hashed with it, so that nobody can compute a hash from an e-mail alone."""

import secrets
from pathlib import Path

from pyspark.sql import Column
from pyspark.sql import functions as F


def lake_key(state: Path) -> str:
    """The lake's secret, made at its first use and kept in the state folder, readable by its owner alone."""
    path = state / "lake.key"
    if not path.exists():
        state.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_hex(32))
        draft.replace(path)
    return path.read_text().strip()


def keyed_hash(value: Column, key: str) -> Column:
    """The first 32 hex digits of a keyed SHA-256 of the value; null stays null.

    Source: nested keyed hashing as in HMAC (RFC 2104), which Spark has no native function for.
    """
    inner = F.sha2(F.concat(F.lit(f"{key}:inner:"), value), 256)
    return F.substring(F.sha2(F.concat(F.lit(f"{key}:outer:"), inner), 256), 1, 32)
