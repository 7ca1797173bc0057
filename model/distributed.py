"""One process or many: the rank of this one, values gathered from all, and how a model is spread over them.

`torchrun --nproc_per_node N -m model.train ...` starts N processes, each with a share of every batch. With DDP each has
the whole model; with FSDP2 each has a part of every weight, and a block's weights are gathered when needed.
"""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim import Optimizer

from c4pipe.mixture import derive_key
from c4pipe.text import many
from model.bias import RelativeBias
from model.config import ModelConfig
from model.errors import ConfigError
from model.initial import initial_std
from model.spread import gathered, is_spread, spread_like, spread_modules
from model.stack import Block
from model.t5 import T5

LOOPBACKS = {"lo", "lo0"}  # names of the interface on Linux and macOS
JOIN_TIMEOUT = timedelta(hours=2)  # for the others, while the first process reads a corpus and trains a tokenizer


@dataclass(frozen=True)
class ProcessGroup:
    """The processes of a run, and the rank of this one."""

    device: torch.device
    rank: int = 0
    ranks: int = 1

    @property
    def first(self) -> bool:
        """Whether this process prints and writes for all."""
        return self.rank == 0

    def total(self, numbers: Tensor) -> Tensor:
        """The sum over all processes, in place."""
        if self.ranks > 1:
            dist.all_reduce(numbers)
        return numbers

    def gathered(self, value: Any) -> list[Any]:
        """The values of all processes, by rank."""
        found: list[Any] = [value] * self.ranks
        if self.ranks > 1:
            dist.all_gather_object(found, value)
        return found

    def wait(self) -> None:
        """Waits until all processes are here."""
        if self.ranks > 1:
            dist.barrier()


def find_device(name: str) -> torch.device:
    """The device of that name; `cuda` is one GPU per process. ConfigError if it does not exist."""
    if not re.fullmatch(r"cpu|cuda(:\d{1,4})?", name, re.ASCII):
        raise ConfigError(f"--device {name}: expected cpu, cuda, or one GPU by its number, such as cuda:1")
    if name == "cpu":
        return torch.device(name)
    if not torch.cuda.is_available():
        raise ConfigError(f"--device {name}: this machine or this torch has no CUDA. Use --device cpu.")
    there, number = torch.cuda.device_count(), name.partition(":")[2]
    wanted = int(number) + 1 if number else _variable("LOCAL_WORLD_SIZE", 1)  # each process reports a missing GPU
    if wanted > there:
        raise ConfigError(f"--device {name}: {many(there, 'GPU')} found, but {wanted} needed. Use fewer processes.")
    return torch.device("cuda", int(number or _variable("LOCAL_RANK", 0)))


