"""What a build would cost, estimated from a real build of pages spread evenly over all inputs."""

from __future__ import annotations

import json
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from beam_jobs.earlier import compute_keys, key_files
from beam_jobs.survey import FETCHED, PARTS, Estimate, PartRead, pieces_to_read, share_kept, total_pages
from c4pipe.corpus.ancestors import Ancestor
from c4pipe.errors import BuildError
from c4pipe.flow.build import BuildCorpora, Corpora
from c4pipe.flow.files import BeamStore
from c4pipe.flow.inputs import Piece, write_input_list, write_units
from c4pipe.flow.read import Heartbeat, PieceReader
from c4pipe.flow.searching import WARC_FILES, Found
from c4pipe.flow.settings import Settings
from c4pipe.flow.web import is_web
from c4pipe.passes.account import Account, accounts_of_inputs, of_all, whys
from c4pipe.passes.finalize import input_row
from c4pipe.passes.merging import sources_in
from c4pipe.passes.summary import inputs_told
from c4pipe.scratch import temporary_files
from c4pipe.shards import MANIFEST, files_of_shard
from c4pipe.text import many, percent, spent

JUDGED = 4000  # pages built, about: 2 to 5 s, and 1.5 % error in the share of pages kept
UNIT_SECONDS = 0.03  # CPU seconds that a unit of work costs in addition to its reading; measured with 1,500 small files


