"""Inputs that yielded no page, and the limit on how many a build accepts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam

from c4pipe.errors import BuildError
from c4pipe.flow.files import BeamStore
from c4pipe.flow.inputs import read_inputs
from c4pipe.flow.read import StagedUnit
from c4pipe.flow.settings import Settings
from c4pipe.passes.account import Account, accounts_of_inputs, whys
from c4pipe.passes.staged import Staged, Summary

Judged = tuple[int, StagedUnit, list[list[Any]]]  # group, unit, the accounts of its pieces


@beam.typehints.with_output_types(tuple[int, Judged])
class JudgeUnit(beam.DoFn):
    """Reports what was read of a staged unit's inputs: (0, judged)."""

    def __init__(self, settings: Settings):
        self._settings = settings

    def process(self, element: tuple[int, StagedUnit]) -> Iterator[tuple[int, Judged]]:
        group, unit = element
        settings = self._settings
        summary = Summary.read(BeamStore(settings.staging), Staged.of(settings.prefix(0), unit[0]))
        yield 0, (group, unit, [account.to_json() for account in summary.accounts])


@beam.typehints.with_output_types(tuple[int, StagedUnit])
class EnoughRead(beam.DoFn):
    """Passes on all judged units; raises BuildError if too many inputs are bad."""

    def __init__(self, settings: Settings):
        self._settings = settings

    def process(self, element: tuple[int, Iterable[Judged]]) -> Iterator[tuple[int, StagedUnit]]:
        settings, judged = self._settings, sorted(element[1], key=lambda one: one[1])
        accounts = accounts_of_inputs(Account.from_json(row) for _, _, rows in judged for row in rows)
        bad = [account.veiled(settings.plan.veil) for account in accounts.values() if account.amiss]
        if len(bad) > settings.max_bad_share * settings.inputs:
            inputs = read_inputs(settings.inputs_list)
            raise BuildError(
                f"{len(bad):,} of {settings.inputs:,} inputs gave no page, more than --max-bad-share "
                f"{settings.max_bad_share:g} allows: {whys((inputs[one.number].name, one.why) for one in bad)}."
            )
        for group, unit, _ in judged:
            yield group, unit
