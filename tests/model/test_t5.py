"""transformers' T5ForConditionalGeneration, in fp32 and on random weights, is the judge of ours."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from model import t5
from model.bias import RelativeBias, bucket_edges
from model.config import ModelConfig, find_size
from model.ids import IGNORED, PAD
from model.t5 import T5, Output, padding

V11 = dataclasses.replace(
    find_size("tiny"), d_model=48, d_ff=80, heads=3, d_kv=16, layers=2, decoder_layers=3, vocab=256
)
V10 = dataclasses.replace(V11, feed_forward="relu", tied=True)
MODELS = pytest.mark.parametrize("config", [V10, V11], ids=["1.0", "1.1"])
ARCHITECTURES = ["encoder-decoder", "shared", "decoder-lm", "prefix-lm"]
COPIES = {"encoder.embed_tokens.weight", "decoder.embed_tokens.weight"}  # of shared.weight

# The largest relative errors measured were 6e-7 of the logits and 2e-6 of a gradient's norm.
NEAR = 5e-6


def model_of(config: ModelConfig, seed: int = 0, **settings: Any) -> T5:
    torch.manual_seed(seed)
    return T5(config, **settings)


def judge_of(model: T5) -> nn.Module:
    """transformers' model with our weights. It ties its head whatever its config says, so an untied one is new."""
    config = transformers.T5Config(**model.config.to_hf())
    config._attn_implementation = "eager"
    judge = transformers.T5ForConditionalGeneration(config)
    if not model.config.tied:
        judge.lm_head.weight = nn.Parameter(torch.empty_like(judge.shared.weight))
    missing, unexpected = judge.load_state_dict(model.state_dict(), strict=False)
    assert set(missing) == COPIES | ({"lm_head.weight"} if model.config.tied else set())
    assert unexpected == []
    return judge.eval()


def batch_of(rows: int, inputs: int, targets: int, vocab: int = 256) -> tuple[Tensor, Tensor]:
    draw = torch.Generator().manual_seed(rows + inputs + targets)
    return (
        torch.randint(2, vocab, (rows, inputs), generator=draw),
        torch.randint(2, vocab, (rows, targets), generator=draw),
    )


def padded_batch() -> tuple[Tensor, Tensor]:
    """Rows of 150, 100 and 1 inputs, and of 37, 20 and 1 targets."""
    inputs, targets = batch_of(3, 150, 37)
    inputs[1, 100:] = inputs[2, 1:] = PAD
    targets[1, 20:] = targets[2, 1:] = IGNORED
    return inputs, targets


def error(ours: Tensor, theirs: Tensor) -> float:
    return float(((ours - theirs).norm() / theirs.norm()).detach())


def value(x: Tensor) -> float:
    return x.item()


def mean(out: Output) -> Tensor:
    return out.loss / out.tokens


@MODELS
@pytest.mark.parametrize("shape", [(2, 150, 37), (1, 1, 1), (3, 7, 13), (2, 13, 140)])
def test_logits_loss_and_all_gradients(config: ModelConfig, shape: tuple[int, int, int]) -> None:
    model = model_of(config)
    judge = judge_of(model)
    inputs, targets = batch_of(*shape)
    ours, theirs = model(inputs, targets, with_logits=True), judge(input_ids=inputs, labels=targets)
    assert error(ours.logits, theirs.logits) < NEAR
    assert mean(ours).item() == pytest.approx(theirs.loss.item(), rel=1e-6)
    assert int(ours.tokens) == targets.numel()
    mean(ours).backward()
    theirs.loss.backward()
    gradients = {name: weight.grad for name, weight in judge.named_parameters()}
    for name, weight in model.named_parameters():
        if gradients[name].norm() > 1e-6:  # a single key leaves queries and biases none but noise
            assert error(weight.grad, gradients[name]) < NEAR, name


@MODELS
def test_padding_and_ignored_labels(config: ModelConfig) -> None:
    model = model_of(config)
    judge = judge_of(model)
    inputs, targets = padded_batch()
    ours = model(inputs, targets, padding(inputs), with_logits=True)
    theirs = judge(input_ids=inputs, attention_mask=padding(inputs), labels=targets)
    assert int(ours.tokens) == 58
    assert mean(ours).item() == pytest.approx(theirs.loss.item(), rel=1e-6)
    assert error(ours.logits, theirs.logits) < NEAR
    mean(ours).backward()
    theirs.loss.backward()
    gradients = {name: weight.grad for name, weight in judge.named_parameters()}
    assert max(error(weight.grad, gradients[name]) for name, weight in model.named_parameters()) < NEAR


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("buckets", "longest"), [(32, 128), (32, 256), (16, 64), (8, 20)])
def test_buckets_of_all_distances_to_600(causal: bool, buckets: int, longest: int) -> None:
    distance = torch.arange(-600, 601)
    bias = RelativeBias(dataclasses.replace(V11, buckets=buckets, max_distance=longest))
    theirs = transformers.models.t5.modeling_t5.T5Attention._relative_position_bucket(
        distance, not causal, buckets, longest
    )
    assert torch.equal(bias.bucket(distance, causal), theirs)