class Survey(NamedTuple):
    """The results of reading the parts."""

    pieces: list[Piece]  # with the pages read of each as its limit
    accounts: list[Account]
    bytes: list[int]  # represented by each
    seconds: float  # CPU seconds

    @property
    def pages(self) -> int:
        return sum(account.pages for account in self.accounts)

    @property
    def every(self) -> int:
        """One page in so many is built."""
        return max(1, round(self.pages / JUDGED))

    def parts(self, kept: Counter[int]) -> list[PartRead]:
        """The parts in numbers; `kept` pages by number of the piece."""
        read = zip(self.accounts, self.bytes, strict=True)
        return [PartRead(size, own.pages, -(-own.pages // self.every), kept[n]) for n, (own, size) in enumerate(read)]


class Trial(NamedTuple):
    """The bytes and CPU seconds of a small build, and for each preset the bytes and sources of its pages."""

    corpora: dict[str, tuple[int, list[str]]]
    staged: int
    seconds: float


class Prediction(NamedTuple):
    """The predicted results and costs of a build."""

    survey: Survey
    judged: int
    pages: Estimate
    share: dict[str, Estimate]  # share of pages kept, by preset
    corpus: dict[str, float]  # bytes of its pages, by preset
    staged: float  # bytes of working space
    seconds: float  # CPU seconds on one core


def predict(corpora: Corpora, found: Found, earlier: Sequence[Ancestor] = ()) -> Prediction:
    """Reads up to 64 MB of the inputs, builds about 4,000 of their pages in a temporary folder, and extrapolates.

    `earlier` are the corpora that they are built against; for those without keys, keys are computed, as in a build.
    BuildError if nothing read was a page.
    """
    with temporary_files("trial") as folder:
        compute_keys(earlier, corpora[0].plan, BeamStore(), str(folder))
        files = tuple(file for one in earlier for file in key_files(one, str(folder)))
        corpora = tuple(replace(settings, against=files) for settings in corpora)
        survey = _survey(corpora, found, f"{folder}/staging")
        if not survey.pages:
            names = (found.inputs[account.number].name for account in survey.accounts)
            said = whys(zip(names, (account.why for account in survey.accounts), strict=True))
            raise BuildError(f"{of_all(0, len(survey.pieces))} a readable page: {said}.")
        nothing = survey.pages + 1  # except one page of each part
        _trial(corpora, found, survey, f"{folder}/first", nothing)  # loads everything that a build loads once
        once = time.process_time() - survey.seconds
        least = _trial(corpora, found, survey, f"{folder}/least", nothing).seconds
        trial = _trial(corpora, found, survey, f"{folder}/trial", survey.every)
    parts = survey.parts(Counter())
    judged, pages = sum(part.judged for part in parts), total_pages(parts, corpora[0].input_bytes)
    more = pages.value / judged
    # Cost per page: the build of many pages minus the build of one per part; both read everything.
    seconds = once + (trial.seconds - least) * (pages.value - len(parts)) / max(1, judged - len(parts))
    seconds += survey.seconds * (pages.value / survey.pages - 1)
    seconds += max(0, corpora[0].units - len(parts)) * UNIT_SECONDS
    share, corpus = {}, {}
    for name, (written, sources) in trial.corpora.items():
        share[name] = share_kept(survey.parts(_kept(found, survey, sources)), pages.value)
        corpus[name] = written * more
    return Prediction(survey, judged, pages, share, corpus, trial.staged * more, seconds)


def prediction_told(now: Prediction, found: Found) -> Iterator[str]:
    """The prediction in lines, with the account of the inputs."""
    survey = now.survey
    yield (
        f"read {many(survey.pages, 'page')} ({sum(survey.bytes) / 1e6:,.1f} MB) in {many(len(survey.pieces), 'part')} "
        f"of {many(len(found.inputs), 'input')}, and built {now.judged:,} of them; estimates for the whole input:"
    )
    yield f"  pages         {now.pages.told()}"
    for name, share in now.share.items():
        kept = now.pages.times(share)
        yield f"  kept          {kept.told()}, {percent(share.value)}: {name}, {now.corpus[name] / 1e6:,.1f} MB"
    yield f"  CPU time      {spent(now.seconds)} on one core of this machine"
    yield f"  working space {now.staged / 1e6:,.1f} MB, in the output folder while it runs"
    if now.judged < now.pages.value:
        yield "  In brackets: 95 % intervals. Duplicates are underestimated: the whole corpus has more of them."
    rows = [input_row(found.inputs[n].name, own) for n, own in accounts_of_inputs(survey.accounts).items()]
    left_out = [{"path": path, "why": why} for path, why in found.left_out]
    yield from inputs_told({"inputs": rows, "no_inputs": left_out}, rest="which a build names in")


def _survey(corpora: Corpora, found: Found, staging: str) -> Survey:
    """Reads the parts without judging pages."""
    how, store = corpora[0].plan.read, BeamStore(staging)
    begun = time.process_time()
    parts = FETCHED if any(is_web(item.path) for item in found.inputs) else PARTS
    pieces, accounts, sizes = [], [], []
    for piece in pieces_to_read(found.inputs, how.format == "jsonl", parts):
        reader = PieceReader(piece, store, how, heartbeat := Heartbeat(staging, 0))
        account, whole = reader.account, True
        for verdict in reader.verdicts():
            at = heartbeat.position
            if (
                how.format in WARC_FILES
                and (offset := verdict.page.source.rpartition("#")[2].partition("+")[0]).isdigit()
            ):
                at = int(offset)
            if not piece.start and piece.stop is not None and at >= piece.stop and account.pages:
                whole = False
                break
            account.take(verdict)
        for settings in corpora:
            account = account.veiled(settings.plan.veil)
        pieces.append(piece._replace(most=account.pages))
        accounts.append(account)
        sizes.append(piece.bytes if whole else at)
    return Survey(pieces, accounts, sizes, time.process_time() - begun)


def _trial(corpora: Corpora, found: Found, survey: Survey, folder: str, every: int) -> Trial:
    trial = tuple(
        replace(
            settings,
            preset=_smaller(settings, survey),
            output=f"{folder}/{settings.preset.name}",
            staging=f"{folder}/staging",
            units=len(survey.pieces),
            every=every,
            shards=1,
        )
        for settings in corpora
    )
    first, store = trial[0], BeamStore(trial[0].staging)
    write_input_list(found.left_out, store, first.left_out_list)
    write_units([(piece,) for piece in survey.pieces], store, first.units_list)
    write_input_list(found.inputs, store, first.inputs_list)
    started = time.process_time()
    pipeline = beam.Pipeline(options=PipelineOptions(["--runner=FnApiRunner"]))
    pipeline | BuildCorpora(trial)
    pipeline.run().wait_until_finish()
    seconds = time.process_time() - started
    made = {settings.preset.name: _made(Path(settings.made)) for settings in trial}
    return Trial(made, sum(path.stat().st_size for path in Path(first.staging).rglob("*") if path.is_file()), seconds)


def _smaller(settings: Settings, survey: Survey) -> Any:
    """The preset with the minimum pages per language scaled to the sample."""
    size, preset = settings.plan.size, settings.preset
    share = 1 / survey.every * min(1.0, sum(survey.bytes) / max(1, settings.input_bytes))
    return preset if size is None else preset.on(replace(size, pages=int(size.pages * share)))


def _made(folder: Path) -> tuple[int, list[str]]:
    shards = json.loads((folder / MANIFEST).read_bytes())["shards"]
    size = sum(file["bytes"] for shard in shards for file in files_of_shard(shard))
    return size, [source for shard in shards for source in sources_in(folder / shard["path"])]


def _kept(found: Found, survey: Survey, sources: list[str]) -> Counter[int]:
    """The number of kept pages by piece."""
    starts: dict[str, list[tuple[int, int]]] = {}
    for n, piece in enumerate(survey.pieces):
        starts.setdefault(found.inputs[piece.number].name, []).append((piece.start, n))
    kept: Counter[int] = Counter()
    for source in sources:
        name, _, place = source.rpartition("#")
        own = starts[name]
        at = int(place.partition("+")[0]) if len(own) > 1 else 0
        kept[own[max(0, bisect_right(own, (at, len(survey.pieces))) - 1)][1]] += 1
    return kept
