"""Tensors whose rows lie with several processes (FSDP2). torch takes 0.75 s of CPU to load what makes them, which only
`--parallel fsdp` does: so it is loaded by that alone."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any, cast

import torch
from torch import Tensor, nn


def is_spread(value: object) -> bool:
    """Whether it is such a tensor (a DTensor)."""
    loaded = sys.modules.get("torch.distributed.tensor")
    return loaded is not None and isinstance(value, loaded.DTensor)


def gathered(value: Tensor) -> Tensor:
    """The whole tensor, whether it was spread or not. All processes are to call it for one that was."""
    return cast("Tensor", value.full_tensor()) if is_spread(value) else value  # type: ignore[attr-defined]


def spread_like(weight: Any, value: Tensor) -> Tensor:
    """A whole tensor, spread as a weight is that was spread; one with other rows is whole everywhere."""
    from torch.distributed.tensor import Replicate, distribute_tensor

    placements = weight.placements if value.shape[0] == weight.shape[0] else [Replicate()] * weight.device_mesh.ndim
    # All processes have it: none needs to be told.
    return distribute_tensor(value.to(weight.device), weight.device_mesh, placements, src_data_rank=None)


def spread_modules(modules: Iterable[nn.Module], device: torch.device, ranks: int) -> None:
    """Spreads the weights of modules over all processes, in the order given: what lies in another one before it."""
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    mesh = init_device_mesh(device.type, (ranks,))
    for module in modules:
        fully_shard(module, mesh=mesh)
