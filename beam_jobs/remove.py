"""Removes pages from a finished corpus: lists -> matches -> pages that come back -> the new corpus, and its proof.

`--help` has examples.
"""

from __future__ import annotations

import json
import os
import sys
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from beam_jobs.command import peak_memory
from beam_jobs.earlier import compute_keys, find_earlier, key_files
from beam_jobs.personal import unveils
from beam_jobs.remove_arguments import parse_remove
from beam_jobs.remove_notes import doubts, lines_told, misspelled, unmatched
from beam_jobs.remove_proof import told_proof
from c4pipe.command import run_command
from c4pipe.corpus.ancestors import AGAINST
from c4pipe.corpus.identity import fingerprint
from c4pipe.corpus.ledger import Ledger
from c4pipe.corpus.plan import Plan
from c4pipe.corpus.removed import came_of, were
from c4pipe.corpus.trunk import deduped
from c4pipe.errors import BuildError, ConfigError
from c4pipe.facts.corpus import Corpus, open_corpus
from c4pipe.files.record import check_given
from c4pipe.flow.buckets import is_remote
from c4pipe.flow.files import BeamStore
from c4pipe.flow.lock import FolderLock
from c4pipe.flow.ours import MADE_NAME, begin_work, clear_work
from c4pipe.flow.placing import is_made, put_in_place, recover
from c4pipe.flow.target import Standing, announce, standing
from c4pipe.inspect.rebuild import plan_of, preset_of
from c4pipe.keys import KeyReader, key_path
from c4pipe.passes.merging import sources_in
from c4pipe.removal.asked import BY_CODE, Wishes, read_asked
from c4pipe.removal.log import REMOVED
from c4pipe.removal.matching import Matched, find_matches
from c4pipe.removal.outcome import Replayed, replayed
from c4pipe.removal.pages import CorpusPages
from c4pipe.removal.proof import prove
from c4pipe.removal.records import left_behind, write_copy, write_without
from c4pipe.removal.replay import Replay
from c4pipe.removal.task import Removal, is_restorable
from c4pipe.removal.worlds import LegKeys
from c4pipe.scratch import scratch
from c4pipe.shards import FACTS_FOLDER, MANIFEST
from c4pipe.stages.benchmarks import benchmarks_stage
from c4pipe.text import duration, many, printable


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the job. Returns the exit code."""
    return run_command(
        "remove", lambda: run(parse_remove(argv)), "interrupted. Run the same command again: it starts over."
    )


def run(args: Namespace) -> int:
    """Runs the job with parsed arguments."""
    asked = read_asked(args.urls, args.domains, args.ids) if args.urls or args.domains or args.ids else None
    to_prove = read_asked(args.urls, args.domains, args.ids, args.prove) if args.prove is not None else None
    corpus = open_whole(args.corpus)
    if not args.output:
        assert to_prove is not None
        return told_proof(corpus, to_prove)
    assert asked is not None
    urls = remove(args, corpus, asked)
    if to_prove is None:
        return 0
    return told_proof(open_whole(args.output), to_prove, urls)


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


def remove(args: Namespace, corpus: Corpus, asked: Wishes) -> list[str]:
    """Makes the corpus without the listed pages. Returns the URLs of the removed pages."""
    output = args.output.rstrip("/") or "/"
    started = time.monotonic()
    check_apart(output, corpus.folder)
    plan = plan_for(corpus, args.file)
    matched = find_matches(corpus.folder, corpus.manifest, asked)
    for line in (*unmatched(matched), *misspelled(matched.near, matched.pages), *doubts(matched)):
        print(line, file=sys.stderr)
    check_codes(corpus, matched)
    known = fingerprint_of(args, corpus, matched)
    with FolderLock(output):
        recover(output)
        there = find_made(output, known)
        if there.manifest is not None:
            print(f"{output} was already made: the same corpus without the same pages")
            return [*matched.urls.values()]
        announce(output, there)
        made = f"{output}/{MADE_NAME}{known[:16]}"
        if not is_made(made, known):
            make(args, corpus, plan, matched, made, known)
        put_in_place(output, made)
    with BeamStore().read(f"{output}/{MANIFEST}") as stream:
        print("\n".join(summary_of(json.load(stream), matched, corpus, output)))
    print(f"  {duration(time.monotonic() - started)} min, peak memory {peak_memory()}")
    return [*matched.urls.values()]


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


def fingerprint_of(args: Namespace, corpus: Corpus, matched: Matched) -> str:
    """The fingerprint of the new corpus: the old one if nothing changes."""
    if not matched:
        return str(corpus.manifest["fingerprint"])
    wishes = sorted([wish.kind, *wish.names] for wish in matched.asked.wishes)
    return fingerprint([corpus.manifest, wishes, args.reason, args.date])


def find_made(output: str, known: str) -> Standing:
    """The state of the new corpus. ConfigError if the folder holds anything else."""

    def differs(_: Any) -> str:
        return (
            f"--output {output} holds a different corpus: without other pages, from other files, or with another "
            "--reason or --date. Choose another folder, or move that one away."
        )

    return standing(output, lambda manifest: manifest["fingerprint"] == known, False, differs)


def make(args: Namespace, corpus: Corpus, plan: Plan, matched: Matched, made: str, known: str) -> None:
    """Makes the new corpus in its own folder."""
    store = BeamStore()
    try:
        clear_work(os.path.dirname(made), [MADE_NAME])
        begin_work(made)
        if not matched:
            write_copy(corpus.folder, corpus.manifest, store, made)
            return
        print(f"removing {many(len(matched.urls), 'page')} from {corpus.folder} ...", file=sys.stderr)
        replayed = replayed_of(corpus, plan, matched)
        removal = Removal(corpus.folder, corpus.manifest, plan, matched, replayed, store, made)
        write_without(removal, known, args.date, args.reason)
    except OSError as error:
        raise BuildError(f"{made} cannot be written: {error.strerror or error}.") from None
    for name in left_behind(corpus.folder, corpus.manifest):
        counted = name.startswith(f"{FACTS_FOLDER}/")
        why = "it no longer matches the restored text" if counted else "export it again from the new corpus"
        print(f"note: {name} is not carried over; {why}.", file=sys.stderr)


def replayed_of(corpus: Corpus, plan: Plan, matched: Matched) -> Replayed:
    """What happens to all other pages."""
    folder, manifest = corpus.folder, corpus.manifest
    with scratch("remove") as place:
        pages = CorpusPages(folder, manifest, plan, matched.matcher().mask)
        keys = leg_keys(corpus, plan, str(place)) if plan.texts else {}
        replay = Replay(pages, plan, keys)
        shown = {source for part in corpus.rejected for source in sources_in(folder / part["path"])}
        return replayed(replay, plan, Ledger.from_json(manifest["ledger"]), folder, shown)


def leg_keys(corpus: Corpus, plan: Plan, place: str) -> dict[str, LegKeys]:
    """The key files of each text dedup; for earlier corpora without keys, computed from their pages."""
    earlier, store = find_earlier([row["path"] for row in corpus.manifest.get(AGAINST, ())]), BeamStore()
    compute_keys(earlier, plan, store, place)
    files = [{file.stage: file.path for file in key_files(one, place)} for one in earlier]
    return {
        stage: LegKeys(
            KeyReader(store, str(corpus.folder / key_path(stage))), [KeyReader(store, file[stage]) for file in files]
        )
        for stage in deduped(corpus.manifest)[1:]
    }


def summary_of(manifest: dict[str, Any], matched: Matched, corpus: Corpus, output: str) -> Iterator[str]:
    """A summary in a few lines."""
    entries = lines_told(matched.asked)
    if not matched:
        yield f"{entries} matched no page of {corpus.folder}: {output} is a copy of it"
        return
    row = manifest["removed"][-1]
    before = {shard["path"]: shard["sha256"] for shard in corpus.manifest["shards"]}
    same = sum(before.get(shard["path"]) == shard["sha256"] for shard in manifest["shards"])
    yield f"{entries} matched {many(row['matched'], 'page')}; {were(row['kept'])} kept"
    yield f"  other pages: {came_of(row)}"
    yield f"  {many(len(manifest['shards']), 'shard')}, of which {same:,} keep their bytes"
    yield f"  corpus: {printable(output)}, log: {REMOVED}"


if __name__ == "__main__":
    sys.exit(main())
