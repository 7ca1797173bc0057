"""The valid range of each setting of the trainer, as a table. `model.settings` checks combinations."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, get_args

from model.config import Architecture
from model.errors import ConfigError, unknown
from model.optim import OPTIMIZERS
from model.tokens import MOST_SENTINELS

CHOICES: dict[str, Collection[str | None]] = {
    "precision": ("fp32", "bf16"),
    "parallel": ("ddp", "fsdp"),
    "optimizer": OPTIMIZERS,
    "architecture": (None, *get_args(Architecture)),  # None: that of the size
}
INT32 = 2**31 - 1  # the largest array index
EXACT = 2**53  # rates are computed in floating point
MOST_WIDTH = 2**16  # of adapters: wider than the feed-forward layers of T5 11B
MOST_FP32 = 1e38  # about the largest fp32 number

# Setting -> (least, most), both in the range.
RANGES: dict[str, tuple[float, float]] = {
    **dict.fromkeys(("batch", "inputs", "accumulate", "eval_documents", "eval_examples", "keep"), (1, INT32)),
    **dict.fromkeys(("workers", "samples"), (0, INT32)),
    **dict.fromkeys(("steps", "eval_every", "save_every", "log_every"), (1, EXACT)),
    "adapter_width": (0, MOST_WIDTH),
    "keep_every": (0, EXACT),
    "seed": (0, 2**64 - 1),  # half of a Philox key
    "vocab_size": (1, 1_000_000),  # sentencepiece's initial number of pieces
    "sentinels": (1, MOST_SENTINELS),
    **dict.fromkeys(("z_loss", "weight_decay"), (0.0, MOST_FP32)),
}


def check_ranges(settings: Mapping[str, Any]) -> None:
    """ConfigError for the first setting, by name, that has a value out of its range. NaN is always out of range."""
    for name, (least, most) in RANGES.items():
        value = settings[name]
        if not least <= value <= most:
            whole = f"{least} to {most:,}" if isinstance(most, int) else "a finite number of 0 or more"
            expected = f"{least} or more" if value < least else whole
            raise ConfigError(f"--{name.replace('_', '-')} {value}: expected {expected}")
    for name, known in CHOICES.items():
        if settings[name] not in known:
            raise unknown(name, settings[name], [one for one in known if one])
    if settings["first_tokens"] is not None and not 1 <= settings["first_tokens"] <= EXACT:
        raise ConfigError(f"--first-tokens {settings['first_tokens']}: expected 1 or more")
    if settings["layers"] is not None and not 1 <= settings["layers"] <= INT32:
        raise ConfigError(f"--layers {settings['layers']}: expected 1 or more")
    if not 0 <= settings["held_out"] <= 0.5:
        raise ConfigError(f"--held-out {settings['held_out']:g}: expected a share such as 1%, of at most one half")
    if (clip := settings["clip"]) is not None and not 0 < clip <= MOST_FP32:
        raise ConfigError(f"--clip {clip}: expected a norm above 0; leave it out for no limit")
    if (dropout := settings["dropout"]) is not None and not 0 <= dropout < 1:
        raise ConfigError(f"--dropout {dropout}: expected a share of 0 to below 1")
