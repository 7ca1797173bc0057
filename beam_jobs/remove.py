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
from typing import Any

from beam_jobs.command import peak_memory
from beam_jobs.earlier import compute_keys, find_earlier, key_files
from beam_jobs.remove_arguments import parse_remove
from beam_jobs.remove_changes import (
    changes_told,
    check_changes,
    entries_told,
    other_pages,
    removed_pages,
    write_changes,
)
from beam_jobs.remove_checks import check_apart, check_codes, open_whole, plan_for
from beam_jobs.remove_notes import doubts, lines_told, misspelled, unmatched
from beam_jobs.remove_proof import told_proof
from c4pipe.command import run_command
from c4pipe.corpus.ancestors import AGAINST
from c4pipe.corpus.identity import fingerprint
from c4pipe.corpus.ledger import Ledger
from c4pipe.corpus.plan import Plan
from c4pipe.corpus.removed import came_of, were
from c4pipe.corpus.trunk import deduped
from c4pipe.errors import BuildError
from c4pipe.facts.corpus import Corpus
from c4pipe.flow.files import BeamStore
from c4pipe.flow.lock import FolderLock
from c4pipe.flow.ours import MADE_NAME, begin_work, clear_work
from c4pipe.flow.placing import is_made, put_in_place, recover
from c4pipe.flow.target import Standing, announce, standing
from c4pipe.keys import KeyReader, key_path
from c4pipe.passes.merging import sources_in
from c4pipe.removal.asked import Wishes, read_asked
from c4pipe.removal.log import REMOVED
from c4pipe.removal.matching import Matched, find_matches
from c4pipe.removal.outcome import Replayed, replayed
from c4pipe.removal.pages import CorpusPages
from c4pipe.removal.records import left_behind, write_copy, write_without
from c4pipe.removal.replay import Replay
from c4pipe.removal.task import Removal
from c4pipe.removal.worlds import LegKeys
from c4pipe.scratch import scratch
from c4pipe.shards import FACTS_FOLDER, MANIFEST
from c4pipe.text import many, printable, spent


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the job. Returns the exit code."""
    return run_command(
        "remove", lambda: run(parse_remove(argv)), "interrupted. Run the same command again: it starts over."
    )


def run(args: Namespace) -> int:
    """Runs the job with parsed arguments."""
    asked = read_asked(args.urls, args.domains, args.ids) if args.urls or args.domains or args.ids else None
    to_prove = read_asked(args.urls, args.domains, args.ids, args.prove) if args.prove is not None else None
    check_changes(args)
    corpus = open_whole(args.corpus)
    if args.dry_run:
        assert asked is not None
        return try_out(args, corpus, asked)
    if not args.output:
        assert to_prove is not None
        return told_proof(corpus, to_prove, strict=args.strict)
    assert asked is not None
    urls = remove(args, corpus, asked)
    if to_prove is None:
        return 0
    return told_proof(open_whole(args.output), to_prove, urls, args.strict)


def found_matches(corpus: Corpus, asked: Wishes) -> Matched:
    """The listed pages, with notes on entries that may not mean what the user intended."""
    matched = find_matches(corpus.folder, corpus.manifest, asked)
    for line in (*unmatched(matched), *misspelled(matched.near, matched.pages), *doubts(matched)):
        print(line, file=sys.stderr)
    return matched


def try_out(args: Namespace, corpus: Corpus, asked: Wishes) -> int:
    """Prints what the entries match. ConfigError if the pages cannot be removed."""
    matched = found_matches(corpus, asked)
    kept, pages = len(matched.kept), len(matched.urls)
    print(f"{lines_told(asked)} would remove {many(pages, 'page')}: {kept:,} kept, {pages - kept:,} rejected")
    print("\n".join([*entries_told(matched), "  nothing was changed (--dry-run)"]))
    if args.changes:
        write_changes(args.changes, removed_pages(matched))
    plan_for(corpus, args.file)
    check_codes(corpus, matched)
    return 0


def remove(args: Namespace, corpus: Corpus, asked: Wishes) -> list[str]:
    """Makes the corpus without the listed pages. Returns the URLs of the removed pages."""
    output = args.output.rstrip("/") or "/"
    started = time.monotonic()
    check_apart(output, corpus.folder)
    plan = plan_for(corpus, args.file)
    matched = found_matches(corpus, asked)
    check_codes(corpus, matched)
    known = fingerprint_of(args, corpus, matched)
    with FolderLock(output):
        recover(output)
        there = find_made(output, known)
        if there.manifest is not None:
            print(f"{output} was already made: the same corpus without the same pages")
            if args.changes:
                tell_changes(args, matched, replayed_of(corpus, plan, matched) if matched else None)
            return [*matched.urls.values()]
        announce(output, there)
        made = f"{output}/{MADE_NAME}{known[:16]}"
        outcome = None
        if not is_made(made, known):
            outcome = make(args, corpus, plan, matched, made, known)
        elif matched:
            outcome = replayed_of(corpus, plan, matched)
        put_in_place(output, made)
    with BeamStore().read(f"{output}/{MANIFEST}") as stream:
        print("\n".join(summary_of(json.load(stream), matched, corpus, output)))
    tell_changes(args, matched, outcome)
    print(f"  {spent(time.monotonic() - started)}, peak memory {peak_memory()}")
    return [*matched.urls.values()]


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


def make(args: Namespace, corpus: Corpus, plan: Plan, matched: Matched, made: str, known: str) -> Replayed | None:
    """Makes the new corpus in its own folder. Returns the outcome for the other pages, None for a copy."""
    store = BeamStore()
    try:
        clear_work(os.path.dirname(made), [MADE_NAME])
        begin_work(made)
        if not matched:
            write_copy(corpus.folder, corpus.manifest, store, made)
            return None
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
    return replayed


def tell_changes(args: Namespace, matched: Matched, outcome: Replayed | None) -> None:
    """Prints which pages were removed and changed, and writes the file of --changes."""
    others = other_pages(outcome) if outcome is not None else []
    for line in (*(entries_told(matched) if len(matched.asked.wishes) > 1 else ()), *changes_told(others)):
        print(line)
    if args.changes:
        write_changes(args.changes, [*removed_pages(matched), *others])


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
    yield f"{entries} matched {many(row['matched'], 'page')}: {were(row['kept'])} in the corpus and removed"
    if rest := row["matched"] - row["kept"]:
        yield f"  {were(rest)} not in it: the build had dropped them already"
    yield f"  other pages: {came_of(row)}"
    yield f"  {many(len(manifest['shards']), 'shard')}, of which {same:,} keep their bytes"
    yield f"  corpus: {printable(output)}, log: {REMOVED}"


if __name__ == "__main__":
    sys.exit(main())
