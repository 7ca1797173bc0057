"""The output of `c4pipe --version`: the versions that a manifest records, because they decide the bytes of a corpus."""

from __future__ import annotations

from beam_jobs.command import versions
from c4pipe.corpus.identity import LIBRARIES, libraries_behind
from c4pipe.presets import PRESETS


def versions_told() -> str:
    """One line each: c4pipe, Python, and every library that affects the output of some preset."""
    of_presets = {name for preset in PRESETS.values() for name in libraries_behind(preset.stages)}
    return "\n".join(f"{name} {found}" for name, found in versions(sorted({*LIBRARIES, *of_presets})).items())
