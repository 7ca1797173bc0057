"""What a preset is: a named, ordered tuple of stages. New presets are made by changing one stage."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import cast

from c4pipe.errors import ConfigError, unknown
from c4pipe.page import Unit
from c4pipe.stages.base import Scope, Stage
from c4pipe.stages.checking import check_stage, one_reason_a_code
from c4pipe.stages.read import Read


@dataclass(frozen=True)
class Preset:
    """An ordered tuple of stages under a name."""

    name: str
    says: str
    stages: tuple[Stage, ...]
    own: str = "en"  # the language implied by the name

    def __post_init__(self) -> None:
        for stage in self.stages:
            if wrong := check_stage(stage, Stage):
                raise ConfigError(f"preset {self.name!r} {wrong}.")
        names = [stage.name for stage in self.stages]
        if len(set(names)) < len(names):
            raise ConfigError(f"preset {self.name!r} names a stage twice: {', '.join(names)}.")
        wrong = _disorder(self.stages)
        if wrong:
            raise ConfigError(f"preset {self.name!r} {wrong}; it has {', '.join(names)}.")
        if wrong := one_reason_a_code(self.stages):
            raise ConfigError(f"preset {self.name!r} {wrong}.")

    def named(self, name: str, says: str) -> Preset:
        """The same stages under another name."""
        return replace(self, name=name, says=says)

    def without(self, *names: str) -> Preset:
        """The preset without the stages of these names."""
        for name in names:
            self._index(name)
        return replace(self, stages=tuple(stage for stage in self.stages if stage.name not in names))

    def before(self, name: str, stage: Stage) -> Preset:
        """The preset with a stage inserted before the named one."""
        at = self._index(name)
        return replace(self, stages=(*self.stages[:at], stage, *self.stages[at:]))

    def after(self, name: str, stage: Stage) -> Preset:
        """The preset with a stage inserted after the named one."""
        at = self._index(name) + 1
        return replace(self, stages=(*self.stages[:at], stage, *self.stages[at:]))

    def on(self, stage: Stage) -> Preset:
        """The preset with the stage of the same name replaced."""
        at = self._index(stage.name)
        return replace(self, stages=(*self.stages[:at], stage, *self.stages[at + 1 :]))

    def _index(self, name: str) -> int:
        names = [stage.name for stage in self.stages]
        if name not in names:
            raise unknown(f"stage of preset {self.name!r},", name, names)
        return names.index(name)

    @property
    def read(self) -> Read:
        """How it reads its inputs."""
        return cast(Read, self.stages[0])

    def indices(self, scope: Scope) -> tuple[int, ...]:
        """The indices of the stages of that scope."""
        return tuple(i for i, stage in enumerate(self.stages) if stage.scope is scope)

    @property
    def identify(self) -> Stage | None:
        """The stage that identifies the language, if any."""
        return next((stage for stage in self.stages if stage.kept_languages()), None)

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that the preset keeps."""
        return () if self.identify is None else self.identify.kept_languages()

    def config(self, language: str) -> str:
        """The folder for pages of a language: `en.2019` in German is `de.2019`, `realnewslike` is `realnewslike.de`."""
        if not language:  # none requested
            return self.name
        first, dot, rest = self.name.partition(".")
        if first == self.own:
            return language + dot + rest
        return self.name if language == self.own else f"{self.name}.{language}"


def _disorder(stages: tuple[Stage, ...]) -> str:
    """What is wrong with the order of stages, "" if nothing is: Read, pages, URLs, then texts and pages, maybe Size."""
    scopes = "".join(stage.scope.value for stage in stages)
    if not re.fullmatch("i[^i]*", scopes):
        return "must begin with exactly one Read stage"
    if not re.fullmatch("[^ut]*u[^u]*", scopes):
        return "needs one URL dedup, and any text dedups after it"
    if "c" in scopes[:-1]:
        return "may have one Size stage, after all others"
    for stage in stages[: scopes.index("u")]:
        if any(told.unit is not Unit.PAGE for told in stage.told()):
            return f"cuts lines in stage {stage.name!r}, which must come after the URL dedup"
    return ""
