"""Greedy and beam search against transformers' generate, and the cache against decoding without it."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator

import pytest
import torch
import transformers
from torch import Tensor, nn

from model.cache import Cache
from model.config import ModelConfig, find_size
from model.decode import beam_search, greedy, narrowed, paper_penalty, sample
from model.errors import ConfigError
from model.ids import EOS, PAD
from model.t5 import T5, padding

V11 = dataclasses.replace(
    find_size("tiny"), d_model=32, d_ff=48, heads=2, d_kv=16, layers=2, decoder_layers=2, vocab=128
)
V10 = dataclasses.replace(V11, feed_forward="relu", tied=True)
MODELS = pytest.mark.parametrize("config", [V10, V11], ids=["1.0", "1.1"])
ARCHITECTURES = ["encoder-decoder", "shared", "decoder-lm", "prefix-lm"]
LENGTH = 12


def model_of(config: ModelConfig, seed: int = 0, ends: float = 0.0) -> T5:
    """Random weights. `ends` makes EOS likelier, so that targets of many lengths come up."""
    torch.manual_seed(seed)
    model = T5(dataclasses.replace(config, dropout=0.0)).eval()
    with torch.no_grad():
        if not config.tied:
            model.lm_head.weight.mul_(3)  # else all tokens are about as likely, and beams a matter of the last bit
            model.lm_head.weight[EOS].mul_(1 + ends)
    return model


def judge_of(model: T5) -> nn.Module:
    judge = transformers.T5ForConditionalGeneration(transformers.T5Config(**model.config.to_hf()))
    if not model.config.tied:
        judge.lm_head.weight = nn.Parameter(torch.empty_like(judge.shared.weight))
    judge.load_state_dict(model.state_dict(), strict=False)
    return judge.eval()


def batch_of(rows: int = 6, length: int = 15, padded: bool = True) -> tuple[Tensor, Tensor]:
    inputs = torch.randint(2, 128, (rows, length), generator=torch.Generator().manual_seed(3))
    if padded:
        for row in range(1, rows):
            inputs[row, length - row :] = PAD
    return inputs, padding(inputs)


def filled(tokens: Tensor, length: int = LENGTH) -> Tensor:
    return nn.functional.pad(tokens, (0, length - tokens.shape[1]), value=PAD)


def generated(model: T5, inputs: Tensor, segments: Tensor, **settings: object) -> Tensor:
    out = judge_of(model).generate(inputs, attention_mask=segments, max_new_tokens=LENGTH, do_sample=False, **settings)
    return filled(out[:, 1:])  # without the start


@MODELS
@pytest.mark.parametrize("seed", [0, 1])
def test_greedy_is_transformers(config: ModelConfig, seed: int) -> None:
    model = model_of(config, seed, ends=2.0)
    inputs, segments = batch_of()
    assert torch.equal(filled(greedy(model, inputs, LENGTH, segments)), generated(model, inputs, segments, num_beams=1))


@MODELS
@pytest.mark.parametrize(("beams", "alpha"), [(4, 0.6), (3, 0.0), (5, 1.0)])
def test_beam_search_is_transformers(config: ModelConfig, beams: int, alpha: float) -> None:
    """With transformers' penalty, and its exact way to end; its default ends earlier by a guess."""
    lengths: set[int] = set()
    for seed in range(3):
        model = model_of(config, seed, ends=2.0)
        inputs, segments = batch_of()
        ours = filled(beam_search(model, inputs, LENGTH, segments, beams=beams, penalty=lambda n: float(n**alpha)))
        theirs = generated(model, inputs, segments, num_beams=beams, length_penalty=alpha, early_stopping="never")
        after = (theirs == EOS).cumsum(1) - (theirs == EOS).long() > 0  # where it fills up with EOS, its pad being 0
        assert torch.equal(ours, theirs.masked_fill(after, PAD))
        lengths |= {int((row != PAD).sum()) for row in ours}
    assert len(lengths) > 1 or config.tied


class Recited:
    """Writes given targets, whatever the inputs are, and notes how many rows each step has."""

    def __init__(self, targets: list[list[int]]) -> None:
        self.targets = targets
        self.rows = torch.arange(len(targets))
        self.place = 0
        self.batches: list[int] = []

    def select(self, rows: Tensor) -> None:
        self.rows = self.rows[rows]

    def start(self, inputs: Tensor, segments: Tensor | None = None) -> tuple[Recited, Tensor]:
        return self, self.step(inputs[:, 0], self)

    def step(self, tokens: Tensor, cache: Recited) -> Tensor:
        assert len(tokens) == len(self.rows)
        ids = [[*self.targets[row], *[PAD] * 9][self.place] for row in self.rows.tolist()]
        self.place += 1
        self.batches.append(len(ids))
        return nn.functional.one_hot(torch.tensor(ids), 9).float()

    def parameters(self) -> Iterator[nn.Parameter]:
        return iter(())


