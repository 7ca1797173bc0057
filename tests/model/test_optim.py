"""The optimizers against steps by hand, a float64 reference of the published formulas, and torch where they agree."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.multiprocessing.spawn import spawn
from torch.optim import Optimizer

from model import optim
from model.errors import ConfigError
from model.optim import OPTIMIZERS, Adafactor, AdamWScale, clip_gradients, make_optimizer, parameter_groups, set_lr

Array = NDArray[np.float64]
SHAPES = [(6, 4), (4, 9), (5,), (1,), (3, 2)]


def weight(values: Any) -> nn.Parameter:
    return nn.Parameter(torch.tensor(values, dtype=torch.float32))


def step(optimizer: Optimizer, of: nn.Parameter, gradient: Any) -> list[Any]:
    of.grad = torch.tensor(gradient, dtype=torch.float32)
    optimizer.step()
    return of.detach().tolist()


def gradients(seed: int, number: int, scale: float = 1.0) -> list[Array]:
    random = np.random.default_rng((seed, number))
    return [scale * random.normal(size=shape) for shape in SHAPES]


def run(optimizer: Optimizer, weights: list[nn.Parameter], steps: range, scale: float = 1.0) -> list[Array]:
    """The weights after the steps; step n has the gradients of `gradients(1, n)`."""
    for number in steps:
        for one, gradient in zip(weights, gradients(1, number, scale), strict=True):
            one.grad = torch.from_numpy(gradient).to(one.dtype)
        optimizer.step()
    return [one.detach().numpy().astype(np.float64) for one in weights]


def start(dtype: torch.dtype = torch.float64) -> list[nn.Parameter]:
    return [nn.Parameter(torch.from_numpy(values).to(dtype)) for values in gradients(0, 0, 0.3)]


def rms(x: Array) -> float:
    return float(np.sqrt(np.mean(x**2)))


def adafactor_reference(x: Array, grads: Iterator[Array], lr: float, factored: bool, decay: float = 0.0) -> Array:
    """Algorithms 4 and 5 of the paper as printed, with sums where it has sums."""
    r, c, v = np.zeros((len(x), 1)), np.zeros((1, *x.shape[1:])), np.zeros_like(x)
    for t, g in enumerate(grads, start=1):
        beta = 1 - t**-0.8
        alpha = max(1e-3, rms(x)) * lr
        if factored:
            r = beta * r + (1 - beta) * (g**2 + 1e-30).sum(1, keepdims=True)
            c = beta * c + (1 - beta) * (g**2 + 1e-30).sum(0, keepdims=True)
            u = g / np.sqrt(r @ c / r.sum())
        else:
            v = beta * v + (1 - beta) * (g**2 + 1e-30)
            u = g / np.sqrt(v)
        x = x * (1 - lr * decay) - alpha * u / max(1.0, rms(u))
    return x


def adamwscale_reference(x: Array, grads: Iterator[Array], lr: float, decay: float) -> Array:
    """As in the docstring, which is what nanoT5's code does."""
    m, v = np.zeros_like(x), np.zeros_like(x)
    for t, g in enumerate(grads, start=1):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        size = lr * math.sqrt(1 - 0.999**t) / (1 - 0.9**t) * max(1e-3, rms(x))
        x = (x - size * m / (np.sqrt(v) + 1e-6)) * (1 - lr * decay)
    return x


def test_adafactors_first_two_steps_of_a_vector_by_hand() -> None:
    """At first beta is 0, so U is the sign. Then beta is 0.42565 and U (1.3146, -1.3146), clipped to the sign."""
    x = weight([3.0, 4.0])
    optimizer = Adafactor([x], lr=0.1)
    assert step(optimizer, x, [1.0, -2.0]) == pytest.approx([2.6464466, 4.3535534])  # 3.5355339 is the RMS
    rms = 3.6025974  # sqrt((2.6464466**2 + 4.3535534**2) / 2)
    assert step(optimizer, x, [10.0, -20.0]) == pytest.approx([2.6464466 - rms / 10, 4.3535534 + rms / 10])


def test_adafactors_update_is_clipped_at_another_length() -> None:
    """The first U is the sign, of RMS 1: clipped at a half it is half of it."""
    x = weight([1.0, -1.0])
    assert step(Adafactor([x], lr=0.1, clip=0.5), x, [7.0, 7.0]) == pytest.approx([0.95, -1.05])


