"""The dataset card of a corpus: metadata for `datasets.load_dataset`, and what users should know before using it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, cast

import pyarrow as pa

from c4pipe.card.benchmarks import Totals, benchmarks_told, not_looked_for
from c4pipe.card.command import build_command
from c4pipe.card.earlier import relatives_told
from c4pipe.card.hub import bytes_of, check_schema, configs_of, front_matter, part, total_rows
from c4pipe.card.origin import input_words, is_crawl, licence_of
from c4pipe.card.personal import kinds_masked_by, personal_told
from c4pipe.card.removals import lists_told, removals_told
from c4pipe.card.words import (
    DODGE,
    KREUTZER,
    MOST_TABLE_ROWS,
    as_json_lines,
    going_along,
    licence,
    loading,
    markdown_table,
    rebuilding,
    title_of,
)
from c4pipe.corpus.ancestors import AGAINST
from c4pipe.corpus.ledger import LOST_AS
from c4pipe.corpus.stats import Stats
from c4pipe.corpus.telling import not_restorable, restore_told
from c4pipe.dedup import TextLevel
from c4pipe.keys import KEYS_FOLDER
from c4pipe.langid.base import UND
from c4pipe.page import Unit
from c4pipe.presets import PRESETS
from c4pipe.rules import BadWords
from c4pipe.shards import FACTS_FOLDER, PAGE_SCHEMA, REJECTED_FOLDER, RESTORE_FOLDER, SPLITS
from c4pipe.stages import Preset, Size
from c4pipe.text import many, percent
from c4pipe.text.dates import month_of

__all__ = ["check_schema", "dataset_card"]

# Explanations of columns whose names do not suffice.
SAYS = {
    "url": "these three as in allenai/c4",
    "language_votes": "the vote of each identifier, if several were used",
    "source": "input file and byte offset",
}
FEW = 100  # pages of a language that a person can read in an afternoon; fewer are hardly a sample


def dataset_card(
    preset: Preset,
    manifest: Mapping[str, Any],
    stats: Stats,
    schema: pa.Schema = PAGE_SCHEMA,
    totals: Totals = MappingProxyType({}),
) -> str:
    """README.md of a corpus whose files have this schema. Raises ConfigError for one that `check_schema` rejects.

    It contains nothing from outside: no URL, no text, no file name, only the folder names of earlier corpora.
    """
    formats = [preset.read.format]
    sections = (
        front_matter(manifest["shards"], stats.languages, licence_of(formats), schema),
        _head(preset, manifest, stats, formats),
        loading(configs_of(manifest["shards"])),
        _contents(preset, manifest, stats, schema),
        _rules(preset, manifest),
        relatives_told(preset, manifest, stats),
        benchmarks_told(preset, stats, totals),
        removals_told(manifest),
        lists_told(manifest),
        _limits(preset, manifest, stats),
        licence(formats),
        going_along(),
        rebuilding(build_command(preset, manifest), manifest, _same(preset, manifest)),
    )
    return "\n".join(line for section in sections for line in section) + "\n"


def _head(preset: Preset, manifest: Mapping[str, Any], stats: Stats, formats: Sequence[str]) -> Iterator[str]:
    records, kept = manifest["ledger"]["records"], total_rows(manifest["shards"])
    months = sorted(filter(None, map(month_of, stats.months)))
    dates = f", {'fetched' if is_crawl(formats) else 'dated'} {months[0]}" if months else ""
    dates += f" to {months[-1]}" if months[1:] else ""
    yield ""
    yield f"# {title_of(preset.name)}"
    yield ""
    read = f"{many(records, 'record')} read from {input_words(formats)} ({percent(kept, records)})"
    yield (
        f"{many(kept, 'page')} kept of {read}, {many(stats.bytes_kept, 'byte')} of UTF-8 text{dates}, by c4pipe's "
        f"preset `{preset.name}`: {preset.says}."
    )
    yield ""
    if not kept:
        yield "**No page was kept.** The only file holds the columns and no rows, so that loaders find one file."
        yield ""


def _contents(preset: Preset, manifest: Mapping[str, Any], stats: Stats, schema: pa.Schema) -> Iterator[str]:
    shards = manifest["shards"]
    language = {preset.config(name): name for name in stats.languages if name}
    rows = []
    sizes = {config: total_rows(s for s in shards if s["config"] == config) for config in configs_of(shards)}
    for config, pages in sorted(sizes.items(), key=lambda item: (-item[1], item[0])):
        mine = [shard for shard in shards if shard["config"] == config]
        named = "" if language.get(config, config) == config else f" ({language[config]})"
        train, validation = (f"{total_rows(part(mine, config, split)):,}" for split in SPLITS)
        rows.append((f"{config}{named}", train, validation, percent(pages, total_rows(shards)), f"{bytes_of(mine):,}"))
    yield "## What it contains"
    yield ""
    yield from markdown_table(("config", "train pages", "validation pages", "of all pages", "bytes"), rows, " >>>>")
    yield ""
    yield (
        f"Each config holds one language. Bytes are those of {many(len(shards), 'Parquet file')}, compressed. Columns: "
        f"{_columns(schema, manifest.get('columns', ()))}."
    )
    yield ""
    yield from as_json_lines(shards)
    yield from _left_out(preset, manifest.get("left_out", {}))


def _columns(schema: pa.Schema, added: Iterable[Mapping[str, Any]]) -> str:
    """The names of all columns, with explanations of some, and the stage of those that stages added."""
    says = SAYS | {row["name"]: f"by stage `{row['from']}`" for row in added if row.get("from")}
    names = [f"`{name}` ({says[name]})" if name in says else f"`{name}`" for name in schema.names]
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _left_out(preset: Preset, left_out: Mapping[str, int]) -> Iterator[str]:
    if not left_out:
        return
    ordered = sorted(left_out.items(), key=lambda item: (-item[1], item[0]))
    named = ", ".join(f"{config} ({pages:,})" for config, pages in ordered[:MOST_TABLE_ROWS])
    more = f" and {len(ordered) - MOST_TABLE_ROWS:,} more" if len(ordered) > MOST_TABLE_ROWS else ""
    least = cast(Size, preset.stages[-1]).pages
    yield f"Left out for having fewer than {many(least, 'page')}: {named}{more}."
    yield ""


def _rules(preset: Preset, manifest: Mapping[str, Any]) -> Iterator[str]:
    yield "## What was removed, and why"
    yield ""
    yield "Rules in the order in which they see a page. Only the first rule that a line or page breaks is counted."
    yield ""
    yield from markdown_table(
        ("stage", "reason", "a page, line or sentence is dropped because it …", "removed", "source"),
        list(_rule_rows(preset, manifest["ledger"])),
        "   >",
    )
    yield ""
    yield "`manifest.json` holds every threshold with its source, every input and the checksum of every file."
    if manifest["rejected"]:
        whose = (
            "all rejected pages" if manifest["settings"]["rejected"] == "all" else "a sample of pages for each reason"
        )
        yield (
            f"`{REJECTED_FOLDER}/` holds {whose} as they were read, and what was cut from kept pages; `c4pipe "
            "inspect FOLDER` shows them. Loaders skip this folder; with glob patterns, such as DuckDB's, "
            "`*/*-of-*.parquet` matches the kept pages."
        )
    if not manifest.get("removed") and "characters" in manifest["ledger"]["stages"][0]:
        yield f"`{FACTS_FOLDER}/` counts what pages lost: by rule, language and length, and by rule and domain."
    if manifest.get("keys"):
        yield f"`{KEYS_FOLDER}/` holds no pages, only hashes of what they own, for builds of later crawls."
    if said := restore_told(manifest):
        yield f"`{RESTORE_FOLDER}/` is not part of the corpus: {said}."
    elif said := not_restorable(manifest):
        yield f"{said[0].upper()}{said[1:]}."
    yield ""


def _rule_rows(preset: Preset, ledger: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Every rule and text dedup with what it removed, and every other reason that removed anything."""
    counts = {row["stage"]: _lost(row) for row in ledger["stages"]}
    for stage in preset.stages:
        lost = counts.get(stage.name, Counter())
        for told in stage.told():
            number = lost[told.unit, told.code]
            if told.reason is None:
                yield stage.name, "", f"(stays, and {told.words})", "", told.source
            elif number or told.owner.kind == "rule" or isinstance(told.owner, TextLevel):
                removed = many(number, told.unit.value) if number else "none"
                yield stage.name, f"`{told.code}`", told.words, removed, told.source


