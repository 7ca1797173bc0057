"""Rates of tasks equal to what seqio 0.0.20 makes of the same counts, min(n x scale, K) ** (1 / T)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.mixture import Mixture
from model.tasks import TASKS
from model.tasks.rates import GLUE_EXAMPLES, SUPERGLUE_EXAMPLES, task_rates

COUNTS = {"cola": 8_551, "squad": 87_599, "wmt_ende": 4_592_289}


def test_literal_rates_of_seqio():
    """seqio.mixing_rate_num_examples of these counts, with K = 2**16, and with T = 2 and K = 2**21."""
    rates = task_rates(COUNTS, Mixture.parse("examples", limit=2**16))
    assert rates == {"cola": 8551.0, "squad": 65536.0, "wmt_ende": 65536.0}
    rates = task_rates(COUNTS, Mixture.parse("temperature", temperature=2, limit=2**21))
    assert rates == pytest.approx({"cola": 92.4716172, "squad": 295.9712824, "wmt_ende": 1448.1546878})
    assert task_rates(COUNTS, Mixture.parse("equal")) == dict.fromkeys(COUNTS, 1.0)


@given(
    st.dictionaries(st.sampled_from([*TASKS]), st.integers(1, 10**8), min_size=1),
    st.integers(1, 2**21),
    st.sampled_from([1, 2, 4, 8]),
)
def test_the_limit_acts_before_the_temperature(counts, limit, temperature):
    twice = {"rte", "superglue_rte"} <= counts.keys()
    expected = {
        name: min((n + 1) // 2 if twice and name.endswith("rte") else n, limit) ** (1 / temperature)
        for name, n in counts.items()
    }
    mixture = Mixture.parse("temperature", temperature=temperature, limit=limit)
    assert task_rates(counts, mixture) == pytest.approx(expected)


def test_rte_of_both_benchmarks_counts_half_in_each():
    """t5/data/mixtures.py, `_dedupe`."""
    rates = task_rates(GLUE_EXAMPLES | SUPERGLUE_EXAMPLES, Mixture.parse("proportional"))
    assert (rates["rte"], rates["superglue_rte"], rates["cb"]) == (1245, 1245, 250)
    assert task_rates(GLUE_EXAMPLES, Mixture.parse("proportional"))["rte"] == 2490


def test_published_examples_are_of_our_tasks():
    assert GLUE_EXAMPLES.keys() | SUPERGLUE_EXAMPLES.keys() <= TASKS.keys()