def test_adafactors_first_step_of_a_matrix_by_hand() -> None:
    """R = (2.5, 12.5), C = (5, 10), mean 7.5, so V = (5/3, 10/3; 25/3, 50/3). U has an RMS of 0.98: no clipping."""
    x = weight([[1.0, 1.0], [1.0, 1.0]])
    after = step(Adafactor([x], lr=0.1, factored_from=2), x, [[1.0, 2.0], [3.0, 4.0]])
    assert after[0] == pytest.approx([1 - 0.1 * 0.6**0.5, 1 - 0.1 * 1.2**0.5])
    assert after[1] == pytest.approx([1 - 0.1 * 1.08**0.5, 1 - 0.1 * 0.96**0.5])


def test_a_weight_of_zeros_moves_as_if_its_rms_were_a_thousandth() -> None:
    for optimizer in (Adafactor, AdamWScale):
        x = weight([0.0, 0.0])
        assert step(optimizer([x], lr=0.1), x, [1.0, -1.0]) == pytest.approx([-1e-4, 1e-4], rel=1e-4)  # Adam's eps


@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize("factored_from", [3, 128])
def test_adafactor_is_the_papers(factored_from: int, decay: float) -> None:
    weights = start()
    after = run(Adafactor(weights, lr=0.05, weight_decay=decay, factored_from=factored_from), weights, range(20))
    for number, (shape, found) in enumerate(zip(SHAPES, after, strict=True)):
        grads = (gradients(1, n)[number] for n in range(20))
        factored = len(shape) == 2 and min(shape) >= factored_from
        expected = adafactor_reference(gradients(0, 0, 0.3)[number], grads, 0.05, factored, decay)
        np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("scale", [1e-18, 1e-7, 1e4])
def test_adafactor_in_fp32_at_any_size_of_gradients(scale: float) -> None:
    """Squares of 1e-36, which the eps outweighs, and row and column factors whose product fp32 cannot hold."""
    weights = start(torch.float32)
    after = run(Adafactor(weights, lr=0.05, factored_from=3), weights, range(5), scale)
    for number, (shape, found) in enumerate(zip(SHAPES, after, strict=True)):
        grads = (gradients(1, n, scale)[number] for n in range(5))
        expected = adafactor_reference(gradients(0, 0, 0.3)[number], grads, 0.05, len(shape) == 2 and min(shape) >= 3)
        np.testing.assert_allclose(found, expected, rtol=2e-5, atol=1e-6)


def test_adafactor_leaves_rows_without_gradient_where_they_are() -> None:
    """Most rows of an embedding have none; 0 / 0 would be their update without the eps."""
    x = nn.Parameter(torch.ones(200, 130))
    x.grad = torch.zeros(200, 130)
    x.grad[3] = 1e-3
    Adafactor([x], lr=0.01).step()
    assert torch.isfinite(x).all()
    assert torch.equal(x[[i for i in range(200) if i != 3]], torch.ones(199, 130))
    assert (x[3] < 1).all()


def test_adafactor_is_torchs_where_that_is_the_papers() -> None:
    """All matrices factored, a rate below 1 / sqrt(t), gradients far above torch's floor."""
    ours, theirs = start(torch.float32), start(torch.float32)
    found = run(Adafactor(ours, lr=0.01, factored_from=1), ours, range(30))
    expected = run(torch.optim.Adafactor(theirs, lr=0.01), theirs, range(30))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)