def test_rows_that_have_ended_leave_the_batch_when_they_are_half_of_it() -> None:
    targets = [[EOS], [5, EOS], [5, 6, EOS], [7, EOS], [8, 8, EOS], [8, 5, 7, 6, 4]]
    writer = Recited(targets)
    written = greedy(writer, torch.ones(6, 1, dtype=torch.long), 5).tolist()
    assert written == [[*one, *[PAD] * (5 - len(one))] for one in targets]
    assert writer.batches == [6, 6, 3, 1, 1]


@torch.no_grad()
@pytest.mark.parametrize("beams", [1, 4])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_who_leaves_the_batch_decides_no_answer(monkeypatch: pytest.MonkeyPatch, architecture: str, beams: int) -> None:
    """The same targets as alone; and rows did leave. One id of twelve ends a target, and often."""
    model = model_of(dataclasses.replace(V11, architecture=architecture))
    inputs, segments = batch_of(rows=12)
    likelier = nn.functional.one_hot(torch.tensor(EOS), V11.vocab) * 2.0
    logits, sizes, step = model.logits, list[int](), model.step

    def counted(tokens: Tensor, cache: Cache) -> Tensor:
        sizes.append(len(tokens))
        return step(tokens, cache)

    monkeypatch.setattr(model, "logits", lambda hidden: logits(hidden) + likelier)
    monkeypatch.setattr(model, "step", counted)

    def written(rows: slice) -> Tensor:
        if beams == 1:
            return filled(greedy(model, inputs[rows], LENGTH, segments[rows], 12))
        return filled(beam_search(model, inputs[rows], LENGTH, segments[rows], 12, beams=beams))

    alone = [written(slice(row, row + 1)) for row in range(len(inputs))]
    sizes.clear()
    assert torch.equal(written(slice(None)), torch.cat(alone))
    assert sizes[-1] < max(sizes)


def all_targets(model: T5, inputs: Tensor, length: int, vocabulary: int) -> dict[tuple[int, ...], float]:
    """Each target that can be written from so small a vocabulary, with its log-probability."""
    found: dict[tuple[int, ...], float] = {}
    grown: dict[tuple[int, ...], float] = {(): 0.0}
    for n in range(1, length + 1):
        wider: dict[tuple[int, ...], float] = {}
        for start, score in grown.items():
            targets = torch.tensor([[*start, PAD]])
            logits = model(inputs, targets, with_logits=True).logits[0, -1, :vocabulary]
            for token, chance in enumerate(logits.log_softmax(-1).tolist()):
                done = token == EOS or n == length
                (found if done else wider)[(*start, token)] = score + chance
        grown = wider
    return found


@torch.no_grad()
def test_enough_beams_find_the_best_of_all_targets() -> None:
    """Under T5's own penalty: ids 0 to 3, targets up to 3 tokens, and as many beams as there are open ones."""
    for seed in range(2):
        model = model_of(V11, seed)
        inputs, _ = batch_of(rows=1, padded=False)
        scored = {
            target: score / ((5 + len(target)) / 6) ** 0.6 for target, score in all_targets(model, inputs, 3, 4).items()
        }
        best = max(scored, key=lambda target: scored[target])
        written = beam_search(model, inputs, 3, vocabulary=4, beams=16)[0].tolist()
        assert written == [*best, *[PAD] * (len(written) - len(best))]


def test_the_paper_s_penalty() -> None:
    assert paper_penalty(1) == 1.0
    assert paper_penalty(25) == pytest.approx(5**0.6)


@torch.no_grad()
@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_cache_changes_nothing(architecture: str, padded: bool) -> None:
    """A step with a cache gives the logits of a forward pass over all targets so far."""
    model = model_of(dataclasses.replace(V11, architecture=architecture))
    inputs, segments = batch_of(padded=padded)
    mask = segments if padded else None
    targets = torch.randint(2, 128, (len(inputs), 9), generator=torch.Generator().manual_seed(4))
    whole = model(inputs, targets, mask, with_logits=True).logits
    cache, logits = model.start(inputs, mask)
    for n in range(9):
        assert torch.allclose(logits, whole[:, n], atol=1e-5), n
        logits = model.step(targets[:, n], cache)