def _lost(row: Mapping[str, Any]) -> Counter[tuple[Unit, str]]:
    """What a stage of the ledger removed, by unit and reason."""
    return Counter({(unit, code): n for unit, name in LOST_AS.items() for code, n in row.get(name, {}).items()})


def _limits(preset: Preset, manifest: Mapping[str, Any], stats: Stats) -> Iterator[str]:
    yield "## Known limits"
    yield ""
    for limit in (
        f"{DODGE} {_block_list(preset, manifest['ledger'])}",
        f"{KREUTZER} {_identified(preset, stats)}",
        "Heuristic rules keep some machine-generated text and spam, and drop some good prose.",
        *_personal(preset),
        not_looked_for(preset),
    ):
        yield f"* {limit}"
    yield ""


def _personal(preset: Preset) -> Iterator[str]:
    if kinds := kinds_masked_by(preset):
        yield personal_told(kinds).replace("<", "`<").replace(">", ">`")


def _block_list(preset: Preset, ledger: Mapping[str, Any]) -> str:
    code = BadWords.reason.code
    names = [stage.name for stage in preset.stages if any(told.code == code for told in stage.told())]
    taken = [row for row in ledger["stages"] if row["stage"] in names]
    if not names:
        return "This corpus was built without a block list."
    pages = sum(_lost(row)[Unit.PAGE, BadWords.reason.code] for row in taken)
    return (
        f"Here the block list dropped {many(pages, 'page')} of the {sum(row['in'] for row in taken):,} that reached it."
    )


