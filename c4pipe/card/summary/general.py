"""Part 1 of the public summary: who provides what, and how much text in which languages was used."""

from __future__ import annotations

from c4pipe.card.origin import is_crawl
from c4pipe.card.summary.answers import AnswerTable, Reply, Subject, SummaryPart
from c4pipe.text import many, percent
from c4pipe.text.dates import month_of

_FEWEST = 10**9  # tokens at which the template's second range begins


def general(subject: Subject) -> list[SummaryPart]:
    """Sections 1.1 to 1.3."""
    publisher = subject.published.publisher
    return [
        SummaryPart(
            "1.1",
            "Provider",
            (
                Reply("Name and contact details", (publisher,) if publisher else (), gap=_contact(publisher)),
                Reply(
                    "Authorised representative", gap="name and contact details, if you are established outside the EU"
                ),
            ),
        ),
        SummaryPart(
            "1.2",
            "Model",
            (
                Reply("Versioned names of the models", gap="which models were trained on this corpus"),
                Reply("Model that it was made from", gap="its name and a link to its summary, or none"),
                Reply("Placed on the Union market", gap="date"),
            ),
        ),
        SummaryPart("1.3", "Modalities, size and characteristics", _characteristics(subject)),
    ]


def _contact(publisher: str) -> str:
    return "address, and how to reach you" if publisher else "who publishes this, address, and how to reach you"


def _characteristics(subject: Subject) -> tuple[Reply, ...]:
    content = subject.content
    unit = "document" if subject.mixed else "page"
    repeats = subject.manifest["ledger"].get("repeats", 0) if subject.mixed else 0
    size = f"{many(content.size, 'byte')} of UTF-8 text in {many(content.pages, unit)}, train and validation together"
    size += f"; {repeats:,} of them are repeats of others." if repeats else "."
    known = content.size < _FEWEST
    tokens = "Less than 1 billion tokens, since it has fewer bytes than that." if known else ""
    last = month_of(content.last)
    return (
        Reply(
            "Text: size",
            tuple(filter(None, (size, tokens))),
            gap=""
            if known
            else "1 billion to 10 trillion tokens, or another of the template's ranges, by the model's tokenizer",
        ),
        Reply(
            "Text: types of content",
            ("Text of web pages of all kinds, without markup.",) if is_crawl(subject.formats) else (),
            gap="what kinds of text, such as news, forums, fiction, law",
        ),
        Reply("Image, audio, video, other", ("None in this corpus.",)),
        Reply(
            "Latest date of acquisition",
            (f"{last[5:]}/{last[:4]}: the newest page is of {content.last[:10]}.",) if last else (),
            gap="" if last else "month and year; the pages bear no date",
        ),
        Reply("Trained on new data continuously", gap="yes or no"),
        Reply("Languages", (_languages(subject),), table=_language_table(subject)),
    )


def _languages(subject: Subject) -> str:
    named = [row.name for row in subject.content.languages if row.name not in ("", "und")]
    if not named:
        return "The language of these pages was not identified."
    return f"{many(len(named), 'language')}, as identified by a language identifier; und is what it could not identify."


def _language_table(subject: Subject) -> AnswerTable:
    content = subject.content
    rows = [
        (row.name or "not asked", f"{row.pages:,}", f"{row.bytes:,}", percent(row.bytes, content.size))
        for row in content.languages
    ]
    return AnswerTable(("language", "pages", "bytes of text", "of all text"), rows, " >>>")
