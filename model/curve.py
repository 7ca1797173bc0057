"""The picture of a training: loss by step on training and validation text, as SVG."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

POINTS = 1_000  # most points per line: more cannot be distinguished
TRAINING_COLOUR, VALIDATION_COLOUR = (
    "#0072b2",
    "#d55e00",
)  # from Okabe and Ito's palette, which colour-blind people can distinguish


def draw_curve(metrics: Sequence[Mapping[str, str]], evals: Sequence[Mapping[str, str]], title: str) -> bytes:
    """Draws the rows of `metrics.csv` and `eval.csv`; the same bytes for the same numbers."""
    import matplotlib as mpl  # a second to import
    from matplotlib import style
    from matplotlib.figure import Figure

    steps = np.array([int(row["step"]) for row in metrics])
    losses = np.array([float(row["loss"]) for row in metrics])
    settings: Any = {"svg.fonttype": "none", "svg.hashsalt": "c4pipe", "font.family": "sans-serif", "font.size": 9}
    with style.context("default"), mpl.rc_context(settings):  # the user's own style must not affect the bytes
        figure = Figure((7.5, 4.2), facecolor="white", layout="constrained")
        axes = figure.subplots()
        axes.plot(*thinned(steps, losses), color=TRAINING_COLOUR, linewidth=1, label="training")
        overall = [row for row in evals if row["entry"] == "all"]
        if overall:
            places = [int(row["step"]) for row in overall]
            found = [float(row["loss"]) for row in overall]
            bits = f" {float(overall[-1].get('bits_per_byte', 'nan')):.3f} bits per byte"
            axes.plot(
                places,
                found,
                "o-",
                color=VALIDATION_COLOUR,
                markersize=4,
                linewidth=1,
                label=f"validation, at the end{bits}",
            )
            unigram = float(overall[-1]["unigram"])
            axes.axhline(unigram, color="#999999", linestyle="--", linewidth=1, label="unigram entropy, validation")
        axes.set_title(title, parse_math=False)
        axes.set_xlabel("step")
        axes.set_ylabel("loss per target token, nats")
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
        out = io.BytesIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": "c4pipe", "Title": title})
    return out.getvalue()


def thinned(steps: NDArray[Any], losses: NDArray[Any], points: int = POINTS) -> tuple[NDArray[Any], NDArray[Any]]:
    """At most so many points: means of equally long stretches, except for the last.

    >>> thinned(np.array([1, 2, 3, 4, 5]), np.array([9.0, 7.0, 5.0, 5.0, 3.0]), points=3)
    (array([2, 4, 5]), array([8., 5., 3.]))
    """
    stretch = -(-len(steps) // points)
    if stretch <= 1:
        return steps, losses
    starts = np.arange(0, len(steps), stretch)
    sizes = np.diff(starts, append=len(steps))
    return steps[starts + sizes - 1], np.add.reduceat(losses, starts) / sizes
