"""The folder of a run: what lies in it, who may write there, and where a run goes on.

RUN/config.json  metrics.csv  eval.csv  samples.txt  loss.svg  tokenizer/  tensorboard/
RUN/checkpoints/step-00000500/      see `model.checkpoint`
RUN/sums.json                       shards that were read and found good, see `c4pipe.shards.sums`
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Any

import torch

from c4pipe.mixture import quotas
from c4pipe.shards import to_json
from model import checkpoint
from model.checkpoint import Checkpoint, latest
from model.config import ModelConfig
from model.corpus import Entry
from model.errors import ConfigError, TrainError
from model.order import shuffled_texts
from model.pretrained import check_weights
from model.settings import TrainSettings
from model.t5 import T5
from model.tokens import Tokenizer, train_tokenizer

RUN_CONFIG, METRICS, EVALS, SAMPLES = "config.json", "metrics.csv", "eval.csv", "samples.txt"
CURVE, TOKENIZER_FOLDER, TENSORBOARD, SHARD_SUMS, LOCK_FILE = (
    "loss.svg",
    "tokenizer",
    "tensorboard",
    "sums.json",
    ".lock",
)

TOKENIZER_DOCUMENTS = 200_000  # that a tokenizer is trained on: some million lines, of which it takes a sample


@contextmanager
def held(run: Path) -> Iterator[None]:
    """The folder, made if need be, for this process alone. ConfigError if another one trains there.

    The kernel's own lock: it ends with the process that holds it, however that ends.
    """
    try:
        run.mkdir(parents=True, exist_ok=True)
        lock = (run / LOCK_FILE).open("w")
    except OSError as error:
        raise ConfigError(f"--run {run} cannot be written: {error.strerror or error}.") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(f"--run {run} is being written by another training. Wait for it.") from None
        yield


def find_start(settings: TrainSettings, say: Callable[[str], None]) -> Path | None:
    """The checkpoint to go on from; None for a new run. `say` hears of checkpoints that are passed over.

    ConfigError where the folder and `--resume` do not go together; TrainError if every checkpoint is damaged.
    """
    run = settings.run
    there = sorted((run / checkpoint.FOLDER).glob("step-*"))
    if settings.resume == "none":
        if there or (run / METRICS).exists():
            raise ConfigError(f"{run} holds a run: go on with it by --resume auto, or name another folder")
        return None
    if settings.resume == "auto":
        found, notes = latest(run)
        if there and found is None:
            raise TrainError(f"{run} has no good checkpoint: {'; '.join(notes)}. Start anew in another folder.")
        for note in notes:
            say(f"note: {note}")
        return found
    chosen = Path(settings.resume)
    if not chosen.is_dir():
        return chosen  # reading it says what is wrong
    later = [path for path in there if path.name > chosen.name and path.resolve() != chosen.resolve()]
    if later:
        names = ", ".join(path.name for path in later)
        raise ConfigError(f"{run} has checkpoints later than {chosen}: {names}. Remove them, or take another --run.")
    return chosen


def make_tokenizer(settings: TrainSettings, entries: Sequence[Entry], folder: Path) -> None:
    """Puts a tokenizer into a folder: the one that was named, that of the pre-trained model, or a new one.

    A new one is trained on documents of each entry in the proportions of the mixture.
    """
    named = settings.tokenizer or settings.init_from
    if settings.resume not in ("auto", "none") and not named:
        named = Path(settings.resume)
    if named:
        Tokenizer.load(named).save(folder)
        return
    counts = {entry.name: entry.documents for entry in entries}
    wanted = min(TOKENIZER_DOCUMENTS, sum(counts.values()))
    share = quotas(counts, settings.rates(counts), wanted, max_epochs=1)
    texts = (islice(shuffled_texts(entry, settings.seed), share[entry.name]) for entry in entries)
    train_tokenizer(chain.from_iterable(texts), folder, settings.vocab_size, seed=settings.seed)


def open_tokenizer(settings: TrainSettings, entries: Sequence[Entry], say: Callable[[str], None]) -> Tokenizer:
    """The run's tokenizer, made first if it has none. ConfigError if another one is named than it has."""
    folder = settings.run / TOKENIZER_FOLDER
    if not (folder / "spiece.model").exists():
        say(f"making the tokenizer {folder}")
        make_tokenizer(settings, entries, folder)
    tokenizer = Tokenizer.load(folder)
    if settings.tokenizer and Tokenizer.load(settings.tokenizer).fingerprint != tokenizer.fingerprint:
        raise ConfigError(f"{folder} is another tokenizer than --tokenizer {settings.tokenizer}. Take another --run.")
    return tokenizer


def write_config(settings: TrainSettings, config: ModelConfig, entries: Sequence[Entry], tokenizer: str) -> None:
    """`config.json`: all that the run depends on."""
    data = {entry.name: {"documents": entry.documents, "sha256": entry.digest} for entry in entries}
    found: dict[str, Any] = {"settings": settings.to_json(), "model": config.to_hf(), "data": data}
    draft = settings.run / f"{RUN_CONFIG}.tmp"
    draft.write_bytes(to_json(found | {"tokenizer": tokenizer}))
    draft.replace(settings.run / RUN_CONFIG)


def read_settings(run: Path) -> TrainSettings:
    """The settings that a run was last started with."""
    try:
        return TrainSettings.from_json(json.loads((run / RUN_CONFIG).read_bytes())["settings"])
    except FileNotFoundError:
        raise ConfigError(f"{run} holds no run: it has no {RUN_CONFIG}. Train one: python -m model.train") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainError(
            f"{run / RUN_CONFIG} is damaged ({error!r}). The checkpoints beside it may be whole."
        ) from None


def open_checkpoint(run: Path, chosen: Path | None, device: torch.device) -> tuple[Path, T5, Tokenizer]:
    """A model in eval mode with its tokenizer: of the chosen checkpoint, or of the newest good one of a run."""
    folder = chosen or latest(run)[0]
    if folder is None:
        raise ConfigError(f"{run} has no good checkpoint. Train one: python -m model.train --run {run}")
    found: Checkpoint = checkpoint.load_checkpoint(folder)
    with torch.device("meta"):
        model = T5(ModelConfig.from_hf(found.config))
    check_weights(found.weights, model.state_dict(), folder)
    model.load_state_dict(found.weights, assign=True)
    return folder, model.to(device).eval(), Tokenizer.load(folder)
