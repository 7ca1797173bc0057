"""Where a corpus comes from, its conditions of use, and its known problems."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from c4pipe.card.croissant.records import Node
from c4pipe.card.origin import COMMON_CRAWL, crawls_of, input_words, is_crawl, licence_url
from c4pipe.card.personal import personal_of
from c4pipe.card.words import DODGE, KREUTZER
from c4pipe.corpus.ancestors import AGAINST
from c4pipe.corpus.stats import Stats
from c4pipe.text import many
from c4pipe.text.dates import month_of


def conditions(formats: Sequence[str], licence: str) -> Iterator[Node]:
    """The conditions of use: the licence's duty, the crawler's terms, and the owners of the text."""
    if is_crawl(formats):
        yield {"@type": "CreativeWork", "name": "Common Crawl's terms of use", "url": f"{COMMON_CRAWL}/terms-of-use"}
    if licence == licence_url("odc-by"):
        duty = {"@type": "odrl:Duty", "odrl:action": {"@id": "odrl:attribute"}}
        use = {"@type": "odrl:Permission", "odrl:action": {"@id": "odrl:use"}, "odrl:duty": duty}
        yield {"@type": ["CreativeWork", "odrl:Offer"], "name": "ODC-By: use with attribution", "odrl:permission": use}
    yield {
        "@type": "CreativeWork",
        "name": "Rights in the pages",
        "text": "The text of each page belongs to its author. A licence for the collection grants no rights to "
        "it. README.md says how to have a page removed.",
    }


def provenance(manifest: Mapping[str, Any], formats: Sequence[str]) -> Node:
    """What it was derived from, by which activities, with which software."""
    software = {
        "@type": "prov:SoftwareAgent",
        "prov:label": f"c4pipe {manifest.get('versions', {}).get('c4pipe', '')}".strip(),
    }
    mixed = [("mixture", manifest["preset"]["says"])] if "mixture" in manifest else []
    stages = [(row["stage"], _stage_words(row)) for row in manifest["preset"]["stages"]] or mixed
    return {
        "prov:wasDerivedFrom": [*_sources(manifest, formats)],
        "prov:wasGeneratedBy": [
            {"@type": "prov:Activity", "prov:label": f"{name}: {words}", "prov:wasAssociatedWith": software}
            for name, words in stages
        ],
        "prov:wasAttributedTo": software,
    }


def _sources(manifest: Mapping[str, Any], formats: Sequence[str]) -> Iterator[Node]:
    inputs = manifest["inputs"]
    if "mixture" in manifest:
        for row in inputs:
            yield {
                "@type": "prov:Entity",
                "prov:label": f"corpus {row['path']}",
                **({"sha256": row["sha256"]} if "sha256" in row else {}),
            }
        return
    crawls = crawls_of(inputs) if is_crawl(formats) else []
    for crawl in crawls:
        index = f"https://data.commoncrawl.org/crawl-data/{crawl}/index.html"
        yield {"@type": "prov:Entity", "@id": index, "prov:label": f"Common Crawl {crawl}"}
    if not crawls:
        site = {"@id": COMMON_CRAWL} if is_crawl(formats) else {}
        yield {"@type": "prov:Entity", **site, "prov:label": f"{many(len(inputs), 'input')}: {input_words(formats)}"}
    for row in manifest.get(AGAINST, ()):
        yield {"@type": "prov:Entity", "prov:label": "an earlier corpus, whose pages win", "sha256": row["sha256"]}


def _stage_words(row: Mapping[str, Any]) -> str:
    rules = [rule["rule"] for rule in row.get("rules", ())]
    level = [row["level"]["level"]] if "level" in row else []
    return ", ".join([*level, *rules]) or row["kind"]


def responsible(manifest: Mapping[str, Any], stats: Stats, formats: Sequence[str]) -> Node:
    """The fields of Croissant RAI, as far as the corpus has them."""
    months = sorted(filter(None, map(month_of, stats.months)))
    frame = [f"{month}-01" for month in dict.fromkeys((months[0], months[-1]))] if months else []
    what = (
        "Crawled by Common Crawl, whose WET files were read" if is_crawl(formats) else "Read from files made by others"
    )
    return {
        "rai:dataCollection": f"{what}; stats.json counts every lost record by reason.",
        **({"rai:dataCollectionType": ["Web Scraping"]} if is_crawl(formats) else {}),
        **({"rai:dataCollectionTimeFrame": frame} if frame else {}),
        "rai:dataPreprocessingProtocol": [
            f"Stage {row['stage']}: {row['in']:,} pages in, {row['kept']:,} kept"
            for row in manifest["ledger"]["stages"]
        ],
        "rai:dataBiases": [_plain(DODGE)],
        "rai:dataLimitations": [
            _plain(KREUTZER),
            "Heuristic rules keep some machine-generated text and spam, and drop some good prose.",
        ],
        "rai:personalSensitiveInformation": [personal_of(manifest)],
    }


def _plain(markdown: str) -> str:
    return re.sub(r"\[([^]]*)\]\(([^)]*)\)", r"\1", markdown)