def _identified(preset: Preset, stats: Stats) -> str:
    identify = preset.identify
    if identify is None:
        return "The language of these pages was not identified."
    said = f"Here languages are what `{getattr(identify, 'by', type(identify).__name__)}` says"
    least = getattr(identify, "min_score", 0.0)
    said += f", if it is sure to {least:g} or more" if least else ""
    few = sorted(name for name, pages in stats.languages.items() if name != UND and pages < FEW)
    said += (
        f"; {percent(stats.languages[UND], stats.pages_kept)} of the pages are `{UND}`" if stats.languages[UND] else ""
    )
    if not few:
        return f"{said}."
    many = "A language has" if len(few) == 1 else f"{len(few):,} languages have"
    return f"{said}. {many} fewer than {FEW} pages: read some of them before you use them."


def _same(preset: Preset, manifest: Mapping[str, Any]) -> str:
    """The meaning of the command's words in capitals, and its guarantees."""
    inputs = manifest["inputs"]
    size = sum(max(0, item["bytes"]) for item in inputs)  # below 0 if unknown
    own = "" if preset.name in PRESETS else f" MODULE:NAME is where the preset `{preset.name}` is defined."
    if manifest.get(AGAINST):
        own += " EARLIER stands for the folders of the corpora that it was built against."
    return (
        f"INPUTS are the {many(len(inputs), 'file')} ({many(size, 'byte')}) that `manifest.json` lists.{own} With the "
        "same versions and external files they produce the same bytes, with any number of workers."
    )
