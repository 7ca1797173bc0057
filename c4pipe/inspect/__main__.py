"""`python -m c4pipe.inspect`: shows a finished corpus in the terminal. `--help` has examples and the exit codes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from c4pipe.command import run_command
from c4pipe.inspect.arguments import BESIDE, parse
from c4pipe.inspect.terminal import Screen
from c4pipe.text import visible

if TYPE_CHECKING:
    from c4pipe.facts.corpus import Corpus

# Imports for pages, rules or charts are in the functions that need them: the overview of a corpus, and --help, do not
# wait for them.


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; the exit code."""
    return run_command("inspect", lambda: _interruptible(parse(argv)), shows=True)


def run(args: argparse.Namespace) -> int:
    """Runs the requested view of a corpus whose files all exist."""
    from c4pipe.facts.corpus import open_corpus

    corpus = open_corpus(args.folder)._replace(elsewhere=tuple(args.earlier))
    if args.file:
        from c4pipe.files.record import check_given

        check_given(corpus.manifest, args.file)
    if args.serve:
        from c4pipe.inspect.serve import serve

        others = [_beside(one) for one in args.compare]
        serve(corpus, args.port, args.file, args.run, args.verdict, others, _tokenizer(args.tokenizer))
        return 0
    other = _beside(args.compare[0]) if args.compare else None
    verdict = None
    if args.verdict is not None and other is not None:
        from c4pipe.facts.verdict import read_verdict

        verdict = read_verdict(args.verdict).between(corpus.digest, other.digest)
    if args.html is not None:
        from c4pipe.inspect.report import write_report

        path = write_report(corpus, None if args.html == BESIDE else args.html, other, verdict)
        print(f"report: {visible(str(path))}")
        return 0
    if args.flow is not None:
        from c4pipe.inspect.report.slide import write_slide

        print(f"flow: {visible(str(write_slide(corpus, args.flow)))}")
        return 0
    facts = facts_of(args, corpus, other)
    if verdict is not None:
        facts["verdict"] = {**verdict.as_json(), "line": verdict.line}
    if args.json:
        from c4pipe.inspect.output import json_text

        print(json_text(facts))
        if facts["view"] == "text":
            from c4pipe.inspect.holders import check_held

            check_held(facts["folder"], facts["text"], facts["number"])
    elif args.csv:
        from c4pipe.inspect.output import to_csv

        if facts["view"] == "domains":
            facts |= {"columns": list(facts["of_all"]), "rows": [list(row.values()) for row in facts["domains"]]}
        sys.stdout.write(to_csv(facts["columns"], facts["rows"]))
    else:
        show(Screen(sys.stdout), facts)
    return 0


def _tokenizer(named: Path | None) -> Any:
    """The tokenizer of that name, if one is given."""
    if named is None:
        return None
    from c4pipe.tokenizer import named_tokenizer

    return named_tokenizer(named)


def _beside(other: Path) -> Corpus:
    """The corpus to compare with, or a folder of released pages."""
    from c4pipe.facts.corpus import open_corpus
    from c4pipe.facts.released import is_released, open_released

    return open_released(other) if is_released(other) else open_corpus(other)


def facts_of(args: argparse.Namespace, corpus: Any, other: Any) -> dict[str, Any]:
    """The one object that --json prints and `show` shows."""
    from c4pipe.inspect.output import to_plain

    found: Any
    seen = None
    if args.run is not None:
        from c4pipe.inspect.seen import SeenPages

        seen = SeenPages(corpus, args.run)
    if args.sql is not None:
        from c4pipe.inspect.query import answer

        view, found = "sql", answer(corpus, args.sql, args.limit)
    elif args.reason is not None:
        from c4pipe.inspect.lookup import rules_behind, with_standing
        from c4pipe.inspect.query import of_reason

        view, found = "reason", of_reason(corpus, args.reason, args.stage, args.sample)
        found["pages"] = with_standing(corpus, found["pages"])
        found["rules"] = rules_behind(corpus, args.reason, args.stage)
    elif args.url is not None:
        from c4pipe.inspect.lookup import look_up

        view, found = "url", look_up(corpus, args.url, args.file)
    elif args.text is not None:
        from c4pipe.inspect.holders import look_for

        view, found = "text", look_for(corpus, args.text, args.limit)
    elif args.losses:
        from c4pipe.inspect.show_losses import losses_told

        view, found = "losses", losses_told(corpus)
    elif args.domains:
        from c4pipe.inspect.show_domains import domains_told

        view, found = "domains", domains_told(corpus, _tokenizer(args.tokenizer))
    elif other is not None:
        from c4pipe.facts.fates import compare

        view, found = "compare", compare(corpus, other, args.sample)._asdict()
    else:
        from c4pipe.inspect.overview import overview
        from c4pipe.inspect.query import database, sampled
        from c4pipe.inspect.relatives import with_largest

        view, found = "overview", overview(corpus)
        found["sample"] = sampled(corpus, args.sample) if args.sample else []
        if args.sample and found["clusters"]:
            with database(corpus) as views:
                found["clusters"] = with_largest(views, corpus, found["clusters"])
    if seen is not None:
        found |= {"pages": seen.with_seen(found["pages"]), "seen_to": seen.step}
        if seen.note:
            print(f"note: {visible(seen.note)}", file=sys.stderr)
    facts: dict[str, Any] = to_plain({"folder": str(corpus.folder), "view": view, **found})
    return facts


def show(screen: Screen, facts: dict[str, Any]) -> None:
    """Shows the facts as lines of a terminal."""
    from c4pipe.inspect.show_comparison import show_comparison
    from c4pipe.inspect.show_corpus import show_answer, show_overview
    from c4pipe.inspect.show_domains import show_domains
    from c4pipe.inspect.show_holders import show_holders
    from c4pipe.inspect.show_losses import show_losses
    from c4pipe.inspect.show_pages import show_page, show_reason

    shows = {
        "overview": show_overview,
        "sql": show_answer,
        "reason": show_reason,
        "url": show_page,
        "text": show_holders,
        "losses": show_losses,
        "domains": show_domains,
        "compare": show_comparison,
    }
    shows[facts["view"]](screen, facts)


def _interruptible(args: argparse.Namespace) -> int:
    try:
        return run(args)
    except RuntimeError as error:
        if "interrupted" not in str(error):
            raise
        raise KeyboardInterrupt from None  # how DuckDB reports Ctrl-C


if __name__ == "__main__":
    sys.exit(main())
