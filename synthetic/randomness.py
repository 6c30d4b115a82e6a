"""A random generator per part, chunk and window, so that no part disturbs another."""

from zlib import crc32

import numpy as np
from numpy.typing import NDArray


def generator(seed: int, part: str, *where: int) -> np.random.Generator:
    """A generator that depends on the seed, the part's name and its place alone."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(crc32(part.encode()), *where)))


def weighted(rng: np.random.Generator, weights: NDArray[np.float64], size: int) -> NDArray[np.int64]:
    """Positions drawn by weight; faster than Generator.choice for long lists."""
    steps = np.cumsum(weights)
    drawn = np.searchsorted(steps, rng.random(size) * steps[-1], side="right")
    found: NDArray[np.int64] = np.minimum(drawn, len(weights) - 1).astype(np.int64)
    return found


def scattered(number: NDArray[np.int64], size: int, salt: int) -> NDArray[np.int64]:
    """Each number in [0, size) sent to another one of the same range, none twice: ids that tell nothing."""
    multiplier = 2_654_435_761 % size | 1
    while np.gcd(multiplier, size) != 1:
        multiplier += 2
    found: NDArray[np.int64] = (number * multiplier + salt) % size
    return found
