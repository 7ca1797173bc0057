"""The initial weights of a T5."""

from __future__ import annotations

from model.config import ModelConfig

ADAPTER = "Adapter"  # the module's name in names of weights
# Std of what its second matrix adds, at any width: next to nothing at first, after Houlsby et al. 2019, section 3.6.
# With exactly zero, Adafactor, whose steps are shares of a weight's size, would use its minimum size.
ADAPTER_STD = 5e-3


def initial_std(name: str, c: ModelConfig) -> float | None:
    """Standard deviation of the weight of that name, or None for a norm, whose weights start at 1.

    As in Mesh TensorFlow and t5x, but plain normal where they truncate the tails. transformers differs in one: it uses
    1 for an untied head, too, with which the first loss is near 60 instead of ln V (62.5 and 9.5 at D 256, V 8192).
    """
    if f".{ADAPTER}.wo." in name:
        return float(ADAPTER_STD * c.adapter**-0.5)
    match name.split(".")[-2]:
        case "layer_norm" | "final_layer_norm":
            return None
        case "shared":
            return 1.0
        case "q":
            return float((c.d_model * c.d_kv) ** -0.5)
        case "o":
            return float(c.inner**-0.5)
        case "wo":
            return float(c.d_ff**-0.5)
        case _:  # k, v, wi, wi_0, wi_1, relative_attention_bias, lm_head
            return float(c.d_model**-0.5)
