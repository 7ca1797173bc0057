"""`python -m c4pipe.push`: publishes a corpus on the Hugging Face Hub. `--help` has examples and exit codes."""

from __future__ import annotations

import argparse
import sys
from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from c4pipe.command import Parser, refuse_idle, run_command, utf8, utf8_path
from c4pipe.errors import BuildError, ConfigError, unknown
from c4pipe.push.chosen import ASKED_FOR, Published, published
from c4pipe.text import many, visible

if TYPE_CHECKING:  # the library is an extra and slow to import
    from c4pipe.push.hub import Hub

EPILOG = f"""\
examples:
  what would be sent?           python -m c4pipe.push out/c4 someone/c4 --dry-run
  as a private data set         python -m c4pipe.push out/c4 someone/c4 --private
  on a separate branch          python -m c4pipe.push out/c4 someone/c4 --revision 2024-22
  with the rejected pages       python -m c4pipe.push out/c4 someone/c4 --with rejected

The corpus is checked first, as c4pipe.verify does; a damaged one is not published. Files that are already there are
not sent again, so a stopped push resumes, and a push of a repaired corpus sends only what changed. Files of an earlier
corpus there are deleted. The manifest is sent last and lists what is there, so a download is a whole corpus again.

not sent, except with --with:
{chr(10).join(f"  {name:<10}{says}" for name, says in ASKED_FOR.items())}
Lists of excluded pages (--exclude), the rejected pages that they name, and counts by domain if any page was dropped by
them, are never sent.

The token is read from HF_TOKEN or `hf auth login`; HF_ENDPOINT sets another Hub.

exit codes: 0 done; 1 failed, such as for a damaged corpus or a Hub that fails; 2 wrong use; 130 interrupted
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; the exit code."""
    return run_command("push", lambda: run(_parse(argv)), "interrupted. Run the same command again to resume.")


def run(args: Namespace) -> int:
    """Checks, chooses and sends."""
    from c4pipe.facts.corpus import open_corpus

    hub = None if args.dry_run else _hub(args)
    corpus = open_corpus(args.folder)
    found = published(corpus, args.extras)
    _check(args)
    if hub is None:
        _show(found)
        return 0
    hub.prepare()
    steps = hub.steps(found)
    files = sum(len(step.files) for step in steps)
    size = sum(file.bytes for step in steps for file in step.files)
    there = len(found.files) - files
    print(f"{many(files, 'file')} to send, {size / 1e6:,.1f} MB; {there:,} are already there", flush=True)
    for done in hub.push(steps):
        gone = f", {done.deleted:,} old ones deleted" if done.deleted else ""
        print(f"  {done.sent:,} of {files:,} files, {done.bytes / 1e6:,.1f} MB{gone}", flush=True)
    print(visible(hub.url))
    return 0


def _hub(args: Namespace) -> Hub:
    """The target data set. ConfigError if the library is missing."""
    try:
        from c4pipe.push.hub import Hub, RepoPlace
    except ImportError as error:
        raise ConfigError(f"{error.name} is missing. Install it: pip install 'c4pipe[hub]'") from None
    return Hub(RepoPlace(args.repo, args.revision, args.private))


def _check(args: Namespace) -> None:
    """BuildError for a damaged corpus."""
    from c4pipe.verify.corpus import check_corpus

    verdict = check_corpus(args.folder, lambda _: None)
    if not verdict.whole:
        lines = [finding.line() for finding in verdict.findings if finding.kind != "note"]
        more = f" ({len(lines) - 1:,} more: python -m c4pipe.verify {args.folder})" if lines[1:] else ""
        raise BuildError(f"it is damaged and was not published: {lines[0]}{more}")


def _show(found: Published) -> None:
    for file in found.files:
        print(f"{file.bytes:>15,}  {visible(file.path)}")
    print(f"{sum(file.bytes for file in found.files):>15,}  {many(len(found.files), 'file')}")
    for line in found.left:
        print(f"not sent: {visible(line)}")


def _parse(argv: Sequence[str] | None) -> Namespace:
    p = Parser("python -m c4pipe.push", "Publish a corpus or a mixture on the Hugging Face Hub.", EPILOG)
    a = p.add_argument
    a("folder", type=utf8_path, metavar="DIR", help="folder of a corpus, or of a mixture")
    a("repo", type=_repo, metavar="OWNER/NAME", help="the data set; created if it does not exist")
    a("--private", action="store_true", help="create it as private, and refuse a public one")
    a("--revision", type=utf8, default="main", metavar="BRANCH", help="a branch, created if missing (default: main)")
    a("--with", dest="extras", type=_extras, default=(), metavar="NAME,...", help=f"also send: {', '.join(ASKED_FOR)}")
    a("--dry-run", action="store_true", help="check and list what would be sent, without contacting the Hub")
    args = p.parse_args(argv)
    asked = "--dry-run does not contact the Hub. Leave one of them out."
    refuse_idle(p.given, ("--private", not args.dry_run, asked), ("--revision", not args.dry_run, asked))
    return args


def _repo(word: str) -> str:
    owner, slash, name = word.partition("/")
    if not (owner and slash and name) or "/" in name:
        raise argparse.ArgumentTypeError(f"expected OWNER/NAME, such as someone/c4, got {word!r}")
    return word


def _extras(word: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in word.split(","))
    for name in names:
        if name not in ASKED_FOR:
            raise unknown("--with", name, ASKED_FOR)
    return tuple(name for name in ASKED_FOR if name in names)


if __name__ == "__main__":
    sys.exit(main())
