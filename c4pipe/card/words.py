"""The text of every card, whatever the corpus: how to load it, known problems of such corpora, and what its publisher
must fill in."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from c4pipe.card.origin import NO_LICENCE, input_words, is_crawl, licence_of
from c4pipe.card.published import CROISSANT, DOMAINS, SUMMARY
from c4pipe.presets import PRESETS, WITHOUT

MOST_TABLE_ROWS = 30  # of a table; further rows open at a click
MOST_LOADED = 3  # configs in the example
TO_FILL_IN = "TO FILL IN"  # search for this before publishing
WIDTH = 100  # characters of a line of the command

DODGE = (
    "Dodge et al. 2021 ([arXiv:2104.08758](https://arxiv.org/abs/2104.08758)) audited the released C4 from outside and "
    "found that patents and military sites are among its largest sources, that it holds machine-translated text and "
    "items of benchmarks, and that its block list removes text by and about minorities more than other text."
)
KREUTZER = (
    "Kreutzer et al. 2022 ([arXiv:2103.12028](https://arxiv.org/abs/2103.12028)) had samples of 205 corpora from five "
    "collections read, mC4 among them, and found at least 15 without any usable text, many in which less than half of "
    "the sentences were acceptable, and language codes that were wrong, most of all where a language has little text."
)
_LIKE = {"gopher": "Gopher", "fineweb": "FineWeb", "dclm": "DCLM"}  # prefixes of recipe names


def title_of(preset: str) -> str:
    """The title of a corpus by the name of its preset: its model, if known.

    >>> title_of("en.near"), title_of("fineweb.near.without.few_words")
    ('A C4-like corpus (en.near)', 'A FineWeb-like corpus (fineweb.near.without.few_words)')
    """
    if preset.partition(WITHOUT)[0] not in PRESETS:
        return f"A corpus ({preset})"
    return f"A {_LIKE.get(preset.partition('.')[0], 'C4')}-like corpus ({preset})"


def loading(configs: Sequence[str]) -> Iterator[str]:
    """How to load the first few configs."""
    yield "```python"
    yield "from datasets import load_dataset"
    yield ""
    for config in configs[:MOST_LOADED]:
        yield f'load_dataset("path/to/this/folder", {json.dumps(config)})'
    if len(configs) > MOST_LOADED:
        yield f"# and {len(configs) - MOST_LOADED} more, by the names below"
    yield "```"
    yield ""


def as_json_lines(shards: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Where the same pages are as JSON Lines, and how to load these; nothing where they are not."""
    names = [file["path"] for shard in shards for file in shard.get("beside", ())]
    if names:
        every = names[0].rsplit(".", 3)[0] + ".*.json.gz"
        yield (
            "Next to each Parquet file are the text, timestamp and URL of its pages as JSON Lines, named as in "
            f'allenai/c4, such as `{names[0]}`: `load_dataset("json", data_files="path/to/this/folder/{every}")`.'
        )
        yield ""


def licence(formats: Sequence[str]) -> Iterator[str]:
    """Licence and takedown for text read from files of these formats, with conspicuous gaps."""
    said = licence_of(formats)
    yield "## Licence and takedown"
    yield ""
    if is_crawl(formats):
        yield (
            "The text belongs to others. Common Crawl crawled it, and its [terms of "
            "use](https://commoncrawl.org/terms-of-use) apply; the authors were not asked. The front matter says "
            f"`{said}`, as allenai/c4 does for its collection, which grants no rights to any single page."
        )
        gaps = [f"Licence: [{TO_FILL_IN}: is `{said}` right for what you publish? Change it in the front matter too.]"]
    else:
        yield (
            f"It was read from {input_words(formats)}, which do not say who owns the text or under which terms it may "
            f"be used. So the front matter says `{NO_LICENCE}`."
        )
        gaps = [
            f"Source: [{TO_FILL_IN}: where the text comes from, and who wrote it]",
            f"Licence: [{TO_FILL_IN}: which one applies? Put it in the front matter, in place of `{NO_LICENCE}`.]",
        ]
    yield ""
    yield f"> **{TO_FILL_IN} before this is published:**"
    yield ">"
    for gap in (
        *gaps,
        f"Published by: [{TO_FILL_IN}: who, where, when]",
        f"Takedown: to have a page removed, write to [{TO_FILL_IN}: address] with its URL and say what in it is "
        f"yours. We answer within [{TO_FILL_IN}: days], remove the page from the next version, and list removals in "
        f"[{TO_FILL_IN}: place].",
    ):
        yield f"> * {gap}"
    yield ""


def going_along() -> Iterator[str]:
    """The files to publish with the corpus."""
    yield (
        f"`c4pipe card FOLDER --summary` writes what to publish with it: `{CROISSANT}` for "
        f"search engines and loaders, and the public summary of training content, `{SUMMARY}` with "
        f"`{DOMAINS}`."
    )
    yield ""


def rebuilding(command: Sequence[Sequence[str]], manifest: Mapping[str, Any], same: str) -> Iterator[str]:
    """The command, one group of options per line, and what makes its bytes the same. The user replaces words in
    capitals."""
    yield "## How to build it again"
    yield ""
    yield "```sh"
    yield from _wrapped([" ".join(shlex.quote(word) for word in words) for words in command])
    yield "```"
    yield ""
    versions = manifest.get("versions", {})
    yield f"{same} Built with {', '.join(f'{name} {version}' for name, version in versions.items())}."
    yield ""
    yield f"Fingerprint of the settings, versions, external files and inputs: `{manifest.get('fingerprint', '')}`"


def _wrapped(groups: list[str]) -> Iterator[str]:
    line = groups[0]
    for group in groups[1:]:
        if len(line) + len(group) > WIDTH:
            yield f"{line} \\"
            line = f"  {group}"
        else:
            line = f"{line} {group}"
    yield line


def markdown_table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]], align: str = "") -> Iterator[str]:
    """A Markdown table; `align` has ">" for each column of numbers. Rows beyond `MOST_TABLE_ROWS` open at a click."""
    marks = tuple("---:" if mark == ">" else "---" for mark in align.ljust(len(head)))
    if len(rows) <= MOST_TABLE_ROWS:
        yield from map(_row, [head, marks, *rows])
        return
    yield from map(_row, [head, marks, *rows[:MOST_TABLE_ROWS]])
    yield ""
    yield f"<details><summary>The other {len(rows) - MOST_TABLE_ROWS:,}</summary>"
    yield ""
    yield from map(_row, [head, marks, *rows[MOST_TABLE_ROWS:]])
    yield ""
    yield "</details>"


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