def count_ranks() -> int:
    """The number of processes that train together. ConfigError if the variables set by torchrun are incomplete."""
    ranks = _variable("WORLD_SIZE", 1)
    if ranks > 1:
        for name in ("RANK", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT"):
            if not os.environ.get(name):
                raise ConfigError(f"WORLD_SIZE is {ranks}, but {name} is not set. {_TORCHRUN}")
        if not (0 <= _variable("RANK", 0) < ranks and 0 <= _variable("LOCAL_RANK", 0) < ranks):
            raise ConfigError(f"RANK or LOCAL_RANK is not one of 0 to {ranks - 1}. {_TORCHRUN}")
        if not 0 < _variable("MASTER_PORT", 1) < 1 << 16:
            raise ConfigError(f"MASTER_PORT is {os.environ['MASTER_PORT']}, expected 1 to 65535. {_TORCHRUN}")
    return ranks


_TORCHRUN = "Start several processes with torchrun; for a single one, unset WORLD_SIZE."


def _variable(name: str, otherwise: int) -> int:
    text = os.environ.get(name) or str(otherwise)
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise ConfigError(f"{name} is {text!r}, expected a whole number. {_TORCHRUN}")
    return int(text)


@contextmanager
def process_group(device: str) -> Iterator[ProcessGroup]:
    """The group started by torchrun, or this process alone. Errors as from `find_device` and `count_ranks`."""
    found, ranks = find_device(device), count_ranks()
    if found.type == "cuda":
        torch.cuda.set_device(found)
        torch.set_float32_matmul_precision("high")  # TF32 for operations that autocast leaves in fp32
    if ranks == 1:
        yield ProcessGroup(found)
        return
    _stay_on_this_machine()
    dist.init_process_group("nccl" if found.type == "cuda" else "gloo", timeout=JOIN_TIMEOUT)
    try:
        yield ProcessGroup(found, dist.get_rank(), ranks)
    finally:
        dist.destroy_process_group()


def _stay_on_this_machine() -> None:
    """If all processes run on this machine, binds them to loopback. Existing settings stay.

    By default gloo and nccl listen on the address of the machine's name, and trust every caller.
    """
    if os.environ.get("LOCAL_WORLD_SIZE") == os.environ.get("WORLD_SIZE"):
        for name in {name for _, name in socket.if_nameindex()} & LOOPBACKS:
            os.environ.setdefault("GLOO_SOCKET_IFNAME", name)
            os.environ.setdefault("NCCL_SOCKET_IFNAME", name)


def make_model(config: ModelConfig, z_loss: float, group: ProcessGroup, sharded: bool) -> T5:
    """A T5 on the device of this process, or its part of one; weights have no values yet.

    It is first made without memory, so that no process ever holds the whole of a sharded model.
    """
    with torch.device("meta"):
        model = T5(config, z_loss)
    if sharded:
        if config.architecture == "shared":
            raise ConfigError("--parallel fsdp cannot spread blocks that encoder and decoder share: use ddp")
        # The bias table is used before its block.
        parts = [module for kind in (RelativeBias, Block) for module in model.modules() if isinstance(module, kind)]
        spread_modules([*parts, model], group.device, group.ranks)
    return model.to_empty(device=group.device)


def initial_weights(model: T5, seed: int) -> Iterator[tuple[str, Tensor]]:
    """Initial values of every weight, drawn by its name: the same on any device and for any number of processes."""
    for name, weight in model.named_parameters():
        std = initial_std(name, model.config)
        drawn = torch.ones(weight.shape)
        if std:
            generator = torch.Generator().manual_seed(derive_key(seed, "weights", name))
            drawn.normal_(0.0, std, generator=generator)
        yield name, drawn


@torch.no_grad()
def fill(model: T5, weights: Iterable[tuple[str, Tensor]]) -> None:
    """Sets weights from unsharded values, wherever they are stored."""
    own = dict(model.named_parameters(remove_duplicate=False))
    for name, value in weights:
        own[name].copy_(like(own[name], value))


def like(weight: Tensor, value: Tensor) -> Tensor:
    """An unsharded tensor that belongs to a weight, sharded like it; one with other rows is copied to all processes."""
    if not is_spread(weight) or not value.dim():
        return value.to(weight.device)
    return spread_like(weight, value)


def full_tensors(value: Any) -> Any:
    """The same with every tensor gathered on the CPU; all processes must call it."""
    match value:
        case Tensor():
            return gathered(value).detach().cpu()
        case Mapping():
            return {key: full_tensors(one) for key, one in value.items()}
        case list() | tuple():
            return type(value)(map(full_tensors, value))
        case _:
            return value


def restore_optimizer(optimizer: Optimizer, saved: Mapping[str, Any]) -> None:
    """Loads an optimizer state made by `full_tensors`.

    Names are interned as in new states, since pickled files record whether equal names are the same object.
    """
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    state = {
        number: {
            sys.intern(name): like(weights[number], one) if isinstance(one, Tensor) and one.dim() else one
            for name, one in values.items()
        }
        for number, values in saved["state"].items()
    }
    optimizer.load_state_dict({**saved, "state": state})


def replicated(model: T5, group: ProcessGroup) -> nn.Module:
    """The model for training by several processes that each hold all of it."""
    if group.ranks == 1:
        return model
    devices = [group.device] if group.device.type == "cuda" else None
    return DistributedDataParallel(model, devices, gradient_as_bucket_view=True)
