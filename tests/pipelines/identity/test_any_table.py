"""What is told of each row does not depend on the order in which its pairs were found."""

import numpy as np
import pyarrow as pa

from pipelines.identity.any_table import mean_probability
from pipelines.identity.linkage import Pairs
from pipelines.identity.match import Matched
from pipelines.identity.model import LEARNED_NOTHING


def test_probability_of_a_row_is_the_mean_of_its_pairs_in_any_order() -> None:
    groups = np.append(np.arange(500) // 5 * 5, 500)
    ends = np.array([(a, b) for a in range(500) for b in range(a + 1, min(a + 7, 500))])
    generator = np.random.default_rng(1)
    probability = np.round(generator.random(len(ends)), 6)
    keys = [f"contact:table:{row}" for row in range(501)]
    told = []
    for _ in range(10):
        order = generator.permutation(len(ends))
        pairs = Pairs(ends[order, 0], ends[order, 1], probability[order])
        told.append(mean_probability(groups, Matched(pa.array(keys), pairs, LEARNED_NOTHING, 0, ())).to_pylist())
    assert all(found == told[0] for found in told)
    first = [p for (a, b), p in zip(ends, probability, strict=True) if a == 0 and b < 5]
    assert abs(told[0][0] - np.mean(first)) < 1e-6
    assert told[0][-1] is None
