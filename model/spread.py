"""Tensors whose rows are sharded over several processes (FSDP2). Loading torch's code for them takes 0.75 s of CPU, and
only `--parallel fsdp` needs it, so it is loaded only then.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any, cast

import torch
from torch import Tensor, nn


def is_spread(value: object) -> bool:
    """Whether it is a sharded tensor (a DTensor)."""
    loaded = sys.modules.get("torch.distributed.tensor")
    return loaded is not None and isinstance(value, loaded.DTensor)


def gathered(value: Tensor) -> Tensor:
    """The whole tensor, sharded or not. For a sharded one, all processes must call it."""
    return cast("Tensor", value.full_tensor()) if is_spread(value) else value  # type: ignore[attr-defined]


def spread_like(weight: Any, value: Tensor) -> Tensor:
    """A whole tensor, sharded like a sharded weight; one with other rows is replicated."""
    from torch.distributed.tensor import Replicate, distribute_tensor

    placements = weight.placements if value.shape[0] == weight.shape[0] else [Replicate()] * weight.device_mesh.ndim
    # All processes have it, so no communication is needed.
    return distribute_tensor(value.to(weight.device), weight.device_mesh, placements, src_data_rank=None)


def spread_modules(modules: Iterable[nn.Module], device: torch.device, ranks: int) -> None:
    """Shards the weights of modules over all processes in the given order: inner modules before outer ones."""
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    mesh = init_device_mesh(device.type, (ranks,))
    for module in modules:
        fully_shard(module, mesh=mesh)
