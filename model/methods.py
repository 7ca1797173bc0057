"""Which weights a fine-tuning changes: all, adapters, or layer after layer from the top. The paper's section 3.5.1.

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
    """`adapters`: only adapters of that width and norms are trained. `gradual`: gradual unfreezing, of both stacks at
    once: the steps are as many episodes as a stack has layers, and in episode n its n highest layers are trained. What
    is in no layer, the embedding and the head and the last norms, is trained throughout.
    """

    name: str = "all"
    width: int = 0  # of the adapters

    def __post_init__(self) -> None:
        if self.name not in METHODS:
            raise unknown("method", self.name, METHODS)
        if self.name == "adapters" and self.width < 1:
            raise ConfigError("--method adapters needs --adapter-width D: the paper has 32, 128, 512 and 2048")
        if self.name != "adapters" and self.width:
            raise ConfigError(f"--adapter-width {self.width} applies to --method adapters: leave one of the two out")

    def trains(self, config: ModelConfig, step: int, steps: int) -> Callable[[str], bool]:
        """Which weights, by name, step 1 to `steps` changes."""
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
        """Before an optimizer is made: weights that no step trains ask for no gradient."""
        if self.name == "adapters":
            for name, weight in model.named_parameters():
                weight.requires_grad_(_small(name))

    def freeze(self, model: nn.Module, config: ModelConfig, step: int, steps: int) -> None:
        """After the gradients are there: takes those away that this step does not train with."""
        if self.name != "gradual":
            return
        trained = self.trains(config, step, steps)
        for name, weight in model.named_parameters():
            if not trained(name):
                weight.grad = None


def _small(name: str) -> bool:
    """Whether a weight is of an adapter, whose own norm is the last of its block, or of a norm."""
    return f".{ADAPTER}." in name or name.endswith("layer_norm.weight")
