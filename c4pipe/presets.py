"""The presets: each is a value, most of them another preset with one line changed. To make your own, put
one in a module and name it: `--preset my_presets:STRICT`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from typing import Any, TypeVar

from c4pipe.clean import LineStep
from c4pipe.dedup import LineLevel, NearLevel, SpanLevel, UrlLevel
from c4pipe.documents import KEYED, NO_KEYS, FieldKeys
from c4pipe.errors import ConfigError, unknown
from c4pipe.files.watching import own_value
from c4pipe.langid.base import UND
from c4pipe.languages.codes import MC4
from c4pipe.part import Part, everything
from c4pipe.recipes import RECIPES
from c4pipe.rules import (
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
    NotExcluded,
    RobotsAllow,
    StripCitations,
)
from c4pipe.stages import Clean, Dedup, Filter, Identify, Read, ReadWarc, Size
from c4pipe.stages import Preset as Preset
from c4pipe.stages.base import Stage


def c4_lines(min_words: int = 5) -> tuple[LineStep, ...]:
    """The line rules in C4's order, which determines the rule that a line is counted under (`c4_utils.clean_page`)."""
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
    "C4 as the paper describes it: drops repeated three-sentence spans; the same corpus on every machine",
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
    EN.named("en.tfds", "exactly TensorFlow Datasets c4 3.1.0: drops repeated lines, counts sentences with Punkt")
    .without("spans")
    .on(Read(quirks=True))
    .on(Dedup("url", UrlLevel(as_written=True)))
    .on(Clean("clean", c4_lines(), then=(MinSentences(3, splitter="punkt:english"),)))
    .after("clean", Dedup("lines", LineLevel(), then=(MinSentences(3, splitter="punkt:english", per_line=False),)))
    .on(Filter("badwords", (BadWords(fold=False),)))
)
EN_2019 = (
    EN.named("en.2019", "`en` with the numbers of the early paper: 5 sentences per page, 3 words per line")
    .on(Clean("clean", c4_lines(min_words=3), then=_FIVE))
    .on(Dedup("spans", SpanLevel(), then=_FIVE))
)
EN_NOBLOCKLIST = EN.named("en.noblocklist", "`en` without the bad-word filter").without("badwords")
EN_NOCLEAN = EN.named("en.noclean", "the paper's unfiltered C4: one page per URL, English, nothing else").without(
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
    "mC4: each language in its own folder, pages with a few long lines, repeated lines dropped",
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
_NEAR = Dedup("near", NearLevel())
_NEAR_SAYS = "then near duplicates: of pages that share most of their runs of words, one is kept"
EN_NEAR = EN.named("en.near", f"`en`, {_NEAR_SAYS}").after("badwords", _NEAR)
MULTILINGUAL_NEAR = MULTILINGUAL.named("multilingual.near", f"`multilingual`, {_NEAR_SAYS}").before("size", _NEAR)
WITHOUT = ".without."  # in the name of a preset without a rule: "en.without.curly_brace"
PRESETS = {
    preset.name: preset
    for preset in (
        EN,
        EN_TFDS,
        EN_2019,
        EN_NOBLOCKLIST,
        EN_NOCLEAN,
        REALNEWSLIKE,
        WEBTEXTLIKE,
        MULTILINGUAL,
        EN_NEAR,
        MULTILINGUAL_NEAR,
        *RECIPES,
    )
}


def find_preset(name: str) -> Preset:
    """The preset of that name, or `module:NAME` from the user's module; `en.without.CODE` is one of these without
    the rules that have this reason."""
    base, without, code = name.partition(WITHOUT)
    if without:
        return without_rule(find_preset(base), code)
    if not name.partition(":")[2]:
        if name not in PRESETS:
            raise unknown("preset", name, PRESETS)
        return PRESETS[name]
    found = own_value(name, f"--preset {name}", "Expected MODULE:NAME, importable from here.")
    if not isinstance(found, Preset):
        raise ConfigError(f"--preset {name} is a {type(found).__name__}, not a c4pipe.presets.Preset.")
    return found


def rule_codes(preset: Preset) -> list[str]:
    """The reasons of all rules of a preset, in the order in which they apply to a page."""
    return [*dict.fromkeys(code for part in everything(preset.stages) for code in _codes(part))]


def without_rule(preset: Preset, code: str) -> Preset:
    """The preset without any rule that has this reason, in all stages. Raises ConfigError if no rule has it."""
    if code not in (codes := rule_codes(preset)):
        raise unknown(f"rule of preset {preset.name!r},", code, codes)
    stages = (_less(stage, code) for stage in preset.stages)
    name, says = f"{preset.name}{WITHOUT}{code}", f"{preset.says}; without the rule {code}"
    return replace(preset, name=name, says=says, stages=tuple(stage for stage in stages if stage is not None))


def _less(stage: Stage, code: str) -> Stage | None:
    """A stage without the rules that have the reason; None if nothing else is in it."""
    changed: dict[str, Any] = {}
    for field in fields(stage):  # type: ignore[arg-type]
        value = getattr(stage, field.name)
        if isinstance(value, tuple):
            left = tuple(one for one in value if not (isinstance(one, Part) and code in _codes(one)))
            changed |= {field.name: left} if len(left) < len(value) else {}
    less = replace(stage, **changed) if changed else stage  # type: ignore[type-var]
    return less if not changed or less.parts() else None


def _codes(part: Part) -> Iterator[str]:
    """The reasons of a rule; none for another part, or for an edit, which drops nothing."""
    if part.kind == "rule":
        yield from (told.code for told in part.told() if told.reason is not None)


def for_languages(preset: Preset, languages: Iterable[str]) -> Preset:
    """The preset for other languages, with their end marks; with just one, sentences are split by its rules."""
    asked = tuple(languages)
    if not asked:
        raise ConfigError(f"preset {preset.name!r} needs at least one language.")
    wanted = asked if preset.identify is None else preset.identify.codes_of(asked)
    if wanted == preset.languages:
        return preset
    if preset.read.quirks:
        raise ConfigError(f"preset {preset.name!r} is exact for {', '.join(preset.languages)} only; use `en` instead.")
    return replace(preset, stages=tuple(_for(stage, wanted) for stage in preset.stages))


def with_exclusions(preset: Preset, *rules: NotExcluded | RobotsAllow) -> Preset:
    """The preset with rules on which pages may be used at all, one stage each.

    They directly follow reading, so that a page rejected by one owns nothing. A rule that the preset already has, with
    the same fields, stays where it is.
    """
    new = [rule for rule in rules if rule not in everything(preset.stages)]
    stages = tuple(Filter(_STAGE_OF[type(rule)], (rule,)) for rule in new)
    if not stages:
        return preset
    says = f"{preset.says}; without pages that may not be used ({', '.join(rule.reason.code for rule in new)})"
    return replace(preset, says=says, stages=(preset.stages[0], *stages, *preset.stages[1:]))


_STAGE_OF: dict[type[NotExcluded | RobotsAllow], str] = {NotExcluded: "exclude", RobotsAllow: "robots"}


def for_format(preset: Preset, name: str, keys: FieldKeys = NO_KEYS, extract: str = "main") -> Preset:
    """The preset for inputs of another format than WET: warc, or one of documents.FORMATS. `keys` are paths of its
    fields, `extract` is the method for extracting text from the HTML of a WARC."""
    if preset.read.quirks and name != preset.read.format:
        raise ConfigError(f"preset {preset.name!r} reads WET files as the reference does, not {name}; use `en`.")
    if name not in KEYED and any(keys):
        option = next(f"--{field}-key" for field, key in keys._asdict().items() if key)
        raise ConfigError(
            f"{option} is for {' and '.join(KEYED)}: a file of format {name} has no fields. Leave it out."
        )
    if name == "text" and (why := asks_for_urls(preset)):
        raise ConfigError(f"preset {preset.name!r} {why}, but text files have none. Use `en`, without --exclude.")
    if name == "wet":
        return preset
    if name == "warc":
        return preset.on(ReadWarc(extract=extract))
    return preset.on(Read(format=name, text_key=keys.text, url_key=keys.url, date_key=keys.date))


def asks_for_urls(preset: Preset) -> str:
    """Why the preset cannot be used for a corpus without URLs; "" if it can."""
    asking = next((stage for stage in preset.stages if any(part.needs_url for part in everything([stage]))), None)
    return "" if asking is None else f"judges pages by their URL (stage {asking.name!r})"


_P = TypeVar("_P", bound=Part)


def _for(part: _P, languages: tuple[str, ...]) -> _P:
    """The part, and the parts in its fields, for these languages."""
    changed: dict[str, Any] = {}
    for field in fields(part):  # type: ignore[arg-type]
        value = getattr(part, field.name)
        if isinstance(value, Part):
            changed[field.name] = _for(value, languages)
        elif isinstance(value, tuple) and any(isinstance(one, Part) for one in value):
            changed[field.name] = tuple(_for(one, languages) if isinstance(one, Part) else one for one in value)
    return (replace(part, **changed) if changed else part).for_languages(languages)  # type: ignore[type-var]
