"""The choice of a run's tokenizer, and its files in RUN/tokenizer/.

If a run has a checkpoint, its tokenizer is the one the weights were trained with, and stays. Before that it belongs to
the settings that made it, recorded in `made_of.json`: leftovers of a failed command are not used by another one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

from c4pipe.disk import put_aside
from c4pipe.mixture import quotas
from c4pipe.shards import to_json
from model.errors import ConfigError
from model.order import shuffled_texts
from model.run import MADE_OF, TOKENIZER_FOLDER, say
from model.settings import TrainSettings
from model.shelf import check_copy, checkpoints, latest
from model.source import Source
from model.sums import RunSums
from model.tokens import MODEL, TOKENIZER_CONFIG, Tokenizer, train_tokenizer

Note = dict[str, Any]  # {"tokenizer": fingerprint, "of": what it was trained on and how, {} for an external one}
SIZES_OF = ("vocab_size", "sentinels")
TOKENIZER_DOCUMENTS = 200_000  # most documents for training: some million lines, which are sampled


def known_tokenizer(settings: TrainSettings) -> Tokenizer | None:
    """The tokenizer of the checkpoint to resume from, the given one, or that of the pre-trained model.

    None for a new run that trains its own. ConfigError if the given and the existing one differ.
    """
    start = None if settings.resume in ("auto", "none") else Path(settings.resume)
    if start is None and checkpoints(settings.run):
        start = settings.run / TOKENIZER_FOLDER if _kept(settings.run) else latest(settings.run)[0]
    source = start or settings.tokenizer or settings.init_from
    if source is None:
        return None
    if source == settings.init_from and not (source / MODEL).is_file():
        raise ConfigError(
            f"there is no tokenizer at {source}: give --tokenizer the one that the model was trained with: a folder "
            f"with a {MODEL}, or the path of that file. transformers 5 does not save that file with a tokenizer"
        )
    tokenizer = _load(source)
    for option, other in (("--tokenizer", settings.tokenizer), ("--init-from", settings.init_from)):
        # A model may come without one, and may be deleted once a run has begun.
        there = other and (option == "--tokenizer" or (other / MODEL).is_file())
        if other and there and _load(other).fingerprint != tokenizer.fingerprint:
            advice = "Use another --run." if start else "Embeddings belong to their tokenizer: leave out --tokenizer."
            raise ConfigError(f"{source} is a different tokenizer from that of {option} {other}. {advice}")
    if start and settings.trains_tokenizer:
        _check_sizes(settings)
    return tokenizer


def choose_tokenizer(settings: TrainSettings, sources: Sequence[Source]) -> tuple[Tokenizer, Note]:
    """The run's tokenizer, trained if needed on documents of each source in the mixture's proportions; and its note.

    Nothing is written. Errors as from `known_tokenizer`.
    """
    run = settings.run
    if known := known_tokenizer(settings):
        return known, (checkpoints(run) and _read_note(run)) or _note(known, {})
    entries = [source.entry for source in sources]
    counts = {entry.name: entry.documents for entry in entries}
    wanted = min(TOKENIZER_DOCUMENTS, sum(counts.values()))
    share = quotas(counts, {source.entry.name: source.rate for source in sources}, wanted, max_epochs=1)
    data = {entry.name: [share[entry.name], entry.digest] for entry in entries}
    of = {name: getattr(settings, name) for name in (*SIZES_OF, "seed")} | {"data": data}
    kept = _kept(run)
    if kept and _read_note(run) == _note(kept, of):
        return kept, _note(kept, of)
    texts = (islice(shuffled_texts(entry, settings.seed), share[entry.name]) for entry in entries)
    made = train_tokenizer(
        chain.from_iterable(texts), None, settings.vocab_size, extra_ids=settings.sentinels, seed=settings.seed
    )
    return made, _note(made, of)


def open_tokenizer(settings: TrainSettings, sources: Sequence[Source]) -> Tokenizer:
    """The run's tokenizer, trained first if none has these settings; errors as from `known_tokenizer`.

    Its files are unchanged, or rewritten. One left by a command with other settings is renamed and kept.
    """
    folder, sums = settings.run / TOKENIZER_FOLDER, RunSums(settings.run)
    kept, before = _kept(settings.run), _read_note(settings.run)
    if not kept:
        given = settings.tokenizer or settings.init_from
        say(f"taking the tokenizer of {given}" if given else f"making the tokenizer {folder}")
    tokenizer, note = choose_tokenizer(settings, sources)
    if kept and kept.fingerprint != tokenizer.fingerprint:
        other = [name for name, value in note["of"].items() if before.get("of", {}).get(name) != value]
        aside = put_aside(folder)
        differs = f"with other settings ({', '.join(other)})" if other else "from another source"
        say(f"note: {folder} was made {differs}: kept as {aside.name}, and rebuilt")
    for name, content in (tokenizer.files() | {MADE_OF: to_json(note)}).items():
        _restore(folder / name, content, sums)
    return tokenizer


def _check_sizes(settings: TrainSettings) -> None:
    """ConfigError if a started run is given another size of tokenizer."""
    of = _read_note(settings.run).get("of", {})
    other = [name for name in SIZES_OF if of.get(name, getattr(settings, name)) != getattr(settings, name)]
    if other and not settings.force:
        said = " and ".join(f"--{name.replace('_', '-')} {of[name]}" for name in other)
        raise ConfigError(f"the tokenizer of {settings.run} was made with {said}: use that, or another --run.")


def _kept(run: Path) -> Tokenizer | None:
    """The tokenizer in the folder, if it is unchanged."""
    sums = RunSums(run)
    if not all(sums.is_whole(f"{TOKENIZER_FOLDER}/{name}") for name in (MODEL, TOKENIZER_CONFIG)):
        return None
    return Tokenizer.load(run / TOKENIZER_FOLDER)


def _note(tokenizer: Tokenizer, of: Mapping[str, Any]) -> Note:
    return {"tokenizer": tokenizer.fingerprint, "of": dict(of)}


def _read_note(run: Path) -> Note:
    """The note; empty if none was written, or it is missing."""
    if not RunSums(run).is_whole(f"{TOKENIZER_FOLDER}/{MADE_OF}"):
        return {}
    found: Note = json.loads((run / TOKENIZER_FOLDER / MADE_OF).read_bytes())
    return found


def _load(path: Path) -> Tokenizer:
    check_copy(path if path.is_dir() else path.parent)
    return Tokenizer.load(path)


def _restore(path: Path, content: bytes, sums: RunSums) -> None:
    name = f"{path.parent.name}/{path.name}"
    there = path.read_bytes() if path.is_file() else None
    if sums.is_whole(name) and there == content:
        return
    if os.path.lexists(path) and there != content and path.name != MADE_OF:
        say(f"note: {path} is not what was written: kept as {put_aside(path).name}, and rewritten")
    sums.put(name, content)
