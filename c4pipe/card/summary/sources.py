"""Part 2 of the public summary: where the text comes from.

The template counts what others have crawled and published, Common Crawl by name, among publicly available datasets
(2.1), and asks for crawlers and domains of what the provider has crawled (2.3). The domains are given either way.
"""

from __future__ import annotations

from collections.abc import Iterator

from c4pipe.card.origin import COMMON_CRAWL, crawls_of, input_words, is_crawl
from c4pipe.card.published import DOMAINS
from c4pipe.card.summary.answers import AnswerTable, Reply, Subject, SummaryPart
from c4pipe.corpus.ancestors import AGAINST
from c4pipe.text import many, percent
from c4pipe.text.dates import month_of

_PERIOD = "Period of collection"


def sources(subject: Subject) -> list[SummaryPart]:
    """Sections 2.1 to 2.6."""
    crawl = is_crawl(subject.formats)
    none = "None of this corpus." if crawl else ""
    return [
        SummaryPart("2.1", "Publicly available datasets", tuple(_public(subject, crawl))),
        SummaryPart(
            "2.2",
            "Private datasets of third parties",
            (Reply("Licensed or obtained otherwise", _said(none), gap="what else the model was trained on, or none"),),
        ),
        SummaryPart("2.3", "Crawled and scraped by the provider", tuple(_crawled(subject, crawl))),
        SummaryPart(
            "2.4",
            "User data",
            (Reply("From the model's or other services' users", _said(none), gap="what you have used, or none"),),
        ),
        SummaryPart(
            "2.5",
            "Synthetic data",
            (
                Reply(
                    "Made by models",
                    _said(
                        "No text was made for this corpus. Pages that others had written by machines may be among it: "
                        "nothing here looks for them."
                        if crawl
                        else ""
                    ),
                    gap="what you have made or used, and by which models, or none",
                ),
            ),
        ),
        SummaryPart("2.6", "Other sources", (Reply("Other", gap="what they are, or none"),)),
    ]


def _said(text: str) -> tuple[str, ...]:
    return (text,) if text else ()


def _public(subject: Subject, crawl: bool) -> Iterator[Reply]:
    manifest, content = subject.manifest, subject.content
    inputs = manifest["inputs"]
    if subject.mixed:
        names = [(row["path"], row.get("sha256", "")) for row in inputs]
        yield Reply(
            "Corpora that it was drawn from",
            ("Each has its own manifest, rules and inputs; a summary of it says more.",),
            table=AnswerTable(("corpus", "sha256 of its manifest"), names),
        )
    if not crawl:
        yield Reply(
            "Name and link of each dataset",
            (f"{many(len(inputs), 'input')}: {input_words(subject.formats)}, which do not say where they come from.",),
            gap="name, link and description of each dataset, or that these are none",
        )
    else:
        crawls = crawls_of(inputs)
        yield Reply("Name and link", (f"Common Crawl, the text of its pages (WET files): {COMMON_CRAWL}",))
        if not subject.mixed:
            yield Reply(
                "Crawls",
                _said(", ".join(crawls)),
                gap="" if crawls else "which crawls, such as CC-MAIN-2024-22: the names of the inputs do not say",
            )
    if content.first:
        months = dict.fromkeys((_month(content.first), _month(content.last)))
        yield Reply(_PERIOD, (f"{' to '.join(months)}, by the dates of the pages kept.",))
    if not subject.mixed:
        size = sum(max(0, row["bytes"]) for row in inputs)
        read = f"{many(len(inputs), 'input')} of {many(size, 'byte')}, {many(manifest['ledger']['records'], 'record')}"
        yield Reply("Size of what was read", (f"{read}; manifest.json lists each.",))
    if earlier := manifest.get(AGAINST):
        count = f"{len(earlier):,} earlier {'corpus' if len(earlier) == 1 else 'corpora'}"
        yield Reply("Earlier corpora", (f"What {count} had is left out; README.md names them.",))


def _month(date: str) -> str:
    month = month_of(date)
    return f"{month[5:]}/{month[:4]}" if month else date


def _crawled(subject: Subject, crawl: bool) -> Iterator[Reply]:
    yield Reply(
        "Crawlers, their purpose and behaviour",
        _said(
            "None was run for this corpus. Its pages were fetched by Common Crawl's crawler CCBot "
            f"({COMMON_CRAWL}/ccbot), which belongs to 2.1."
            if crawl
            else ""
        ),
        gap="names and identifiers of your crawlers, what they fetched and why, how they treat robots.txt, captchas "
        "and paywalls, and when they ran; or that you ran none",
    )
    yield _domains(subject)


def _domains(subject: Subject) -> Reply:
    content = subject.content
    if not content.domains:
        if not content.pages:
            return Reply("Domains by size", ("No page was kept.",))
        return Reply("Domains by size", ("No page has a URL.",), gap="where the text comes from, by domain")
    part = "5 %, at most 1,000" if subject.small else "10 %"
    said = [
        f"{DOMAINS} lists {content.listed:,} of {many(content.domains, 'domain')}: the top {part} by bytes of text, "
        f"which hold {percent(content.listed_bytes, content.size)} of it. A domain is what is registered, such as "
        "bbc.co.uk, by the public suffix list."
    ]
    if content.nameless.pages:
        said.append(f"{many(content.nameless.pages, 'page')} ({many(content.nameless.bytes, 'byte')}) without a URL.")
    rows = [(row.name, f"{row.pages:,}", f"{row.bytes:,}", percent(row.bytes, content.size)) for row in content.largest]
    table = AnswerTable(("domain", "pages", "bytes of text", "of all text"), rows, " >>>")
    return Reply("Domains by size", tuple(said), table=table, files=(DOMAINS,))
