"""The names of tables as Dagster writes them."""

import dagster as dg

OUTSIDE = ("syncs.", "audiences.", "destinations.")
"""How the names of assets begin that stand outside the lake, in a tool: no step of their own makes them."""


def asset_key(name: str) -> dg.AssetKey:
    """`conformed.orders` is the asset conformed/orders."""
    return dg.AssetKey(name.split("."))


def table_name(key: dg.AssetKey) -> str:
    """The asset conformed/orders is `conformed.orders`."""
    return ".".join(key.path)
