"""Which weights a fine-tuning changes: all, adapters, or layer by layer from the top. The paper's section 3.5.1.

A method is a value; which weights it trains at a step is a function of their names, the step and the number of steps.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from model.config import ModelConfig
from model.errors import ConfigError, unknown
from model.initial import ADAPTER

METHODS = ("all", "adapters", "gradual")
_BLOCK = re.compile(r"(encoder|decoder)\.block\.(\d+)\.")


@dataclass(frozen=True)
class Method:
    """`adapters`: only adapters of that width, and norms, are trained. `gradual`: gradual unfreezing in both stacks at
    once: the steps are split into as many episodes as a stack has layers, and episode n trains its n highest layers.
    Weights outside layers (embedding, head, last norms) are trained throughout.
    """

    name: str = "all"
    width: int = 0  # width of the adapters

    def __post_init__(self) -> None:
        if self.name not in METHODS:
            raise unknown("method", self.name, METHODS)
        if self.name == "adapters" and self.width < 1:
            raise ConfigError("--method adapters needs --adapter-width D: the paper has 32, 128, 512 and 2048")
        if self.name != "adapters" and self.width:
            raise ConfigError(f"--adapter-width {self.width} applies to --method adapters: leave one of the two out")

    def trains(self, config: ModelConfig, step: int, steps: int) -> Callable[[str], bool]:
        """The weights, by name, that a step from 1 to `steps` changes."""
        if self.name == "adapters":
            return _small
        if self.name == "gradual":
            layers = {"encoder": config.layers, "decoder": config.decoder_layers}
            episodes = max(layers.values())
            episode = min((step - 1) * episodes // steps + 1, episodes)

            def unfrozen(name: str) -> bool:
                match = _BLOCK.match(name)
                if not match:
                    return True
                count = layers[match[1]]
                return int(match[2]) >= count - -(-episode * count // episodes)

            return unfrozen
        return lambda _: True

    def prepare(self, model: nn.Module) -> None:
        """Call before making an optimizer: turns off gradients of weights that no step trains."""
        if self.name == "adapters":
            for name, weight in model.named_parameters():
                weight.requires_grad_(_small(name))

    def freeze(self, model: nn.Module, config: ModelConfig, step: int, steps: int) -> None:
        """Call after the backward pass: removes gradients of weights that this step does not train."""
        if self.name != "gradual":
            return
        trained = self.trains(config, step, steps)
        for name, weight in model.named_parameters():
            if not trained(name):
                weight.grad = None


def _small(name: str) -> bool:
    """Whether a weight belongs to a norm or an adapter, whose norm is the last of its block."""
    return f".{ADAPTER}." in name or name.endswith("layer_norm.weight")
