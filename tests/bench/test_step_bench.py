"""bench.step: the products match the counted ones, and packed rows and the lower bound are included."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
import torch

from bench.products import Product, forward_products, make_products
from bench.step import CPU, main
from model.config import SIZES, find_size
from model.cost import flops


@pytest.mark.parametrize("size", SIZES)
def test_the_products_are_all_that_a_step_counts(size: str) -> None:
    config = find_size(size)
    products = forward_products(config, 3, 512, 114)
    assert 3 * sum(one.flops for one in products) == 3 * flops(config, 512, 114)


def test_each_product_and_both_gradients_are_done(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[tuple[int, ...]] = []
    multiply = torch.matmul

    def noted(a: torch.Tensor, b: torch.Tensor, *, out: torch.Tensor) -> None:
        done.append((*a.shape, b.shape[-1]))
        multiply(a, b, out=out)

    monkeypatch.setattr(torch, "matmul", noted)
    monkeypatch.setattr("bench.products.HAS_ONEDNN", False)
    make_products([Product(1, 5, 3, 4, 2), Product(6, 5, 3, 4)], torch.device("cpu"), torch.float32)()
    assert done == [*[(5, 3, 4), (5, 4, 3), (4, 5, 3)] * 2, (6, 5, 3, 4), (6, 5, 4, 3), (6, 4, 5, 3)]


def test_a_run_with_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.step.CPU", dataclasses.replace(CPU, d_model=16, d_ff=16, heads=2, d_kv=8, vocab=128))
    words = ["--variants", "products,ours,hf-sdpa", "--rounds", "2", "--batch", "2", "--inputs", "16", "--targets", "8"]
    main([*words, "--device", "cpu", "--output", str(tmp_path / "step.json")])
    found = json.loads((tmp_path / "step.json").read_text())
    assert {*found["variants"]} == {"products", "ours", "hf-sdpa"}
    assert found["variants"]["products"]["times_faster_than"]["ours"]["wall_min"] > 1
    assert {*found["first_loss"]} == {"ours", "hf-sdpa"}
