"""Pages, characters and tokens of registered domains, as plain facts and as lines of a terminal."""

from __future__ import annotations

from typing import Any

from c4pipe.facts.corpus import Corpus
from c4pipe.facts.domain_sizes import domain_sizes
from c4pipe.facts.sums import SumsProgress
from c4pipe.inspect.query import database
from c4pipe.inspect.terminal import Screen
from c4pipe.inspect.token_counts import count_tokens, remember_counts, remembered_counts
from c4pipe.text import many
from c4pipe.tokenizer import NamedTokenizer

SIZE_ROWS = 30  # shown; --json and --csv have all of them


def domains_told(corpus: Corpus, tokenizer: NamedTokenizer | None) -> dict[str, Any]:
    """The facts; tokens are counted if they have not been before."""
    with database(corpus, ["pages"]) as views:
        sizes = [size._asdict() for size in domain_sizes(views)]
    names = ["pages", "characters"]
    if tokenizer is not None:
        counts = _tokens(corpus, tokenizer)
        sizes = [size | {"tokens": counts.get(size["domain"], 0)} for size in sizes]
        names.append("tokens")
    whole = {"domain": ""} | {name: sum(size[name] for size in sizes) for name in names}
    told = None if tokenizer is None else {"file": str(tokenizer.path), "sha256": tokenizer.digest}
    return {"of_all": whole, "domains": sizes, "tokenizer": told}


def _tokens(corpus: Corpus, tokenizer: NamedTokenizer) -> dict[str, int]:
    digest = corpus.digest
    if (found := remembered_counts(digest, tokenizer)) is None:
        with SumsProgress(f"counting the tokens of {corpus.folder}, once"):
            found = count_tokens(corpus, tokenizer)
        remember_counts(digest, tokenizer, found)
    return found


def show_domains(screen: Screen, found: dict[str, Any]) -> None:
    """The largest domains."""
    rows, whole = found["domains"], found["of_all"]
    names = list(whole)[1:]
    of = f"tokens by {found['tokenizer']['file']}" if found["tokenizer"] else ""
    screen.head(many(len(rows), "domain"), of)
    table = [["all", *(f"{whole[name]:,}" for name in names)]]
    table += [[row["domain"] or "(no URL)", *(f"{row[name]:,}" for name in names)] for row in rows[:SIZE_ROWS]]
    screen.table([["", *((name, "dim") for name in names)], *table], "<" + ">" * len(names))
    if len(rows) > SIZE_ROWS:
        screen.say(f"  and {len(rows) - SIZE_ROWS:,} more: --csv has all")
