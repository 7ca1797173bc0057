"""`croissant.json`: the corpus in Croissant 1.1, which data search engines and `mlcroissant` read.

https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html; provenance in PROV-O, conditions of use in ODRL,
known biases and limits in Croissant RAI 1.0. Each shard is a FileObject with its checksum, each config a record set.
The FileSet of a config is next to the file, because `mlcroissant` 1.1.1 reads none that is contained in several
Parquet files; so URLs of files are relative, on disk and at a hub.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from c4pipe.card.croissant.context import CONTEXT
from c4pipe.card.croissant.provenance import conditions, provenance, responsible
from c4pipe.card.croissant.records import Node, distribution, record_sets
from c4pipe.card.hub import card_languages, total_rows
from c4pipe.card.origin import formats_of, input_words, is_crawl, licence_of, licence_url
from c4pipe.card.published import Publication
from c4pipe.card.words import title_of
from c4pipe.corpus.stats import Stats
from c4pipe.text import many


def croissant_of(manifest: Mapping[str, Any], stats: Stats, schema: pa.Schema, published: Publication) -> Node:
    """The corpus as JSON-LD. It contains nothing from outside except names of columns and of folders."""
    shards = manifest["shards"]
    name = manifest["preset"]["name"]
    title = title_of(name)
    formats = formats_of(manifest)
    licence = published.licence or licence_url(licence_of(formats))
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"],
        "name": title,
        "description": _description(manifest, stats, formats),
        **({"url": published.url} if published.url else {}),
        "license": licence or {"@type": "CreativeWork", "name": "unknown: the sources do not state one; see README.md"},
        **_by(published),
        "datePublished": published.date,
        "version": published.release,
        "citeAs": _citation(title, manifest, published),
        "keywords": ["text", "language modelling", *(["web crawl"] if is_crawl(formats) else [])],
        "inLanguage": card_languages(stats.languages),
        "usageInfo": [*conditions(formats, licence)],
        **provenance(manifest, formats),
        **responsible(manifest, stats, formats),
        "distribution": distribution(shards),
        "recordSet": record_sets(shards, schema),
    }


def _description(manifest: Mapping[str, Any], stats: Stats, formats: Sequence[str]) -> str:
    kept, records = total_rows(manifest["shards"]), manifest["ledger"]["records"]
    size = f", {many(stats.bytes_kept, 'byte')} of UTF-8 text" if stats.bytes_kept else ""
    return (
        f"{many(kept, 'page')} of {many(records, 'record')} read from {input_words(formats)}{size}, "
        f"by c4pipe's preset {manifest['preset']['name']}: "
        f"{manifest['preset']['says']}. README.md is the dataset card, manifest.json has every threshold and input."
    )


def _by(published: Publication) -> Node:
    if not published.publisher:
        return {}
    return {name: {"@type": "sc:Organization", "name": published.publisher} for name in ("creator", "publisher")}


def _citation(title: str, manifest: Mapping[str, Any], published: Publication) -> str:
    """BibTeX of the corpus itself, identified by its fingerprint."""
    author = f"author = {{{{{published.publisher}}}}}, " if published.publisher else ""
    url = f", url = {{{published.url}}}" if published.url else ""
    fingerprint = manifest.get("fingerprint", "")
    return (
        f"@misc{{c4pipe-{fingerprint[:12]}, {author}title = {{{title}}}, year = {{{published.date[:4]}}}, "
        f"note = {{Built with c4pipe, fingerprint {fingerprint}}}{url}}}"
    )