def test_torchs_adafactor_still_limits_the_rate() -> None:
    """Why there is one of our own: at step 5 torch makes 1 / sqrt(5) of a rate of 0.5. If this fails, look again."""
    ours, theirs = start(torch.float32), start(torch.float32)
    one, other = Adafactor(ours, lr=0.5, factored_from=1), torch.optim.Adafactor(theirs, lr=0.5)
    for found, expected in zip(run(one, ours, range(4)), run(other, theirs, range(4)), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    moved = [
        np.abs(after - before.detach().numpy()).max()
        for optimizer, weights in ((one, ours), (other, theirs))
        for before, after in [(weights[0].clone(), run(optimizer, weights, range(4, 5))[0])]
    ]
    assert moved[1] / moved[0] == pytest.approx(5**-0.5 / 0.5, rel=1e-4)


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_adamwscale_is_nanot5s(decay: float) -> None:
    weights = start()
    after = run(AdamWScale(weights, lr=0.02, weight_decay=decay), weights, range(20))
    for number, found in enumerate(after):
        grads = (gradients(1, n)[number] for n in range(20))
        expected = adamwscale_reference(gradients(0, 0, 0.3)[number], grads, 0.02, decay)
        np.testing.assert_allclose(found, expected, rtol=1e-12)


class Model(nn.Module):
    """Names as in T5."""

    def __init__(self) -> None:
        super().__init__()
        self.shared = nn.Embedding(160, 130)
        self.relative_attention_bias = nn.Embedding(32, 4)
        self.wi = nn.Linear(130, 140, bias=False)
        self.layer_norm = nn.Parameter(torch.ones(140))
        self.frozen = nn.Parameter(torch.ones(3, 3), requires_grad=False)

    def forward(self, tokens: Tensor) -> Tensor:
        hidden: Tensor = self.wi(self.shared(tokens)) * self.layer_norm
        added: Tensor = self.relative_attention_bias(tokens % 32).sum(-1, keepdim=True)
        return hidden + added


def model() -> Model:
    torch.manual_seed(0)
    return Model()


def train(module: Model, optimizer: Optimizer, steps: range) -> list[float]:
    """Losses of a least-squares problem, of other tokens in every step."""
    losses = []
    for number in steps:
        random = torch.Generator().manual_seed(number)
        tokens = torch.randint(160, (64,), generator=random)
        optimizer.zero_grad()
        loss = (module(tokens) - (tokens[:, None] % 7)).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize(("name", "lr"), [("adafactor", 0.05), ("adamw-scale", 0.05), ("adamw", 0.01)])
def test_a_least_squares_problem_is_solved(name: str, lr: float) -> None:
    module = model()
    losses = train(module, make_optimizer(name, module, lr), range(60))
    assert losses[-1] < losses[0] / 20


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_restored_optimizer_goes_on_to_the_last_bit(name: str) -> None:
    straight, resumed = model(), model()
    train(straight, make_optimizer(name, straight, 0.01, 0.1), range(6))

    first = make_optimizer(name, resumed, 0.01, 0.1)
    train(resumed, first, range(3))
    file = io.BytesIO()
    torch.save(first.state_dict(), file)
    file.seek(0)
    second = make_optimizer(name, resumed, 1.0, 0.1)
    second.load_state_dict(torch.load(file, weights_only=True))
    train(resumed, second, range(3, 6))

    for one, other in zip(straight.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("name", ["adafactor", "adamw-scale"])
def test_portions_change_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, parts = model(), model()
    train(whole, make_optimizer(name, whole, 0.01), range(3))
    monkeypatch.setattr(optim, "PORTION", 100)
    train(parts, make_optimizer(name, parts, 0.01), range(3))
    for one, other in zip(whole.parameters(), parts.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_weight_without_gradient_stays(name: str) -> None:
    module = model()
    optimizer = make_optimizer(name, module, 0.1, 0.1)
    before = module.wi.weight.clone()
    module.shared(torch.tensor([1])).sum().backward()
    optimizer.step()
    assert torch.equal(module.wi.weight, before)


def test_norms_and_bias_tables_do_not_decay_and_frozen_weights_are_left_out() -> None:
    module = model()
    decaying, others = parameter_groups(module, 0.1)
    assert {id(one) for one in decaying["params"]} == {id(module.shared.weight), id(module.wi.weight)}
    assert {id(one) for one in others["params"]} == {id(module.relative_attention_bias.weight), id(module.layer_norm)}
    assert (decaying["weight_decay"], others["weight_decay"]) == (0.1, 0.0)


def test_only_matrices_with_long_sides_are_factored() -> None:
    module = model()
    optimizer = make_optimizer("adafactor", module, 0.01)
    train(module, optimizer, range(1))
    shapes = {name: {k: tuple(v.shape) for k, v in optimizer.state[one].items()} for name, one in named(module)}
    assert shapes == {
        "shared.weight": {"row": (160, 1), "column": (1, 130)},
        "relative_attention_bias.weight": {"moment": (32, 4)},
        "wi.weight": {"row": (140, 1), "column": (1, 130)},
        "layer_norm": {"moment": (140,)},
    }


def named(module: Model) -> list[tuple[str, nn.Parameter]]:
    return [(name, one) for name, one in module.named_parameters() if one.requires_grad]


def test_the_rate_is_that_of_the_last_call() -> None:
    x, y = weight([1.0]), weight([1.0])
    optimizer = Adafactor([{"params": [x]}, {"params": [y]}], lr=0.01)
    set_lr(optimizer, 0.5)
    x.grad = y.grad = torch.ones(1)
    optimizer.step()
    assert (x.item(), y.item()) == (0.5, 0.5)


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda m: make_optimizer("adafaktor", m, 0.1), "unknown optimizer 'adafaktor'. Did you mean 'adafactor'?"),
        (lambda m: make_optimizer("adamw", m, math.nan), "the learning rate is nan, expected a number of at least 0"),
        (lambda m: make_optimizer("adamw", m, 1.0, -0.1), "the weight decay is -0.1, expected a number of at least 0"),
        (lambda m: make_optimizer("adamw", m.bfloat16(), 1.0), "the model has weights of torch.bfloat16; train fp32"),
    ],
)
def test_wrong_use_is_named(make: Callable[[Model], Optimizer], complaint: str) -> None:
    with pytest.raises(ConfigError) as raised:
        make(model())
    assert str(raised.value).startswith(complaint)