@torch.no_grad()
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_greedy_without_a_cache(architecture: str) -> None:
    model = model_of(dataclasses.replace(V11, architecture=architecture))
    inputs, segments = batch_of()
    tokens = torch.empty(len(inputs), 0, dtype=torch.long)
    for _ in range(LENGTH):
        targets = torch.cat((tokens, torch.zeros(len(inputs), 1, dtype=torch.long)), 1)
        best = model(inputs, targets, segments, with_logits=True).logits[:, -1].argmax(-1)
        tokens = torch.cat((tokens, best.masked_fill((tokens == EOS).any(1), PAD)[:, None]), 1)
    assert torch.equal(filled(greedy(model, inputs, LENGTH, segments)), tokens)


def test_a_row_does_not_depend_on_its_neighbours() -> None:
    model = model_of(V11, ends=2.0)
    inputs, segments = batch_of()
    together = filled(beam_search(model, inputs, LENGTH, segments))
    for row, part in enumerate(inputs):
        alone = beam_search(model, part[None, : int(segments[row].sum())], LENGTH)
        assert torch.equal(filled(alone)[0], together[row])


def test_ids_that_no_piece_has_are_not_written() -> None:
    model = model_of(V11)
    inputs, segments = batch_of()
    draw = torch.Generator().manual_seed(0)
    assert int(greedy(model, inputs, LENGTH, segments).max()) >= 7
    for tokens in (
        greedy(model, inputs, LENGTH, segments, 7),
        beam_search(model, inputs, LENGTH, segments, 7),
        sample(model, inputs, LENGTH, segments, 7, generator=draw),
    ):
        assert int(tokens.max()) < 7


def test_a_sample_is_of_its_seed() -> None:
    model = model_of(V11)
    inputs, segments = batch_of()
    a, b, c = (
        filled(sample(model, inputs, LENGTH, segments, generator=torch.Generator().manual_seed(seed)))
        for seed in (1, 1, 2)
    )
    assert torch.equal(a, b)
    assert not torch.equal(a, c)


@pytest.mark.parametrize("settings", [{"top_k": 1}, {"top_p": 1e-9}, {"temperature": 1e-4}])
def test_the_narrowest_sample_is_greedy(settings: dict[str, float]) -> None:
    model = model_of(V11)
    inputs, segments = batch_of()
    drawn = sample(model, inputs, LENGTH, segments, generator=torch.Generator().manual_seed(0), **settings)  # type: ignore[arg-type]
    assert torch.equal(drawn, greedy(model, inputs, LENGTH, segments))


def test_what_is_drawn_from() -> None:
    logits = torch.tensor([[0.1, 0.5, 0.05, 0.3, 0.05], [0.2, 0.2, 0.2, 0.2, 0.2]]).log()

    def left(top_k: int, top_p: float) -> list[list[int]]:
        return [row.isfinite().nonzero().flatten().tolist() for row in narrowed(logits, top_k, top_p)]

    assert left(0, 1.0) == [[0, 1, 2, 3, 4], [0, 1, 2, 3, 4]]
    assert left(2, 1.0) == [[1, 3], [0, 1]]
    assert left(0, 0.75) == [[1, 3], [0, 1, 2, 3]]
    assert left(0, 0.85) == [[0, 1, 3], [0, 1, 2, 3, 4]]
    assert left(3, 0.5) == [[1], [0, 1]]
    assert torch.equal(narrowed(logits, 0, 1.0), logits)


def test_tokens_come_up_as_often_as_they_are_likely() -> None:
    model = model_of(V11)
    inputs = batch_of(rows=1, padded=False)[0].repeat(4000, 1)
    _, logits = model.start(inputs[:1])
    chances = (logits[0] / 2).softmax(-1)
    draw = torch.Generator().manual_seed(0)
    seen = Counter(sample(model, inputs, 1, temperature=2.0, generator=draw).flatten().tolist())
    top = int(chances.argmax())
    assert seen[top] / 4000 == pytest.approx(float(chances[top].detach()), abs=0.03)


@pytest.mark.parametrize("wrong", [{"temperature": 0.0}, {"top_k": -1}, {"top_p": 0.0}, {"top_p": 1.5}])
def test_what_cannot_be_sampled_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="expected a temperature above 0"):
        sample(model_of(V11), batch_of()[0], 3, generator=torch.Generator(), **wrong)  # type: ignore[arg-type]
