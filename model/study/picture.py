"""`picture.svg`: the seeds of all arms with their means, or the losses of all arms by step."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from model.study.gathering import Curves, Samples

PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")  # Okabe and Ito's


def draw_arms(samples: Samples, arms: Sequence[str], title: str) -> bytes:
    """A panel for each measurement: one dot per seed, a line at the mean. Same numbers, same bytes."""
    panels = [*samples.items()]

    def draw(axes: Sequence[Any]) -> None:
        for place, (one, ((task, metric), by_arm)) in enumerate(zip(axes, panels, strict=True)):
            for row, arm in enumerate(arms):
                values = [value for _, value in sorted(by_arm.get(arm, {}).items())]
                if values:
                    mean = sum(values) / len(values)
                    one.plot(values, [row] * len(values), "o", color=PALETTE[0], markersize=4, alpha=0.7)
                    one.plot([mean, mean], [row - 0.3, row + 0.3], color=PALETTE[1], linewidth=1.5)
            one.set_ylim(len(arms) - 0.5, -0.5)
            one.set_yticks(range(len(arms)), arms if not place else [""] * len(arms))
            one.set_xlabel(f"{task} {metric}", parse_math=False)
            one.grid(alpha=0.3)

    width = 2.2 + 2.6 * len(panels)
    return draw_panels(len(panels) or 1, (width, 1.4 + 0.28 * len(arms)), title, draw if panels else lambda _: None)


def draw_curves(curves: Mapping[str, Curves], title: str) -> bytes:
    """Training and held-out loss by step, one colour per arm."""

    def draw(axes: Sequence[Any]) -> None:
        for place, (one, label) in enumerate(zip(axes, ("training", "held-out text"), strict=True)):
            for number, (arm, lines) in enumerate(curves.items()):
                line = lines[place]
                style = "-" if number < len(PALETTE) else "--"
                one.plot(
                    [step for step, _ in line],
                    [loss for _, loss in line],
                    style,
                    color=PALETTE[number % len(PALETTE)],
                    marker="o" if place else None,
                    markersize=3,
                    linewidth=1,
                    label=arm,
                )
            one.set_title(label, fontsize=9)
            one.set_xlabel("step")
            one.set_ylabel("loss, nats a target token" if not place else "")
            one.grid(alpha=0.3)
        axes[0].legend(frameon=False)

    return draw_panels(2, (8.0, 3.6), title, draw, sharey=True)


def draw_panels(panels: int, size: tuple[float, float], title: str, draw: Any, *, sharey: bool = False) -> bytes:
    """An SVG of so many panels side by side, `size` in inches, filled by `draw`. Same numbers, same bytes."""
    import matplotlib as mpl  # a second to import
    from matplotlib import style
    from matplotlib.figure import Figure

    settings: Any = {"svg.fonttype": "none", "svg.hashsalt": "c4pipe", "font.family": "sans-serif", "font.size": 9}
    with style.context("default"), mpl.rc_context(settings):  # the user's own style must not affect the bytes
        figure = Figure(size, facecolor="white", layout="constrained")
        draw(figure.subplots(1, panels, squeeze=False, sharey=sharey)[0])
        figure.suptitle(title, fontsize=10, parse_math=False)
        out = io.BytesIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": "c4pipe", "Title": title})
    return out.getvalue()
