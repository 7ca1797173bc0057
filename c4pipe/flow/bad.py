"""Inputs of which nothing could be read, and a build that stops when they are too many."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

import apache_beam as beam

from c4pipe.errors import BuildError
from c4pipe.flow.files import BeamStore
from c4pipe.flow.read import StagedInput
from c4pipe.flow.settings import Settings
from c4pipe.passes.staged import Fault, Staged

MOST_NAMED = 5  # bad inputs that the message names

Judged = tuple[int, StagedInput, str]  # group, input, what is the matter with it


@beam.typehints.with_output_types(tuple[int, Judged])
class JudgeInput(beam.DoFn):
    """Says of a staged input what is damaged in its input, if it holds no page because of that: (0, judged)."""

    def __init__(self, settings: Settings):
        self._settings = settings

    def process(self, element: tuple[int, StagedInput]) -> Iterator[tuple[int, Judged]]:
        group, staged = element
        yield 0, (group, staged, self._damage(staged[0]))

    def _damage(self, number: int) -> str:
        settings = self._settings
        with BeamStore(settings.staging).read(Staged.of(settings.prefix(0), number).summary) as stream:
            summary = json.load(stream)
        if not summary["faults"] or summary["ledger"]["stages"][0]["kept"]:
            return ""
        fault = Fault(*summary["faults"][0])
        name = fault.source.rpartition("#")[0]
        detail = fault.detail.removeprefix(f"{name}: ")
        return f"{name}: {fault.reason}" + (f" ({detail})" if detail else "")


@beam.typehints.with_output_types(tuple[int, StagedInput])
class EnoughRead(beam.DoFn):
    """All judged inputs: passes them on; BuildError instead where too many inputs are bad."""

    def __init__(self, settings: Settings):
        self._settings = settings

    def process(self, element: tuple[int, Iterable[Judged]]) -> Iterator[tuple[int, StagedInput]]:
        inputs = sorted(element[1])
        bad = [damage for _, _, damage in inputs if damage]
        total, most = self._settings.inputs, self._settings.max_bad_share
        if len(bad) > most * total:
            raise BuildError(
                f"{len(bad)} of {total} inputs gave no page because they are damaged or unreadable, more than "
                f"--max-bad-share {most:g} allows: {'; '.join(bad[:MOST_NAMED])}"
                + ("; ..." if len(bad) > MOST_NAMED else ".")
            )
        for group, staged, _ in inputs:
            yield group, staged