@pytest.mark.parametrize(("limit", "after"), [(1.0, [0.6, 0.0, 0.8]), (5.5, [3.0, 0.0, 4.0]), (None, [3.0, 0.0, 4.0])])
def test_gradients_are_clipped_by_their_common_norm(limit: float | None, after: list[float]) -> None:
    x, y, without = weight([1.0, 1.0]), weight([[1.0]]), weight([1.0])
    x.grad, y.grad = torch.tensor([3.0, 0.0]), torch.tensor([[4.0]])
    assert clip_gradients([x, y, without], limit).item() == 5.0
    assert [*x.grad.tolist(), y.grad.item()] == pytest.approx(after, rel=1e-6)


def test_a_norm_that_is_not_finite_is_told() -> None:
    x = weight([1.0, 1.0])
    x.grad = torch.tensor([math.inf, 1.0])
    assert clip_gradients([x], 1.0).item() == math.inf


def _train_sharded(rank: int, ranks: int, folder: str, name: str) -> None:
    """One process of a group: trains shards of the model, and writes the whole weights at the end."""
    from torch.distributed import destroy_process_group, init_process_group
    from torch.distributed.checkpoint.state_dict import StateDictOptions, get_optimizer_state_dict
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    torch.set_num_threads(1)
    os.environ["GLOO_SOCKET_IFNAME"] = "lo"
    meeting = f"file://{folder}/meeting"
    init_process_group("gloo", init_method=meeting, rank=rank, world_size=ranks)
    try:
        module = model()
        fully_shard(module, mesh=init_device_mesh("cpu", (ranks,)))
        optimizer = make_optimizer(name, module, 0.01, 0.1)
        train(module, optimizer, range(3))
        norm = clip_gradients(module.parameters(), 1.0)
        weights = {key: value.full_tensor() for key, value in module.state_dict().items() if "frozen" not in key}
        options = StateDictOptions(full_state_dict=True)
        states = get_optimizer_state_dict(module, optimizer, options=options)["state"]
        if rank == 0:
            torch.save({"weights": weights, "norm": norm, "states": states}, Path(folder) / "out.pt")
    finally:
        destroy_process_group()


@pytest.mark.soak
@pytest.mark.parametrize("name", ["adafactor", "adamw-scale"])
def test_shards_are_trained_like_the_whole(name: str, tmp_path: Path) -> None:
    """FSDP2 over three processes, into which 160, 140 and 32 rows do not go evenly: the RMS of a shard would show."""
    spawn(_train_sharded, (3, str(tmp_path), name), nprocs=3)
    sharded = torch.load(tmp_path / "out.pt", weights_only=True)

    module = model()
    optimizer = make_optimizer(name, module, 0.01, 0.1)
    train(module, optimizer, range(3))
    norm = clip_gradients(module.parameters(), 1.0)
    assert sharded["norm"].item() == pytest.approx(norm.item(), rel=1e-5)
    for key, one in named(module):
        torch.testing.assert_close(sharded["weights"][key], one.detach(), rtol=1e-5, atol=1e-7)
        for kind, state in optimizer.state[one].items():
            torch.testing.assert_close(sharded["states"][key][kind], state, rtol=1e-4, atol=1e-9)
