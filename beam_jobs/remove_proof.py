"""Runs the proof that nothing listed is left in a corpus, and prints its progress and result."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from beam_jobs.remove_notes import SHOWN_AT_MOST, lines_told, misspelled
from c4pipe.command import own_name
from c4pipe.errors import BuildError
from c4pipe.facts.corpus import Corpus
from c4pipe.progress import PLAIN, ProgressReporter
from c4pipe.removal.asked import Wishes
from c4pipe.removal.log import earlier_removals, unmet
from c4pipe.removal.proof import UNPROVEN, prove
from c4pipe.text import many, printable

_FIRST = 3.0  # seconds before the first line


class ProofProgress(ProgressReporter):
    """Names the file that is being read, if the proof takes long."""

    def __init__(self) -> None:
        self._at = "the lists"
        super().__init__()

    def reading(self, path: str) -> None:
        """The file that is read from now on."""
        self._at = path

    def show(self) -> None:
        wait = _FIRST
        while self.waited(wait):
            print(f"proving: {self.seconds():.0f} s, reading {printable(self._at)} ...", file=sys.stderr, flush=True)
            wait = PLAIN


def told_proof(corpus: Corpus, asked: Wishes, urls: Sequence[str] = (), strict: bool = False) -> int:
    """Runs the proof and prints the result. Returns the exit code. `urls` adds the pages just removed;
    if `strict`, an entry that never matched a page fails it."""
    folder = corpus.folder
    with ProofProgress() as progress:
        proof = prove(folder, corpus.manifest, asked, urls, progress.reading)
    looked = f"{many(proof.files, 'file')}, {many(proof.rows, 'row')} and {many(proof.keys, 'key')} of {folder}"
    for left in proof.left[:SHOWN_AT_MOST]:
        print(printable(f"left: {left}"))
    if proof.left[SHOWN_AT_MOST:]:
        print(f"... and {len(proof.left) - SHOWN_AT_MOST:,} more")
    near = [*misspelled(proof.near)]
    if proof.left:
        print("\n".join(near), end="\n" if near else "")
        print(
            f"{own_name('remove')}: something listed is still there, in {len(proof.left):,} places of {looked}",
            file=sys.stderr,
        )
        return BuildError.exit_code
    entries = lines_told(asked)
    print(f"nothing listed ({entries}) is left in {looked}")
    print("\n".join(near), end="\n" if near else "")
    if lines := unmet(asked, earlier_removals(folder, corpus.manifest)):
        more = f" and {len(lines) - SHOWN_AT_MOST:,} more" if lines[SHOWN_AT_MOST:] else ""
        print(
            f"  but {len(lines):,} of {entries} matched no page, neither here nor in the removal log: "
            f"{printable(', '.join(lines[:SHOWN_AT_MOST]))}{more}"
        )
    print(f"  {UNPROVEN}")
    if near:
        print(
            f"{own_name('remove')}: not proven: some URLs differ from listed ones only in spelling (see the notes). "
            "List them too, unless they are other pages.",
            file=sys.stderr,
        )
        return BuildError.exit_code
    if strict and lines:
        print(f"{own_name('remove')}: {len(lines):,} of {entries} never matched a page (--strict)", file=sys.stderr)
        return BuildError.exit_code
    return 0
