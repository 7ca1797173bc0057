"""Checks before pages are removed: is the corpus whole, can it lose pages, and where may the new one be written?"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from beam_jobs.personal import unveils
from c4pipe.corpus.plan import Plan
from c4pipe.errors import ConfigError
from c4pipe.facts.corpus import Corpus, open_corpus
from c4pipe.files.record import check_given
from c4pipe.flow.buckets import is_remote
from c4pipe.inspect.rebuild import plan_of, preset_of
from c4pipe.removal.asked import BY_CODE, Wishes
from c4pipe.removal.matching import Matched
from c4pipe.removal.proof import prove
from c4pipe.removal.task import is_restorable
from c4pipe.shards import MANIFEST
from c4pipe.stages.benchmarks import benchmarks_stage


def open_whole(folder: str) -> Corpus:
    """The corpus in a folder, every checksum verified. ConfigError for another kind of corpus, BuildError for
    damage.
    """
    if is_remote(folder):
        raise ConfigError(f"--corpus {folder}: expected a folder on this machine. Copy the corpus here first.")
    path = Path(folder)
    below = sorted(found.parent.name for found in path.glob(f"*/{MANIFEST}"))
    if below and not (path / MANIFEST).exists():
        raise ConfigError(f"--corpus {folder} holds several corpora. Name one of them: {', '.join(below)}.")
    corpus = open_corpus(path)
    if "mixture" in corpus.manifest:
        raise ConfigError(
            f"--corpus {folder} is a mixture, whose rates would change. Remove the pages from the corpora that it is "
            "made of, and mix those again."
        )
    corpus.sums.check()
    return corpus


def plan_for(corpus: Corpus, given: Sequence[Path]) -> Plan:
    """The preset of a corpus, ready to judge what comes back. ConfigError if pages cannot be removed from the corpus.

    `given` are files that its rules read, recognised by their checksums.
    """
    check_given(corpus.manifest, given)
    _, differs = preset_of(corpus)
    if lacking := [line for line in differs if "is not found here" in line]:
        raise ConfigError(f"{corpus.folder}: {lacking[0]}; it is needed to filter the pages that come back.")
    for line in differs:
        print(f"note: {line}; pages that come back are filtered with the files on this machine.", file=sys.stderr)
    plan = plan_of(corpus, given)
    if plan.size is not None and plan.size.pages:
        raise ConfigError(
            f"--corpus {corpus.folder} leaves out languages with fewer than {plan.size.pages:,} pages (--min-pages), "
            "and removing pages may change which ones. Rebuild it without the pages (--exclude)."
        )
    searching = benchmarks_stage(plan.preset)
    if plan.texts and searching is not None and not plan.bound(searching.overlap).at_hand:
        raise ConfigError(
            f"{corpus.folder} was searched for benchmark items, and the corpus does not store them. Pages that come "
            "back must be searched too. Name the folder of the benchmarks: --file DIR."
        )
    if plan.texts and not is_restorable(corpus.manifest):
        if unveils(plan.preset):
            raise ConfigError(
                f"--corpus {corpus.folder} masks personal data (--mask-personal), so it keeps no pages to restore: "
                "they would show what is masked. Build it again, without the pages (--exclude)."
            )
        raise ConfigError(
            f"--corpus {corpus.folder} has no data to restore pages from (--restorable no, --no-keys, or an older "
            "build): duplicates of a removed page could not come back. Rebuild it without the pages (--exclude)."
        )
    return plan


def check_codes(corpus: Corpus, matched: Matched) -> None:
    """ConfigError for a code that occurs in the corpus, but not on a page with a URL."""
    pairs = zip(matched.asked.wishes, matched.pages, strict=True)
    unknown = [wish for wish, pages in pairs if wish.kind == BY_CODE and not pages]
    for wish in unknown:
        if left := prove(corpus.folder, corpus.manifest, Wishes.of([wish])).left:
            raise ConfigError(
                f"--ids: {wish.text} ({left[0].path}) is not the code of any page with a URL "
                f"in {corpus.folder}: the page has no URL, or belongs to an earlier corpus. Pages without a URL cannot "
                "be removed: rebuild the corpus from inputs without it."
            )


def check_apart(output: str, folder: Path) -> None:
    """ConfigError for an output that is the corpus, in it, around it, or not on this machine."""
    if is_remote(output):
        raise ConfigError(f"--output {output}: expected a folder on this machine.")
    paths = [f"{os.path.realpath(path).rstrip('/')}/" for path in (output, folder)]
    if paths[0].startswith(paths[1]) or paths[1].startswith(paths[0]):
        raise ConfigError(f"--output {output} and --corpus {folder} contain one another. Choose another folder.")