def test_edges_of_the_buckets() -> None:
    """Where transformers' logarithms put them at 32 buckets up to 128, one direction of the encoder and the decoder."""
    assert bucket_edges(16, 128) == (12, 16, 23, 32, 46, 64, 91)
    assert bucket_edges(32, 128) == (19, 21, 24, 27, 31, 35, 40, 46, 52, 59, 67, 77, 87, 99, 113)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("queries", "keys"), [(1, 1), (1, 9), (9, 9), (150, 150), (4, 200)])
def test_the_bias_by_distance_is_that_by_pair(causal: bool, queries: int, keys: int) -> None:
    bias = RelativeBias(V11)
    nn.init.normal_(bias.weight)
    distance = torch.arange(keys)[None] - torch.arange(keys - queries, keys)[:, None]
    pairs = bias.weight[bias.bucket(distance, causal)].permute(2, 0, 1)[None]
    assert torch.equal(bias(queries, keys, causal), pairs)


@MODELS
def test_weights_are_those_of_transformers_both_ways(config: ModelConfig) -> None:
    model = model_of(config)
    theirs = judge_of(model).state_dict()
    kept = {name: tensor + 1 for name, tensor in theirs.items() if name not in COPIES}
    if config.tied:
        del kept["lm_head.weight"]
    model.load_state_dict(kept, strict=True)
    assert all(torch.equal(tensor, kept[name]) for name, tensor in model.state_dict().items())


@MODELS
def test_transformers_loads_what_we_save(config: ModelConfig, tmp_path: Path) -> None:
    model = model_of(config)
    save_file(model.state_dict(), tmp_path / "model.safetensors", {"format": "pt"})
    (tmp_path / "config.json").write_text(json.dumps(config.to_hf()))
    loaded = transformers.T5ForConditionalGeneration.from_pretrained(tmp_path).eval()
    inputs, targets = batch_of(2, 30, 9)
    theirs = loaded(input_ids=inputs, labels=targets).logits
    assert error(model(inputs, targets, with_logits=True).logits, theirs) < NEAR


def test_a_shared_model_is_an_encoder_decoder_to_transformers() -> None:
    model = model_of(dataclasses.replace(V11, architecture="shared", decoder_layers=2))
    inputs, targets = batch_of(2, 30, 9)
    theirs = judge_of(model)(input_ids=inputs, labels=targets)
    assert error(model(inputs, targets, with_logits=True).logits, theirs.logits) < NEAR
    theirs_state, state = judge_of(model).state_dict(), model.state_dict()
    for name in ("SelfAttention.q", "SelfAttention.k", "SelfAttention.v", "SelfAttention.o"):
        same = f"block.1.layer.0.{name}.weight"
        assert torch.equal(theirs_state[f"encoder.{same}"], theirs_state[f"decoder.{same}"])
    assert state["decoder.block.0.layer.2.DenseReluDense.wi_0.weight"].data_ptr() == (
        state["encoder.block.0.layer.1.DenseReluDense.wi_0.weight"].data_ptr()
    )


def test_the_first_loss_is_near_the_logarithm_of_the_vocabulary() -> None:
    """ln 8192 = 9.01. With a head drawn as transformers draws it the same model starts above 60."""
    model = model_of(find_size("tiny"))
    inputs, targets = batch_of(4, 64, 20, vocab=8192)
    assert value(mean(model(inputs, targets))) == pytest.approx(math.log(8192), abs=0.7)
    nn.init.normal_(model.lm_head.weight)
    assert value(mean(model(inputs, targets))) > 60


def test_weights_start_as_the_sheet_says() -> None:
    """Measured on weights of a wide model: 1.4 of trainer.md."""
    config = dataclasses.replace(find_size("tiny"), layers=1, decoder_layers=1, heads=8)  # inner 512, d_model 256
    model = model_of(config)
    expected = {
        "shared": 1.0, "lm_head": 1 / 16, "q": 1 / 128, "k": 1 / 16, "v": 1 / 16, "o": 512**-0.5,
        "wi_0": 1 / 16, "wi_1": 1 / 16, "wo": 512**-0.5, "relative_attention_bias": 1 / 16,
    }  # fmt: skip
    for name, weight in model.named_parameters():
        part = name.split(".")[-2]
        if part.endswith("layer_norm"):
            assert bool((weight == 1).all())
        else:
            spread = 0.15 if part == "relative_attention_bias" else 0.02  # 256 numbers and 65,536 or more
            assert value(weight.std()) == pytest.approx(expected[part], rel=spread), name


