"""The presets: each a value, most of them another preset with one line changed. To make your own, put one in a module
of yours and name it: `--preset my_presets:STRICT`."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from c4pipe.clean import LineStep
from c4pipe.dedup import LineLevel, SpanLevel, UrlLevel
from c4pipe.errors import ConfigError, unknown
from c4pipe.langid.base import UND
from c4pipe.langid.codes import MC4
from c4pipe.rules import (
    END_MARKS,
    BadWords,
    EndMark,
    ListedDomain,
    ListedSubdomain,
    ListedUrl,
    MaxChars,
    MaxWordLength,
    MinParagraphs,
    MinSentences,
    MinWords,
    NoBrace,
    NoJavascript,
    NoLoremIpsum,
    NoPolicy,
    StripCitations,
)
from c4pipe.stages import Clean, Dedup, Filter, Identify, Read, RowStage, Size, Stage


@dataclass(frozen=True)
class Preset:
    """An ordered tuple of stages under a name."""

    name: str
    says: str
    stages: tuple[Stage, ...]
    own: str = "en"  # the language that the name stands for

    def __post_init__(self) -> None:
        names = [stage.name for stage in self.stages]
        if len(set(names)) < len(names):
            raise ConfigError(f"preset {self.name!r} names a stage twice: {', '.join(names)}.")
        if not isinstance(self.stages[0], Read) or any(isinstance(stage, Read) for stage in self.stages[1:]):
            raise ConfigError(f"preset {self.name!r} must begin with its one Read stage; it has {', '.join(names)}.")
        levels = [isinstance(stage.level, UrlLevel) for stage in self.stages if isinstance(stage, Dedup)]
        if levels not in ([True], [True, False]):
            raise ConfigError(
                f"preset {self.name!r} needs one dedup of URLs and at most one of text, behind it; "
                f"it has {', '.join(names)}."
            )
        cleans = [i for i, stage in enumerate(self.stages) if isinstance(stage, Clean)]
        urls = next(i for i, stage in enumerate(self.stages) if isinstance(stage, Dedup))
        if len(cleans) > 1 or any(i < urls for i in cleans):
            raise ConfigError(f"preset {self.name!r} may have one Clean stage, behind the dedup of URLs.")
        if any(isinstance(stage, Size) for stage in self.stages[:-1]):
            raise ConfigError(
                f"preset {self.name!r} may have one Size stage, behind all others; it has {', '.join(names)}."
            )

    def named(self, name: str, says: str) -> Preset:
        """The same stages under another name."""
        return replace(self, name=name, says=says)

    def without(self, *names: str) -> Preset:
        """The preset less the stages of these names."""
        for name in names:
            self._index(name)
        return replace(self, stages=tuple(stage for stage in self.stages if stage.name not in names))

    def before(self, name: str, stage: Stage) -> Preset:
        """The preset with a stage put in front of the named one."""
        at = self._index(name)
        return replace(self, stages=(*self.stages[:at], stage, *self.stages[at:]))

    def after(self, name: str, stage: Stage) -> Preset:
        """The preset with a stage put behind the named one."""
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
    def trunk(self) -> tuple[Stage, ...]:
        """The stages up to the last dedup. Presets that have them in common share their staged pages."""
        last = max(i for i, stage in enumerate(self.stages) if isinstance(stage, Dedup))
        return self.stages[: last + 1]

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that the preset keeps."""
        return next((stage.languages for stage in self.stages if isinstance(stage, Identify)), ())

    def config(self, language: str) -> str:
        """The folder for pages of a language: `en.2019` in German is `de.2019`, `realnewslike` is `realnewslike.de`."""
        first, dot, rest = self.name.partition(".")
        if first == self.own:
            return language + dot + rest
        return self.name if language == self.own else f"{self.name}.{language}"

    def rows(self, start: int, stop: int) -> tuple[tuple[int, RowStage], ...]:
        """The row-wise stages between two indices, each with its index."""
        numbered = enumerate(self.stages[start:stop], start)
        return tuple((i, stage) for i, stage in numbered if not isinstance(stage, Read | Dedup | Size))


def c4_lines(min_words: int = 5) -> tuple[LineStep, ...]:
    """The line rules in C4's order, which decides what a line is searched for (`c4_utils.clean_page`)."""
    return (
        MaxWordLength(),
        StripCitations(),
        EndMark(),
        MinWords(min_words),
        NoLoremIpsum(),
        NoJavascript(),
        NoBrace(),
        NoPolicy(),
    )


_THREE = (MinSentences(3),)
_FIVE = (MinSentences(5),)

