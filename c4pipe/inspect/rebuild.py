"""The preset that built a corpus, put together again from what its manifest says of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from c4pipe.corpus.catalogue import describe
from c4pipe.dedup import LineLevel, SpanLevel, UrlLevel
from c4pipe.errors import C4Error, ConfigError
from c4pipe.files.assets import find_assets
from c4pipe.inspect.corpus import Corpus
from c4pipe.inspect.differences import differences
from c4pipe.presets import EN, PRESETS, Preset
from c4pipe.rules import LineEdit, LineRule, PageRule
from c4pipe.stages import Clean, Dedup, Filter, Identify, Read, Size, Stage

_PLAIN: dict[str, type[Read | Identify | Size]] = {"Read": Read, "Identify": Identify, "Size": Size}
_LEVELS: dict[str, type[UrlLevel | LineLevel | SpanLevel]] = {
    level.__name__: level for level in (UrlLevel, LineLevel, SpanLevel)
}


def preset_of(corpus: Corpus) -> tuple[Preset, list[str]]:
    """The preset with the thresholds that the manifest gives, and what differs from the build nevertheless: rules that
    are not here, sources that are told otherwise now, outside files that are not the same.

    ConfigError for a mixture, and where so much is missing that no preset is left.
    """
    said = corpus.manifest.get("preset", {})
    if "mixture" in corpus.manifest or not said.get("stages"):
        raise ConfigError(f"{corpus.folder} was not filtered by a preset: it is a mixture of corpora that were.")
    name = str(said["name"])
    missing: list[str] = []
    classes = _classes()
    stages = tuple(stage for row in said["stages"] if (stage := _stage(row, classes, missing)) is not None)
    preset = Preset(name, str(said.get("says", "")), stages, own=PRESETS.get(name, EN).own)
    if not missing:
        missing += differences(said, describe(preset), "then", "now")
    return preset, [*missing, *_assets(corpus)]


def _stage(row: dict[str, Any], classes: dict[str, type], missing: list[str]) -> Stage | None:
    """A stage from its description, as `catalogue.describe_stage` gives it."""
    name, kind = row["stage"], row["kind"]
    rules = [rule for said in row.get("rules", ()) if (rule := _rule(said, classes, name, missing)) is not None]
    if kind == "Filter":
        return Filter(name, tuple(rules))
    if kind == "Clean":
        lines = tuple(rule for rule in rules if not isinstance(rule, PageRule))
        return Clean(name, lines, tuple(rule for rule in rules if isinstance(rule, PageRule)))
    if kind == "Dedup" and row["level"]["level"] in _LEVELS:
        return Dedup(name, _made(_LEVELS[row["level"]["level"]], row["level"]), tuple(rules))
    if kind in _PLAIN:
        stage: Stage = _made(_PLAIN[kind], row | {"name": name})
        return stage
    missing.append(f"stage {name!r} is a {kind}, which this c4pipe does not have; it is left out")
    return None


def _rule(said: dict[str, Any], classes: dict[str, type], stage: str, missing: list[str]) -> Any:
    if said["rule"] not in classes:
        missing.append(f"stage {stage!r}: rule {said['rule']} is not to be found here; it is left out")
        return None
    return _made(classes[said["rule"]], said)


def _made(kind: Any, said: dict[str, Any]) -> Any:
    """A value with the fields that the description has; others keep their defaults."""
    own = {field.name for field in fields(kind)}
    return kind(**{name: tuple(v) if isinstance(v, list) else v for name, v in said.items() if name in own})


def _classes() -> dict[str, type]:
    """Every rule that is loaded, by its name; of two with one name our own."""
    found: dict[str, type] = {}
    kinds: list[type] = [LineRule, LineEdit, PageRule]
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        if kind.__name__ not in found or kind.__module__.startswith("c4pipe."):
            found[kind.__name__] = kind
    return found


def _assets(corpus: Corpus) -> Iterator[str]:
    """Outside files that were others at the build."""
    then = corpus.manifest.get("assets", {})
    try:
        now = find_assets().describe(tuple(then))
    except C4Error as error:
        yield str(error)
        return
    for kind, files in then.items():
        sums = {f["name"]: f["sha256"] for f in (files if isinstance(files, list) else [files])}
        mine = now.get(kind, [])
        here = {f["name"]: f["sha256"] for f in (mine if isinstance(mine, list) else [mine])}
        changed = [name for name in dict.fromkeys([*sums, *here]) if sums.get(name) != here.get(name)]
        if changed:
            yield f"{kind}: {', '.join(changed[:5])}{' …' if len(changed) > 5 else ''} not as at the build"
