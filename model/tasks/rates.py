"""The rate of each task in a mixture of tasks, as in T5.

>>> task_rates({"squad": 300, "rte": 100}, Mixture.parse("examples", limit=100))
{'squad': 100.0, 'rte': 100.0}
"""

from __future__ import annotations

from collections.abc import Mapping

from c4pipe.mixture import Mixture

# Training examples, by which T5 weights the tasks within a benchmark: PyPI t5 0.9.4, data/glue_utils.py.
GLUE_EXAMPLES = {
    "cola": 8_551,
    "sst2": 67_349,
    "mrpc": 3_668,
    "qqp": 363_849,
    "stsb": 5_749,
    "mnli": 392_702,
    "qnli": 104_743,
    "rte": 2_490,
}
SUPERGLUE_EXAMPLES = {
    "dpr": 1_322,
    "wsc": 259,  # those of 554 whose label is True
    "boolq": 9_427,
    "cb": 250,
    "copa": 400,
    "multirc": 27_243,
    "record": 138_854,
    "superglue_rte": 2_490,
    "wic": 5_428,
}
TWINS = {"rte", "superglue_rte"}  # the same examples in both benchmarks: if both are used, each counts half


def task_rates(examples: Mapping[str, int], mixture: Mixture) -> dict[str, float]:
    """The rate of each task by its training examples, min(n, limit) ** (1 / T), as in seqio, not normalised.

    If RTE of both benchmarks is used, each counts half. seqio's limit K with `scale` s is the limit K / s here.
    """
    twice = examples.keys() >= TWINS
    return mixture.weights({name: -(-n // 2) if twice and name in TWINS else n for name, n in examples.items()})
