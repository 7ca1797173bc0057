"""The paper's results, to see whether the order of arms is the same here. Raffel et al. 2020, arXiv 1910.10683.

The figures of tables 9 and 10 were read from the paper. The others are from memory and were not checked: if an order
differs here, check the paper first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from model.tasks.glue import GLUE
from model.tasks.pronouns import PRONOUNS
from model.tasks.superglue import SUPERGLUE

COLUMNS = ("GLUE", "CNNDM", "SQuAD", "SGLUE", "EnDe", "EnFr", "EnRo")
# Standard deviations over ten baselines, table 1: smaller differences in the paper give no order.
SPREAD = dict(zip(COLUMNS, (0.235, 0.065, 0.343, 0.416, 0.112, 0.090, 0.108), strict=True))
# The paper's column for each of our tasks.
COLUMN_OF_TASK = {
    **{task.name: "GLUE" for task in GLUE},
    **{task.name: "SGLUE" for task in (*SUPERGLUE, *PRONOUNS)},
    "squad": "SQuAD",
    "cnn_dailymail": "CNNDM",
    "wmt_ende": "EnDe",
    "wmt_enfr": "EnFr",
    "wmt_enro": "EnRo",
}

Figures = tuple[float | None, ...]  # by column; the last ones may be missing


class PaperTable(NamedTuple):
    """Our arms by name, with the paper's figures. Arms that the paper lacks are absent."""

    number: str
    figures: Mapping[str, Figures]

    def column(self, name: str) -> dict[str, float]:
        """A column of the table, by arm."""
        place = COLUMNS.index(name)
        found = {arm: figures[place] for arm, figures in self.figures.items() if place < len(figures)}
        return {arm: value for arm, value in found.items() if value is not None}


BASELINE: Figures = (83.28, 19.24, 80.88, 71.36, 26.98, 39.82, 27.65)
UNTRAINED: Figures = (66.22, 17.60, 50.31, 53.04, 25.86, 39.77, 24.04)  # no pre-training, table 1

PAPER_TABLES = {
    "architectures": PaperTable(
        "2",
        {
            "encoder-decoder": BASELINE,
            "shared": (82.81, 18.78, 80.63, 70.73, 26.72, 39.03, 27.46),
            "half": (80.88, 18.97, 77.59, 68.42, 26.38, 38.40, 26.95),
            "decoder-lm": (74.70, 17.93, 61.14, 55.02, 25.09, 35.28, 25.86),
            "prefix-lm": (81.82, 18.61, 78.94, 68.11, 26.43, 37.98, 27.39),
        },
    ),
    "objectives": PaperTable(
        "4, 5 and 7",
        {
            "iid": BASELINE,
            "span": (83.49, 19.62, 81.84, 72.53, 26.86, 39.65, 27.62),
            "bert": (82.96, 19.17, 80.65, 69.85, 26.78, 40.03, 27.41),
            "mass": (82.32, 19.16, 80.10, 69.28, 26.79, 39.89, 27.55),
            "drop-tokens": (84.44, 19.31, 80.52, 68.67, 27.07, 39.76, 27.82),
            "prefix-lm": (80.69, 18.94, 77.99, 65.27, 26.86, 39.73, 27.49),
            "lm": (79.56, 18.59, 76.02, 64.29, 26.27, 39.17, 26.86),
            "deshuffle": (73.17, 18.59, 67.61, 58.47, 26.11, 39.30, 25.62),
            "none": UNTRAINED,
        },
    ),
    "corpora": PaperTable(
        "8",
        {
            "en": BASELINE,
            "en.noclean": (81.46, 19.14, 78.78, 68.04, 26.55, 39.34, 27.21),
            "realnewslike": (83.83, 19.23, 80.39, 72.38, 26.75, 39.90, 27.48),
            "webtextlike": (84.03, 19.31, 81.42, 71.40, 26.80, 39.74, 27.59),
        },
    ),
    "repeats": PaperTable(
        "9",
        {
            "all": BASELINE,
            "x64": (82.87, 19.19, 80.97, 72.03, 26.83, 39.74, 27.63),
            "x256": (82.62, 19.20, 79.78, 69.97, 27.02, 39.71, 27.33),
            "x1024": (79.55, 18.57, 76.27, 64.76, 26.38, 39.56, 26.80),
            "x4096": (76.34, 18.33, 70.92, 59.29),
        },
    ),
    "methods": PaperTable(
        "10",  # its row for adapters of 2,048 is a misprint: it repeats that of 128
        {
            "all": BASELINE,
            "adapters-32": (80.52, 15.08, 79.32, 60.40, 13.84, 17.88, 15.54),
            "adapters-128": (81.51, 16.62, 79.47, 63.03, 19.83, 27.50, 22.63),
            "adapters-512": (81.54, 17.78, 79.18, 64.30, 23.45, 33.98, 25.81),
            "gradual": (82.50, 18.95, 79.17, 70.79, 26.71, 39.02, 26.93),
        },
    ),
    "mixing": PaperTable(
        "11",
        {
            "separate": BASELINE,
            "equal": (76.13, 19.02, 76.51, 63.37),
            "limit-65536": (80.45, None, 77.25, 69.95),
            "limit-131072": (81.56, None, 77.00, 67.91),
            "limit-262144": (81.67, None, 78.17, 67.94),
            "limit-524288": (81.42, None, 79.78, 67.30),
            "limit-1048576": (80.80, None, 80.36, 67.38),
            "limit-2097152": (79.83, None, 79.50, 65.10),
            "temperature-2": (81.90, None, 79.42, 69.92),
            "temperature-4": (80.56, None, 77.99, 69.54),
            "temperature-8": (77.21, None, 77.14, 66.07),
        },
    ),
    "combining": PaperTable(
        "12",
        {
            "unsupervised": BASELINE,
            "multi-task": (81.42, None, None, 67.30),
            "multi-task-tuned": (83.11, None, None, 71.03),
            "leave-one-out": (81.98, None, None, 71.68),
            "supervised": (79.93, None, None, 65.36),
        },
    ),
    "scaling": PaperTable(
        "13",
        {
            "baseline": (83.28, None, 80.88, 71.36),
            "steps-4": (85.33, None, 82.45, 74.72),
            "batch-4": (84.60, None, 82.52, 74.64),
            "size-2-steps-2": (86.18, None, 84.18, 77.18),
            "size-4": (85.91, None, 83.86, 78.04),
            "ensemble": (84.77, None, 83.09, 71.74),
            "ensemble-tuned": (84.05, None, 82.36, 71.55),
        },
    ),
    # Tables of other papers, whose figures are for whole benchmarks: Roberts et al. 2020, Xue et al. 2021.
    "closed_book": PaperTable("2 of arXiv 2002.08910", {}),
    "languages": PaperTable("2 of arXiv 2010.11934", {}),
}
