"""The dataset card of a mixture: metadata for `datasets.load_dataset`, and a description for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from c4pipe.card.hub import front_matter
from c4pipe.card.origin import formats_of, licence_of
from c4pipe.card.words import DODGE, KREUTZER, as_json_lines, going_along, licence, loading, markdown_table, rebuilding
from c4pipe.corpus.stats import Stats
from c4pipe.langid.base import UND
from c4pipe.text import many

SAME = (
    "`manifest.json` names each corpus with the sha256 of its manifest, and every file with its own. The same corpora "
    "and versions give the same bytes, on any number of workers."
)


def mixture_card(manifest: dict[str, Any], picture: str, stats: Stats) -> str:
    """README.md of a mixture."""
    config = manifest["shards"][0]["config"]
    formats = formats_of(manifest)
    sections = (
        front_matter(manifest["shards"], stats.languages, licence_of(formats)),  # the columns are those of the corpora
        _head(manifest, picture),
        loading([config]),
        _entries(manifest),
        _order(manifest, config),
        _languages(manifest, stats),
        _limits(),
        licence(formats),
        going_along(),
        rebuilding(_command(manifest["settings"], manifest["inputs"]), manifest, SAME),
    )
    return "\n".join(line for section in sections for line in section) + "\n"


def _head(manifest: dict[str, Any], picture: str) -> Iterator[str]:
    mixture, settings = manifest["mixture"], manifest["settings"]
    sources = ", ".join(f"`{item['path']}`" for item in manifest["inputs"])
    asked = "" if settings["documents"] is None else f" of {settings['documents']:,} asked for"
    yield ""
    of_one = "# A mixture of one language or corpus"
    yield of_one if len(mixture) == 1 else f"# A mixture of {len(mixture):,} languages or corpora"
    yield ""
    yield (
        f"{many(_written(manifest), 'document')}{asked}, drawn from {sources} by c4pipe: {manifest['preset']['says']}. "
        f"No document is read more than {many(settings['max_epochs'], 'time')}. Seed {settings['seed']}."
    )
    yield ""
    yield f"![The share of each entry before and after, on a logarithmic scale]({picture})"
    yield ""


def _entries(manifest: dict[str, Any]) -> Iterator[str]:
    written = _written(manifest)
    rows = [
        (
            f"`{name}`",
            f"{row['documents']:,}",
            f"{row['rate']:.4%}",
            f"{row['epochs']:.3f}",
            f"{row['written']:,}",
            f"{row['written'] / written:.4%}",
        )
        for name, row in sorted(manifest["mixture"].items(), key=lambda item: (-item[1]["documents"], item[0]))
    ]
    yield "## What it contains"
    yield ""
    yield from markdown_table(("entry", "natural", "rate", "epochs", "written", "of the mixture"), rows, " >>>>>")
    yield ""
    yield (
        "`natural` counts the documents of an entry, `rate` is its share by the formula, and `epochs` says how often "
        "it is read. An entry too small for its rate is read as often as allowed, and the others make up the rest by "
        "their rates."
    )
    yield ""
    yield from as_json_lines(manifest["shards"])


def _order(manifest: dict[str, Any], config: str) -> Iterator[str]:
    yield (
        f"Read the files of `{config}/train` in order and stop anywhere: each entry's documents differ from its share "
        f"of the whole by at most {manifest['largest_deviation']:.2f}. Within an epoch an entry's documents come in a "
        "seeded order, each once. The validation split is not rebalanced: it holds every validation document of the "
        "corpora once."
    )
    yield ""


def _languages(manifest: dict[str, Any], stats: Stats) -> Iterator[str]:
    """The languages of the documents, if the entries do not name them."""
    if set(stats.languages) <= set(manifest["mixture"]):
        return
    ordered = sorted(stats.languages.items(), key=lambda item: (-item[1], item[0]))
    rows = [(f"`{name or UND}`", f"{pages:,}", f"{pages / stats.pages_kept:.4%}") for name, pages in ordered]
    yield "## Languages"
    yield ""
    yield from markdown_table(("language", "documents of both splits", "of all"), rows, " >>")
    yield ""


def _limits() -> Iterator[str]:
    yield "## Known limits"
    yield ""
    for limit in (
        DODGE,
        KREUTZER,
        "A rate says nothing about quality: what is read several times is mostly text of small languages, whose "
        "labels are the least certain. Read some of it.",
        "The cards of the corpora say how the text was cleaned, and its limits.",
    ):
        yield f"* {limit}"
    yield ""


def _command(settings: dict[str, Any], inputs: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """`c4pipe rebalance` with the given options. Corpora are named by their folders, or by FOLDER."""
    words: list[tuple[str, ...]] = [("c4pipe", "rebalance")]
    words += [("--corpus", f"{item['path']}=FOLDER" if item["one_entry"] else item["path"]) for item in inputs]
    words += [("--output", "OUTPUT"), ("--mixture", settings["mixture"])]
    if settings["mixture"] == "temperature":
        words.append(("--alpha", str(settings["alpha"])))
    for name in ("limit", "documents", "max_epochs", "seed"):
        if settings[name] is not None:
            words.append((f"--{name.replace('_', '-')}", str(settings[name])))
    if settings["languages"]:
        words.append(("--languages", ",".join(settings["languages"])))
    if settings["shards"] != "auto":
        words.append(("--shards", str(settings["shards"])))
    return words


def _written(manifest: dict[str, Any]) -> int:
    return sum(row["written"] for row in manifest["mixture"].values())
