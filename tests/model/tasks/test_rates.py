"""Rates of tasks equal to what seqio 0.0.20 makes of the same counts, min(n x scale, K) ** (1 / T)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c4pipe.mixture import Mixture
from model.errors import ConfigError
from model.tasks import TASKS
from model.tasks.rates import GLUE_EXAMPLES, SUPERGLUE_EXAMPLES, task_rates

COUNTS = {"cola": 8_551, "squad": 87_599, "wmt_ende": 4_592_289}


def test_literal_rates_of_seqio():
    """Of seqio.mixing_rate_num_examples: 8551, 87599 and 65536 for K = 2**16; their roots for T = 2 and K = 2**21."""
    rates = task_rates(COUNTS, Mixture.parse("examples", limit=2**16))
    assert rates == pytest.approx({"cola": 8551 / 139623, "squad": 65536 / 139623, "wmt_ende": 65536 / 139623})
    rates = task_rates(COUNTS, Mixture.parse("temperature", temperature=2, limit=2**21))
    roots = {"cola": 92.47161726005, "squad": 295.97128247171, "wmt_ende": 1448.1546878700}
    assert rates == pytest.approx({name: root / sum(roots.values()) for name, root in roots.items()})
    assert task_rates(COUNTS, Mixture.parse("equal")) == pytest.approx(dict.fromkeys(COUNTS, 1 / 3))


@given(
    st.dictionaries(st.sampled_from([*TASKS]), st.integers(1, 10**8), min_size=1),
    st.integers(1, 2**21),
    st.sampled_from([1, 2, 4, 8]),
)
def test_the_limit_acts_before_the_temperature(counts, limit, temperature):
    halved = {"rte", "superglue_rte"} <= counts.keys()
    weights = {
        name: min(-(-n // 2) if halved and name.endswith("rte") else n, limit) ** (1 / temperature)
        for name, n in counts.items()
    }
    rates = task_rates(counts, Mixture.parse("temperature", temperature=temperature, limit=limit))
    assert rates == pytest.approx({name: weight / sum(weights.values()) for name, weight in weights.items()})


def test_rte_of_both_benchmarks_counts_half_in_each():
    """t5/data/mixtures.py, `_dedupe`."""
    rates = task_rates(GLUE_EXAMPLES | SUPERGLUE_EXAMPLES, Mixture.parse("proportional"))
    assert rates["rte"] == rates["superglue_rte"] == pytest.approx(1245 / (949_101 + 185_673 - 2490))
    alone = task_rates(GLUE_EXAMPLES, Mixture.parse("proportional"))
    assert alone["rte"] == pytest.approx(2490 / 949_101)


def test_no_example_at_all():
    with pytest.raises(ConfigError, match="none of the 1 entries"):
        task_rates({"rte": 0}, Mixture.parse("equal"))


def test_published_examples_are_of_our_tasks():
    assert GLUE_EXAMPLES.keys() | SUPERGLUE_EXAMPLES.keys() <= TASKS.keys()
