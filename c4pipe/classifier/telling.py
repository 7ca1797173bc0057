"""The report on a trained model: as plain values, and as text for a terminal."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from c4pipe.classifier.measuring import at_thresholds, scores_of, thresholds_of, words_each_way
from c4pipe.classifier.sides import GOOD, DrawnSide, Sides
from c4pipe.command import as_called
from c4pipe.fasttext.model import FastTextModel
from c4pipe.files.pinned import sha256_of
from c4pipe.stages.classifier import LABEL_PREFIX
from c4pipe.text import many, percent, visible

_COLUMNS = 4  # words per line
_FEW_TRIED = 30  # held-out pages of both sides: with fewer, a share is known to 18 points at best; ours
_SPREAD = 0.2  # a model with a smaller range of scores has hardly learnt anything; ours


def reported(
    model: Path, sides: Sides, drawn: tuple[DrawnSide, DrawnSide], joined: str, settings: dict[str, Any], trainer: str
) -> dict[str, Any]:
    """The model's quality on the held-out pages. Plain values, the same for the same model and pages."""
    read = FastTextModel(model)
    label = read.labels.index(LABEL_PREFIX + GOOD)
    good, bad = sides.held_out
    scores = np.concatenate([scores_of(read, label, good), scores_of(read, label, bad)])
    is_good = np.arange(len(scores)) < len(good)
    groups = np.unique([each.group for each in (*good, *bad)], return_inverse=True)[1]
    rows = at_thresholds(scores, is_good, groups, thresholds_of(scores))
    words = words_each_way(read, label, sides.held_out)
    return {
        "sha256": sha256_of(model),
        "bytes": model.stat().st_size,
        "label": GOOD,
        "joined": joined,
        "settings": settings,
        "trainer": trainer,
        "own_words": max(0, read.words - 1),  # without the end of a line
        "sides": [
            {
                "side": side.name,
                "read": side.read,
                "drawn": len(side.lines),
                "trained": len(trained),
                "held_out": len(held),
                "held_out_domains": len({each.group for each in held}),
            }
            for side, trained, held in zip(drawn, sides.training, sides.held_out, strict=True)
        ],
        "shared": sides.shared,
        "spread": float(np.diff(np.quantile(scores, (0.05, 0.95)))[0]),
        "thresholds": [
            {
                "above": row.above,
                "kept": row.kept,
                "precision": None if row.precision is None else row.precision._asdict(),
                "recall": row.recall._asdict(),
            }
            for row in rows
        ],
        "words": {
            "gap": words.gap,
            "pages": words.pages,
            "good": [each._asdict() for each in words.good],
            "bad": [each._asdict() for each in words.bad],
        },
    }


def show_trained(report: dict[str, Any], out: Path) -> None:
    """The report as text."""
    say = _say
    say(f"{out}: {report['bytes'] / 1e6:.1f} MB, sha256 {report['sha256']}")
    for side in report["sides"]:
        held = f"{side['held_out']:,} tried, of {many(side['held_out_domains'], 'domain')} that training never saw"
        say(f"  {side['side']}: {many(side['read'], 'page')} read, {side['trained']:,} trained on, {held}")
    if report["shared"]:
        say(f"  {many(report['shared'], 'text')} on both sides left out")
    say()
    say("On held-out pages, equally many from each side; in brackets 95 % intervals over samples of domains")
    say("        above    kept   precision                    recall")
    for row in report["thresholds"]:
        shares = f"{_interval(row['precision'])}  {_interval(row['recall'])}".rstrip()
        say(f"  {row['above']:11.7g} {row['kept']:7,}   {shares}")
    if not report["own_words"]:
        say(f"  No word occurs {report['settings']['least']:,} times in training: the model knows only word n-grams,")
        say("  not single words. Lower --least, or give it more pages.")
    if report["spread"] < _SPREAD:
        say(f"  It has hardly learned: nine in ten scores lie within {report['spread']:.2g}. Give it more pages, or")
        say("  more --epochs and a higher --rate.")
    words = report["words"]
    say()
    said = f"Words that separate them, each with its share of {words['gap']:+.2f}, the difference of the mean logits"
    say(f"{said} ({many(words['pages'], 'page')})")
    for name in ("good", "bad"):
        say(f"  speak for {name}")
        shown = [f"{each['word']} {each['gap']:.3f}" for each in words[name]]
        for start in range(0, len(shown), _COLUMNS):
            say(f"    {'   '.join(shown[start : start + _COLUMNS])}")
    say()
    tried, above = sum(side["held_out"] for side in report["sides"]), ", above=0.5"
    if report["own_words"] and tried >= _FEW_TRIED:
        measure = as_called("python -m c4pipe.classifier quantile")
        say(f"In a preset: measure a threshold with `{measure}`, or choose one of these:")
    else:
        above = ""
        why = f"{many(tried, 'page')} held out are too few" if tried < _FEW_TRIED else "a model without words is none"
        say(f"In a preset, as a column of scores: {why} to choose a threshold.")
    joined = "" if report["joined"] == "dclm" else f", joined={json.dumps(report['joined'])}"
    say(f"  Classifier({json.dumps(str(out), ensure_ascii=False)}, {json.dumps(report['label'])}{above}{joined})")


def _interval(share: dict[str, float] | None) -> str:
    if share is None:
        return f"{'no page':27}"
    return f"{percent(share['value']):>7} ({percent(share['low'])} to {percent(share['high'])})".ljust(27)


def _say(line: str = "") -> None:
    sys.stdout.write(visible(line) + "\n")
