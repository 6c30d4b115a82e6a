"""The names of tables as Dagster writes them."""

import dagster as dg


def asset_key(name: str) -> dg.AssetKey:
    """`conformed.orders` is the asset conformed/orders."""
    return dg.AssetKey(name.split("."))


def table_name(key: dg.AssetKey) -> str:
    """The asset conformed/orders is `conformed.orders`."""
    return ".".join(key.path)
