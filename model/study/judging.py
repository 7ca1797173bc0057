"""The verdict of `c4pipe.compare` on a study's corpora: which is better on test text, next to the task scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from c4pipe.facts.verdict import read_verdict
from c4pipe.text import visible
from model.errors import ConfigError


def corpus_verdicts(folders: Sequence[Path], digests: Mapping[str, str]) -> list[str]:
    """A line for each comparison, with the names of the study. ConfigError for a comparison of other corpora.

    Args:
        folders: folders written by `c4pipe.compare --out`.
        digests: the sha256 of the manifest of each corpus, by its name.
    """
    names = {digest: name for name, digest in digests.items()}
    lines = []
    for folder in folders:
        found = read_verdict(folder)
        if not set(found.sums) <= names.keys():
            a, b = map(visible, found.folders)
            raise ConfigError(
                f"--verdict {folder} is on {a} and {b} as they were then. Expected two corpora of --data as they are "
                "now: compare them with python -m c4pipe.compare"
            )
        a, b = (names[digest] for digest in found.sums)
        lines.append(f"A is {a}, B is {b}: {found.line} (level {found.level})")
    return lines