EN = Preset(
    "en",
    "C4 as the paper describes it: repeated three-sentence spans go; the same corpus on every machine",
    (
        Read(),
        Filter("length", (MaxChars(190_000),)),
        Dedup("url", UrlLevel()),
        Clean("clean", c4_lines(), then=_THREE),
        Dedup("spans", SpanLevel(), then=_THREE),
        Identify("language", by="langdetect", languages=("en",), min_score=0.99),
        Filter("badwords", (BadWords(),)),
    ),
)
EN_TFDS = (
    EN.named("en.tfds", "exactly what TensorFlow Datasets c4 3.1.0 gives: repeated lines go, Punkt counts sentences")
    .without("spans")
    .on(Read(quirks=True))
    .on(Clean("clean", c4_lines(), then=(MinSentences(3, splitter="punkt:english"),)))
    .after("clean", Dedup("lines", LineLevel(), then=(MinSentences(3, splitter="punkt:english", per_line=False),)))
)
EN_2019 = (
    EN.named("en.2019", "`en` with the numbers of the early paper: 5 sentences a page, 3 words a line")
    .on(Clean("clean", c4_lines(min_words=3), then=_FIVE))
    .on(Dedup("spans", SpanLevel(), then=_FIVE))
)
EN_NOBLOCKLIST = EN.named("en.noblocklist", "`en` without the bad-word filter").without("badwords")
EN_NOCLEAN = EN.named("en.noclean", "the paper's unfiltered C4: one page a URL, English, nothing else").without(
    "clean", "spans", "badwords"
)
REALNEWSLIKE = EN.named("realnewslike", "`en` from listed news domains only").before(
    "url", Filter("domains", (ListedDomain(), ListedSubdomain()))
)
WEBTEXTLIKE = EN.named("webtextlike", "`en` from listed URLs only (--url-list)").after(
    "url", Filter("listed", (ListedUrl(),))
)
MULTILINGUAL = Preset(
    "multilingual",
    "mC4: every language in a folder of its own, pages of a few long lines, repeated lines go",
    (
        Read(),
        Filter("length", (MaxChars(190_000),)),
        Dedup("url", UrlLevel()),
        Filter("paragraphs", (MinParagraphs(),)),
        Dedup("lines", LineLevel()),
        Identify("language", by="consensus", languages=(*MC4, UND), min_score=0.0),
        Filter("badwords", (BadWords(fraction=0.999),)),
        Size("size", pages=0),
    ),
    own="multilingual",
)
PRESETS = {
    preset.name: preset
    for preset in (EN, EN_TFDS, EN_2019, EN_NOBLOCKLIST, EN_NOCLEAN, REALNEWSLIKE, WEBTEXTLIKE, MULTILINGUAL)
}


def find_preset(name: str) -> Preset:
    """The preset of that name, or `module:NAME` from a module of the user's own."""
    module, _, attribute = name.partition(":")
    if not attribute:
        if name not in PRESETS:
            raise unknown("preset", name, PRESETS)
        return PRESETS[name]
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"--preset {name}: {error}. Expected MODULE:NAME, importable from here.") from None
    if not isinstance(found, Preset):
        raise ConfigError(f"--preset {name} is a {type(found).__name__}, not a c4pipe.presets.Preset.")
    return found


def for_languages(preset: Preset, languages: Iterable[str]) -> Preset:
    """The preset for other languages, with their end marks; with just one, sentences are split by its rules."""
    wanted = tuple(dict.fromkeys(languages))
    if not wanted:
        raise ConfigError(f"preset {preset.name!r} needs one language at least.")
    if wanted == preset.languages:
        return preset
    if any(isinstance(stage, Read) and stage.quirks for stage in preset.stages):
        raise ConfigError(f"preset {preset.name!r} is exact for {', '.join(preset.languages)} only; use `en` instead.")
    return replace(preset, stages=tuple(_for(stage, wanted) for stage in preset.stages))


def for_format(preset: Preset, name: str) -> Preset:
    """The preset for inputs of another format than WET: one of documents.FORMATS."""
    read = preset.stages[0]
    if isinstance(read, Read) and read.quirks and name != read.format:
        raise ConfigError(f"preset {preset.name!r} reads WET files as the reference does, and no {name}; use `en`.")
    return preset.on(Read(format=name)) if name != "wet" else preset


def _for(stage: Stage, languages: tuple[str, ...]) -> Stage:
    if isinstance(stage, Identify):
        return replace(stage, languages=languages)
    if isinstance(stage, Clean):
        stage = replace(stage, lines=tuple(_with_marks(step, languages) for step in stage.lines))
    if len(languages) > 1:
        return stage
    splitter = f"sentencex:{languages[0].partition('-')[0]}"  # zh-cn is zh
    if isinstance(stage, Dedup) and isinstance(stage.level, SpanLevel):
        stage = replace(stage, level=replace(stage.level, splitter=splitter))
    if isinstance(stage, Clean | Dedup):
        then = tuple(replace(r, splitter=splitter) if isinstance(r, MinSentences) else r for r in stage.then)
        stage = replace(stage, then=then)
    return stage


def _with_marks(step: LineStep, languages: tuple[str, ...]) -> LineStep:
    if not isinstance(step, EndMark):
        return step
    own = (mark for language in languages for mark in END_MARKS.get(language, ()))
    return replace(step, marks=tuple(dict.fromkeys([*step.marks, *own])))
