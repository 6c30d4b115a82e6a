"""Articles, stores and exchange rates: the same for every size."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synthetic.people import TASTES
from synthetic.places import REGIONS
from synthetic.randomness import generator

CATEGORIES = {
    "Kitchen": ("Pan", "Bowl", "Knife", "Mug", "Teapot", "Tray"),
    "Linen": ("Towel", "Duvet cover", "Cushion", "Throw", "Napkin"),
    "Light": ("Lamp", "Candle", "Lantern", "Bulb"),
    "Furniture": ("Stool", "Shelf", "Side table", "Bench"),
    "Garden": ("Planter", "Watering can", "Parasol", "Hammock"),
    "Paper": ("Notebook", "Card set", "Gift wrap", "Calendar"),
    "Children": ("Puzzle", "Night light", "Backpack", "Play mat"),
    "Bath": ("Soap", "Bath mat", "Mirror", "Basket"),
}
COLOURS = ("oak", "linen", "sage", "indigo", "rust", "charcoal", "ivory", "copper", "olive", "sand")
PRODUCTS, STORES_PER_REGION = 600, (9, 11, 3, 6)
GROUPS = ("south", "north", "lux", "uk")


@dataclass(frozen=True)
class Assortment:
    """Articles and how likely each is bought at each level of taste (cheap to dear)."""

    products: pd.DataFrame
    chance: NDArray[np.float64]

    @property
    def mean_price(self) -> NDArray[np.float64]:
        """Expected list price of a bought article for each level of taste."""
        found: NDArray[np.float64] = self.chance @ self.products["list_price"].to_numpy()
        return found

    def draw(self, rng: np.random.Generator, taste: NDArray[np.int64]) -> NDArray[np.int64]:
        """The position of one bought article for each buyer's taste."""
        steps = np.cumsum(self.chance, axis=1)
        drawn, bought = rng.random(len(taste)), np.empty(len(taste), np.int64)
        for level in range(TASTES):
            here = taste == level
            bought[here] = np.searchsorted(steps[level], drawn[here] * steps[level, -1], side="right")
        return np.minimum(bought, len(self.products) - 1)


@cache
def assortment(seed: int) -> Assortment:
    """The articles of the retailer."""
    rng = generator(seed, "products")
    category = rng.choice(list(CATEGORIES), PRODUCTS)
    names = [f"{rng.choice(CATEGORIES[c])} {rng.choice(COLOURS)} {n % 97 + 3}" for n, c in enumerate(category)]
    price = np.round(np.exp(rng.normal(2.9, 0.75, PRODUCTS)), 0) + 0.95
    products = pd.DataFrame(
        {
            "product_id": [f"A{100_000 + n * 37}" for n in range(PRODUCTS)],
            "product_name": names,
            "category": category,
            "list_price": price,
        }
    )
    popular = 1 / (3 + rng.permutation(PRODUCTS)) ** 0.8
    centre = np.quantile(np.log(price), np.linspace(0.05, 0.95, TASTES))
    near = np.exp(-((np.log(price)[None, :] - centre[:, None]) ** 2) / (2 * 0.6**2))
    chance = popular * near
    return Assortment(products, chance / chance.sum(axis=1, keepdims=True))


@cache
def stores() -> pd.DataFrame:
    """The stores; `region` and `group` say where, the currency follows the country."""
    rows = []
    for place, (region, count) in enumerate(zip(REGIONS, STORES_PER_REGION, strict=True)):
        for number in range(count):
            town = region.towns[number % len(region.towns)][0]
            rows.append(
                {
                    "store_id": f"{place + 1}{number + 1:02d}",
                    "store_name": f"{town} {'Centre' if number < len(region.towns) else 'Park'}",
                    "region": place,
                    "group": GROUPS[place],
                    "country": region.country,
                    "currency": "GBP" if region.country == "GB" else "EUR",
                }
            )
    return pd.DataFrame(rows)


@cache
def pound_rates(seed: int, days: int, nights: int) -> NDArray[np.float64]:
    """Euros for one pound on each day, from `days` before the first night on: a random walk."""
    rng = generator(seed, "rates")
    before = rng.normal(0, 0.0025, days)
    after = rng.normal(0, 0.0025, nights + 400)
    later = np.cumsum(after)
    earlier = np.cumsum(before)[::-1]
    found: NDArray[np.float64] = np.round(1.17 * np.exp(np.clip(np.concatenate([earlier, later]), -0.08, 0.08)), 5)
    return found
