"""Options of the trainer and related commands without effect are refused."""

from __future__ import annotations

import pytest

from model.arguments import parse_generate, parse_train
from model.errors import ConfigError


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--floor 1e-5", "--floor has no effect: only cosine and linear have a final rate"),
        ("--floor 1e-5 --schedule constant", "--floor has no effect"),
        ("--tokenizer x --vocab-size 100", "--vocab-size has no effect"),
        ("--init-from x --vocab-size 100", "--vocab-size has no effect"),
    ],
)
def test_training(options: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse_train(["--data", "x", "--run", "y", *options.split()])


@pytest.mark.parametrize("option", ["--temperature 1.0", "--top-k 0", "--top-p 1", "--seed 0"])
def test_drawing(option: str) -> None:
    """Whether it was given counts, and not whether it is the default."""
    with pytest.raises(ConfigError, match=r"has no effect: it applies to sampling. Leave it out, or add --sample"):
        parse_generate(["--run", "x", *option.split(), "text"])
    assert parse_generate(["--run", "x", "--sample", *option.split(), "text"]).how.sample
    assert not parse_generate(["--run", "x", "text"]).how.sample
