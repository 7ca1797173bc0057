"""What `c4pipe --version` says: the versions that a manifest keeps, because they decide the bytes of a corpus."""

from __future__ import annotations

from beam_jobs.command import versions
from c4pipe.corpus.identity import LIBRARIES, libraries_behind
from c4pipe.presets import PRESETS


def versions_told() -> str:
    """A line each: c4pipe, Python, and every library that decides what comes out of some preset."""
    of_presets = {name for preset in PRESETS.values() for name in libraries_behind(preset.stages)}
    return "\n".join(f"{name} {found}" for name, found in versions(sorted({*LIBRARIES, *of_presets})).items())