def test_initialising_from_the_meta_device() -> None:
    with torch.device("meta"):
        model = T5(V11)
    model.to_empty(device="cpu")
    torch.manual_seed(5)
    model.reset_parameters()
    again = T5(V11)
    torch.manual_seed(5)
    again.reset_parameters()
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), again.parameters(), strict=True))


def test_dropout_is_where_t5_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """By shape, of all calls of a training step: transformers' own, its attention probabilities among them."""
    config = dataclasses.replace(V11, dropout=0.25)
    model = model_of(config)
    judge = judge_of(model)
    inputs, targets = batch_of(2, 11, 5)

    def seen(run: Any) -> list[tuple[int, ...]]:
        shapes: list[tuple[int, ...]] = []
        dropout, attention = F.dropout, F.scaled_dot_product_attention

        def spied(x: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
            if p and training:
                assert p == 0.25
                shapes.append(tuple(x.shape))
            return dropout(x, p, training, inplace)

        def spied_attention(q: Tensor, k: Tensor, v: Tensor, mask: Any, p: float, scale: float) -> Tensor:
            if p:
                assert p == 0.25
                shapes.append((*q.shape[:3], k.shape[2]))
            return attention(q, k, v, mask, p, scale=scale)

        monkeypatch.setattr(F, "dropout", spied)
        monkeypatch.setattr(F, "scaled_dot_product_attention", spied_attention)
        run()
        monkeypatch.undo()
        return sorted(shapes)

    ours = seen(lambda: model.train()(inputs, targets))
    assert ours == seen(lambda: judge.train()(input_ids=inputs, labels=targets))
    # 2 a stack; in a layer the residuals, the hidden of the feed-forward, the probabilities of each attention.
    assert len(ours) == 2 * 2 + 2 * (2 + 1 + 1) + 3 * (3 + 1 + 2)
    assert seen(lambda: model.eval()(inputs, targets)) == []


def test_dropout_changes_a_step_in_training_alone() -> None:
    model = model_of(dataclasses.replace(V11, dropout=0.1))
    inputs, targets = batch_of(2, 11, 5)
    assert value(model.train()(inputs, targets).loss) != value(model(inputs, targets).loss)
    assert value(model.eval()(inputs, targets).loss) == value(model(inputs, targets).loss)


def test_z_loss() -> None:
    inputs, targets = padded_batch()
    plain = model_of(V11)(inputs, targets, padding(inputs), with_logits=True)
    out = model_of(V11, z_loss=0.5)(inputs, targets, padding(inputs))
    log_z = plain.logits.logsumexp(-1)[targets != IGNORED]
    assert value(out.nll) == value(plain.nll) == value(plain.loss)
    assert value(out.loss) == pytest.approx(value(plain.loss + 0.5 * (log_z**2).sum()), rel=1e-6)


def test_logits_in_turn_give_the_same_loss_and_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    inputs, targets = padded_batch()
    whole, parts = model_of(V11, z_loss=1e-4), model_of(V11, z_loss=1e-4)
    a = whole(inputs, targets, padding(inputs))
    monkeypatch.setattr(t5, "MOST_LOGITS", 7 * 256)  # 7 rows of 111
    b = parts(inputs, targets, padding(inputs))
    assert (value(b.loss), value(b.nll)) == pytest.approx((value(a.loss), value(a.nll)), rel=1e-6)
    a.loss.backward()
    b.loss.backward()
    for ours, theirs in zip(parts.parameters(), whole.parameters(), strict=True):
        assert error(ours.grad, theirs.grad) < NEAR


def test_packed_rows_are_as_their_examples_alone() -> None:
    """Two examples and padding in a row of 20 and 12; the decoder starts each of them from PAD."""
    model = model_of(V11)
    (first, first_targets), (second, second_targets) = batch_of(1, 9, 4), batch_of(1, 8, 5)
    pad = torch.zeros(1, 3, dtype=torch.long)
    packed = model(
        torch.cat((first, second, pad), 1),
        torch.cat((first_targets, second_targets, pad + IGNORED), 1),
        torch.tensor([[1] * 9 + [2] * 8 + [0] * 3]),
        torch.tensor([[1] * 4 + [2] * 5 + [0] * 3]),
        with_logits=True,
    )
    a, b = model(first, first_targets, with_logits=True), model(second, second_targets, with_logits=True)
    assert torch.allclose(packed.logits[:, :4], a.logits, atol=1e-5)
    assert torch.allclose(packed.logits[:, 4:9], b.logits, atol=1e-5)
    assert (int(packed.tokens), value(packed.loss)) == (9, pytest.approx(value(a.loss + b.loss), rel=1e-6))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_no_logits_know_later_targets(architecture: str) -> None:
    model = model_of(dataclasses.replace(V11, architecture=architecture, decoder_layers=2))
    inputs, targets = batch_of(1, 12, 8)
    other = targets.clone()
    other[0, 5] = 255 - other[0, 5]
    a, b = (model(inputs, t, with_logits=True).logits for t in (targets, other))
    assert torch.equal(a[:, :6], b[:, :6])
    assert not torch.allclose(a[:, 6], b[:, 6])


@pytest.mark.parametrize(("architecture", "sees"), [("prefix-lm", True), ("decoder-lm", False)])
def test_a_prefix_sees_itself(architecture: str, sees: bool) -> None:
    """What the first input is made into depends on the last one in a prefix LM, and not in an LM."""
    model = model_of(dataclasses.replace(V11, architecture=architecture))
    inputs, targets = batch_of(1, 12, 8)
    other = inputs.clone()
    other[0, -1] = 255 - other[0, -1]
    a, b = (model._read_row(x, targets, None) for x in (inputs, other))
    assert torch.allclose(a[:, :12], b[:, :12]) is not sees
    assert not torch.allclose(a[:, 12:], b[:, 12:])


@pytest.mark.parametrize("architecture", ["prefix-lm", "decoder-lm"])
def test_padded_inputs_of_a_decoder_alone_are_as_none(architecture: str) -> None:
    model = model_of(dataclasses.replace(V11, architecture=architecture))
    inputs, targets = batch_of(1, 12, 8)
    padded = torch.cat((inputs, torch.zeros(1, 5, dtype=torch.long)), 1)
    a = model(inputs, targets, with_logits=True)
    b = model(padded, targets, padding(padded), with_logits=True)
    assert torch.allclose(a.logits, b.logits, atol=1e-5)


def test_a_language_model_has_no_inputs() -> None:
    """All of a chunk is targets: the loss is that of the same tokens with an input read as their first."""
    model = model_of(dataclasses.replace(V11, architecture="decoder-lm"))
    _, targets = batch_of(2, 1, 9)
    whole = model(targets[:, :0], targets, with_logits=True)
    assert int(whole.tokens) == 18
    split = model(targets[:, :4], targets[:, 4:], with_logits=True)
    assert torch.allclose(whole.logits[:, 4:], split.logits, atol=1e-5)
    empty = model(targets[:, :0], targets, padding(targets[:, :0]))
    assert value(empty.loss) == pytest.approx(value(whole.loss), rel=1e-6)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_an_architecture_learns_a_batch_by_heart(architecture: str) -> None:
    model = model_of(dataclasses.replace(V11, architecture=architecture, decoder_layers=2))
    inputs, targets = batch_of(2, 12, 8)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    losses = []
    for _ in range(30):
        loss = mean(model(inputs, targets))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(value(loss))
    assert losses[0] > 4
    assert losses[-1] < 1.5
    assert all(weight.grad is None for weight in model.parameters())


@pytest.mark.parametrize("masks", [False, True])
def test_bf16_autocast_is_near_fp32(masks: bool) -> None:
    model = model_of(V11)
    inputs, targets = padded_batch()
    segments = padding(inputs) if masks else None
    plain = model(inputs, targets, segments)
    with torch.autocast("cpu", torch.bfloat16):
        out = model(inputs, targets, segments)
    assert out.loss.dtype == torch.float32
    assert value(out.loss) == pytest.approx(value(plain.loss), rel=2e-2)
    out.loss.backward()
    assert all(weight.grad.dtype == torch.float32 and weight.grad.isfinite().all() for weight in model.parameters())


@pytest.mark.soak
def test_one_graph_when_compiled() -> None:
    """No break in it, with and without masks, and the same loss."""
    config = dataclasses.replace(V11, layers=1, decoder_layers=1)
    model = model_of(config)
    inputs, targets = padded_batch()
    compiled = torch.compile(model, dynamic=False, fullgraph=True)
    for segments in (None, padding(inputs)):
        loss = compiled(inputs, targets, segments).loss
        assert value(loss) == pytest.approx(value(model(inputs, targets, segments).loss), rel=1e-5)
        loss.backward()
