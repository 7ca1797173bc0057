"""The level that defines passages: that of the corpus, or one by name."""

from __future__ import annotations

from c4pipe.dedup import LinkLevel, TextLevel
from c4pipe.errors import ConfigError
from c4pipe.facts.corpus import Corpus
from c4pipe.files.assets import find_assets
from c4pipe.inspect.rebuild import preset_of
from c4pipe.stages import Dedup, Preset
from c4pipe.stages.text_levels import TEXT_LEVELS

PASSAGE_LEVELS = tuple(name for name, level in TEXT_LEVELS.items() if not level.links)
USUAL = "spans"  # for a corpus whose preset has none


def level_of(corpus: Corpus, name: str | None) -> tuple[str, TextLevel]:
    """The name and the level: the corpus's first text dedup, or the level of that name, with the corpus's settings if
    it has it. Raises ConfigError if the first one compares whole pages, which are not passages."""
    preset = _preset(corpus)
    own = _levels(preset)
    if name is None and own and isinstance(own[0], LinkLevel):
        raise ConfigError(f"{corpus.folder} compares whole pages. Choose the unit of a passage: --level {USUAL}.")
    if name is None:
        name = next((name for name in PASSAGE_LEVELS if own and type(own[0]) is type(TEXT_LEVELS[name])), USUAL)
    usual = TEXT_LEVELS[name]
    level = next((level for level in own if type(level) is type(usual)), None)
    if level is None:
        level = usual.for_languages(preset.languages) if preset and preset.languages else usual
    return name, level.bind(find_assets())


def first_level(corpus: Corpus) -> TextLevel | None:
    """The level of the corpus's first text dedup, None if it has none."""
    return next(iter(_levels(_preset(corpus))), None)


def _preset(corpus: Corpus) -> Preset | None:
    """The preset of the corpus; None for a mixture."""
    return preset_of(corpus)[0] if corpus.manifest.get("preset") else None


def _levels(preset: Preset | None) -> list[TextLevel]:
    """The levels by which it compares texts, in order."""
    stages = preset.stages if preset else ()
    return [one.level for one in stages if isinstance(one, Dedup) and isinstance(one.level, TextLevel)]
