"""How a command of the trainer ends: like every other command, plus a message if the device runs out of memory."""

from __future__ import annotations

import os
from collections.abc import Callable

import torch

from c4pipe.command import run_command
from model.errors import TrainError


def run_model(name: str, work: Callable[[], int], interrupted: str = "interrupted.", *, shows: bool = False) -> int:
    """`run_command` for work that may be one of several processes, of which only the first prints."""

    def on_device() -> int:
        try:
            return work()
        except torch.OutOfMemoryError as error:
            less = "a smaller --batch, or --accumulate 2 in training, needs less"
            raise TrainError(f"out of memory on the device: {less}. {error}") from error

    others = os.environ.get("WORLD_SIZE", "1") != "1" and os.environ.get("RANK", "").lstrip("0").isdigit()
    return run_command(name, on_device, interrupted, shows=shows, silent=others)
