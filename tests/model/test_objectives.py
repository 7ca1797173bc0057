"""model.objectives: literal lengths and examples, nothing is lost, and random choices have the right distribution."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from model.errors import ConfigError
from model.objectives import (
    LM,
    OBJECTIVES,
    BareSpans,
    Bert,
    Deshuffling,
    DropTokens,
    IidDenoising,
    Lengths,
    Mass,
    Mix,
    Objective,
    PrefixLM,
    ReplaceSpans,
    SpanCorruption,
    Vocabulary,
    chunk_rng,
    find_objective,
)
from model.objectives.base import Chunks, Ids, Rngs
from model.objectives.noise import iid_noise, run_starts, runs_to_sentinels, span_noise

T5 = Vocabulary(32_100)
SMALL = Vocabulary(30, sentinels=10)  # sentinels 29, 28, .. 20


def row(*ids: int) -> Ids:
    return np.array([ids], np.int32)


def rngs(count: int, seed: int = 0) -> Rngs:
    return [chunk_rng(seed, chunk) for chunk in range(count)]


def chunks(count: int, length: int, seed: int = 1) -> Ids:
    """Ids of text, none twice in a row, so that a token tells its place."""
    shuffled = np.random.default_rng(seed).permuted(np.tile(np.arange(3, 32_000), (count, 1)), axis=1)
    return shuffled[:, :length].astype(np.int32)


def unpadded(ids: NDArray[np.int32], vocabulary: Vocabulary = T5) -> list[int]:
    """A row without eos and what follows it."""
    return ids.tolist()[: ids.tolist().index(vocabulary.eos)]


def pieces(ids: list[int], vocabulary: Vocabulary) -> list[list[int]]:
    """What stands before, between and after the sentinels, which must count 0, 1, 2."""
    found: list[list[int]] = [[]]
    for token in ids:
        if token >= vocabulary.first_sentinel:
            assert token == vocabulary.sentinel(len(found) - 1)
            found.append([])
        else:
            found[-1].append(token)
    return found


def restore(inputs: list[int], targets: list[int], vocabulary: Vocabulary = T5) -> list[int]:
    """The text that inputs and targets of unique sentinels come from, where sentinels of targets stand for clean runs.

    The first piece of the targets belongs to the first sentinel of the inputs if that starts them, and is empty if not.
    """
    clean, noise = pieces(inputs, vocabulary), pieces(targets, vocabulary)
    if clean[0]:
        assert noise[0] == []
        noise = noise[1:]
    text = list(clean[0])
    for number, kept in enumerate(clean[1:]):
        text += noise[number] + kept
    return text


class TestLengths:
    @pytest.mark.parametrize(
        ("inputs_length", "density", "mean_span", "chunk", "targets", "noise", "spans"),
        [  # T5's own arithmetic; at 0.5 the chunk of 767 gives up a token, and a noise token with it
            (512, 0.15, 3, 568, 114, 85, 28),
            (512, 0.15, 2, 552, 126, 83, 42),
            (512, 0.15, 5, 581, 105, 87, 17),
            (512, 0.15, 10, 591, 99, 89, 9),
            (512, 0.10, 3, 548, 74, 55, 18),
            (512, 0.25, 3, 614, 206, 154, 51),
            (512, 0.50, 3, 766, 512, 383, 128),
            (128, 0.15, 3, 141, 29, 21, 7),
            (256, 0.15, 3, 284, 58, 43, 14),
            (1024, 0.15, 3, 1137, 229, 171, 57),
            (2048, 0.15, 3, 2274, 456, 341, 114),
        ],
    )
    def test_span_corruption_fills_its_inputs(
        self, inputs_length: int, density: float, mean_span: float, chunk: int, targets: int, noise: int, spans: int
    ) -> None:
        objective = SpanCorruption(density, mean_span)
        assert objective.lengths(inputs_length) == Lengths(chunk, inputs_length, targets)
        assert objective.noise_and_spans(chunk) == (noise, spans)
        made = objective(chunks(2, chunk), rngs(2), Vocabulary(32_300, sentinels=300), inputs_length)
        assert made.inputs.shape == (2, inputs_length)
        assert made.targets.shape == (2, targets)
        for ids in made:
            assert (ids[:, -1] == T5.eos).all()
            assert (ids != T5.pad).all()

    @given(st.integers(3, 600), st.floats(0.01, 0.99), st.floats(1, 20))
    def test_one_more_token_would_not_fit(self, inputs_length: int, density: float, mean_span: float) -> None:
        objective = SpanCorruption(density, mean_span)
        chunk, inputs, _ = objective.lengths(inputs_length)
        noise, spans = objective.noise_and_spans(chunk + 1)
        assert inputs <= inputs_length
        assert chunk + 1 - noise + spans + 1 > inputs_length or density == 0.5

    @pytest.mark.parametrize(
        ("length", "noise_and_spans"),
        [(2, (1, 1)), (3, (1, 1)), (10, (2, 1)), (30, (4, 1)), (50, (8, 3)), (90, (14, 5)), (100, (15, 5))],
    )
    def test_halves_go_to_the_even_neighbour(self, length: int, noise_and_spans: tuple[int, int]) -> None:
        """30 and 50 tokens have 4.5 and 7.5 noise tokens: 4 and 8."""
        assert SpanCorruption().noise_and_spans(length) == noise_and_spans

    @pytest.mark.parametrize(
        ("objective", "lengths"),
        [
            (IidDenoising(), (511, 512, 202)),
            (ReplaceSpans(), (511, 512, 202)),
            (DropTokens(), (511, 512, 110)),
            (Bert(), (511, 512, 512)),
            (Mass(), (511, 512, 512)),
            (PrefixLM(), (511, 512, 512)),
            (Deshuffling(), (511, 512, 512)),
            (LM(), (511, 1, 512)),
            (Mix(((SpanCorruption(), 1), (LM(), 1))), (568, 512, 512)),
        ],
    )
    def test_the_others(self, objective: Objective, lengths: tuple[int, int, int]) -> None:
        assert objective.lengths(512) == lengths

    @pytest.mark.parametrize("name", sorted(OBJECTIVES))
    def test_documents_are_joined_or_not(self, name: str) -> None:
        assert OBJECTIVES[name].concatenates == (name not in ("prefix-lm", "deshuffle"))


class TestMaking:
    """What a given mask makes of a row."""

    MASK = np.array([[0, 1, 1, 0, 0, 1]], np.bool_)

    def test_runs_become_sentinels(self) -> None:
        text = Chunks(row(11, 12, 13, 14, 15, 16), np.ones((1, 6), np.bool_), np.array([6]))
        ids, keep = runs_to_sentinels(text, self.MASK, SMALL)
        assert ids[keep].tolist() == [11, 29, 14, 15, 28]
        ids, keep = runs_to_sentinels(text, ~self.MASK, SMALL)
        assert ids[keep].tolist() == [29, 12, 13, 28, 16]

    def test_run_starts(self) -> None:
        assert run_starts(self.MASK).tolist() == [[False, True, False, False, False, True]]
        assert run_starts(~self.MASK).tolist() == [[True, False, False, True, False, False]]


@pytest.mark.parametrize(
    ("objective", "inputs", "targets"),
    [
        (SpanCorruption(0.3, 2), [3, 4, 5, 6, 29, 8, 9, 10, 28, 1, 0, 0], [29, 7, 28, 11, 12, 1, 0]),
        (IidDenoising(), [3, 4, 5, 29, 7, 8, 9, 10, 11, 12, 1, 0], [29, 6, 28, 1] + [0] * 11),
        (ReplaceSpans(), [3, 4, 5, 29, 7, 8, 9, 10, 11, 12, 1, 0], [29, 6, 28, 1] + [0] * 11),
        (DropTokens(), [3, 4, 5, 7, 8, 9, 10, 11, 12, 1, 0, 0], [6, 1, 0, 0, 0, 0, 0, 0]),
        (Mass(), [3, 4, 5, 29, 7, 8, 9, 10, 11, 12, 1, 0], [*range(3, 13), 1, 0]),
        (Bert(), [3, 4, 5, 29, 7, 8, 9, 10, 11, 12, 1, 0], [*range(3, 13), 1, 0]),
        (PrefixLM(), [3, 4, 5, 6, 7, 8, 9, 10, 1, 0, 0, 0], [11, 12, 1] + [0] * 9),
        (Deshuffling(), [6, 12, 4, 9, 5, 8, 7, 11, 3, 10, 1, 0], [*range(3, 13), 1, 0]),
        (LM(), [1], [*range(3, 13), 1, 0]),
        (Mix(((LM(), 1),)), [1], [*range(3, 13), 1, 0]),
    ],
)
def test_chunk_1_of_a_run_with_seed_7(objective: Objective, inputs: list[int], targets: list[int]) -> None:
    """Guards the stream itself: a run that is resumed by a newer version must see the same examples."""
    made = objective(row(*range(3, 13)), [chunk_rng(seed=7, chunk=1)], SMALL, inputs_length=12)
    assert (made.inputs.tolist(), made.targets.tolist()) == ([inputs], [targets])
    assert made.inputs.dtype == made.targets.dtype == np.int32


class TestNothingIsLost:
    @given(st.integers(2, 300), st.floats(0.01, 0.99), st.floats(1, 20), st.integers(0, 2**64 - 1))
    def test_span_corruption(self, length: int, density: float, mean_span: float, seed: int) -> None:
        vocabulary = Vocabulary(32_500, sentinels=500)
        text = chunks(2, length)
        inputs, targets = SpanCorruption(density, mean_span)(text, rngs(2, seed), vocabulary, 310)
        for number in range(2):
            made = unpadded(inputs[number]), unpadded(targets[number])
            assert restore(*made, vocabulary) == text[number].tolist()
            assert made[0][0] == text[number, 0]  # starts clean
            assert made[0][-1] >= vocabulary.first_sentinel  # ends in noise
            assert made[1][0] == vocabulary.sentinel(0)

    @given(st.integers(2, 127), st.floats(0.01, 0.99), st.integers(0, 2**64 - 1))
    def test_iid_denoising(self, length: int, density: float, seed: int) -> None:
        text = chunks(2, length)
        inputs, targets = IidDenoising(density)(text, rngs(2, seed), T5, 128)
        for number in range(2):
            assert restore(unpadded(inputs[number]), unpadded(targets[number])) == text[number].tolist()

    def test_bare_spans_are_span_corruption_without_sentinels_in_the_targets(self) -> None:
        text = chunks(3, 568)
        inputs, targets = SpanCorruption()(text, rngs(3), T5, 512)
        same, bare = BareSpans()(text, rngs(3), T5, 512)
        assert np.array_equal(same, inputs)
        for whole, row in zip(targets.tolist(), bare.tolist(), strict=True):
            assert row == [token for token in whole if token < T5.first_sentinel]
        assert BareSpans().lengths(512) == (568, 512, 86)

    @given(st.integers(2, 127), st.floats(0.01, 0.99), st.integers(0, 2**64 - 1))
    def test_replaced_spans(self, length: int, density: float, seed: int) -> None:
        text = chunks(1, length)
        inputs, targets = ReplaceSpans(density)(text, rngs(1, seed), T5, 128)
        clean, noise = pieces(unpadded(inputs[0]), T5), pieces(unpadded(targets[0]), T5)
        assert noise[0] == noise[-1] == []
        assert len(noise) == len(clean) + 1
        restored = clean[0] + [
            token for pair in zip(noise[1:-1], clean[1:], strict=True) for part in pair for token in part
        ]
        assert restored == text[0].tolist()

    @given(st.integers(2, 127), st.floats(0.01, 0.99), st.integers(0, 2**64 - 1))
    def test_dropped_tokens(self, length: int, density: float, seed: int) -> None:
        text = chunks(1, length)
        inputs, targets = (unpadded(ids[0]) for ids in DropTokens(density)(text, rngs(1, seed), T5, 128))
        assert targets
        assert sorted(inputs + targets) == sorted(text[0].tolist())
        for kept in (inputs, targets):
            assert kept == [token for token in text[0].tolist() if token in set(kept)]

    @given(st.integers(2, 127), st.integers(0, 2**64 - 1))
    def test_the_rest(self, length: int, seed: int) -> None:
        text = chunks(1, length)
        words = text[0].tolist()
        prefix, suffix = (unpadded(ids[0]) for ids in PrefixLM()(text, rngs(1, seed), T5, 128))
        assert prefix + suffix == words
        assert prefix
        assert suffix
        for objective in (LM(), Mass(), Bert(), Deshuffling()):
            assert unpadded(objective(text, rngs(1, seed), T5, 128).targets[0]) == words
        assert sorted(unpadded(Deshuffling()(text, rngs(1, seed), T5, 128).inputs[0])) == sorted(words)
        masked = unpadded(Mass()(text, rngs(1, seed), T5, 128).inputs[0])
        assert {new for old, new in zip(words, masked, strict=True) if old != new} == {T5.sentinel(0)}


@pytest.mark.parametrize("name", sorted(OBJECTIVES))
def test_a_row_depends_on_its_own_chunk_and_generator_alone(name: str) -> None:
    """Not on its neighbours, their lengths, or its place in the batch."""
    objective = OBJECTIVES[name]
    text = chunks(8, objective.lengths(128).chunk)
    for number in range(0, 8, 3):
        text[number, 40 + number :] = T5.pad
    together = objective(text, rngs(8, seed=3), T5, 128)
    order = [5, 0, 7, 3]
    shuffled = objective(text[order], [chunk_rng(3, number) for number in order], T5, 128)
    for whole, part in zip(together, shuffled, strict=True):
        assert (whole[order] == part).all()
    for number in range(8):
        alone = objective(text[[number]][:, text[number] != T5.pad], [chunk_rng(3, number)], T5, 128)
        for whole, part in zip(together, alone, strict=True):
            assert (whole[[number]] == part).all()


def test_seeds_and_chunks_make_different_examples() -> None:
    text = np.repeat(chunks(1, 568), 3, axis=0)
    made = SpanCorruption()(text, [chunk_rng(0, 0), chunk_rng(0, 1), chunk_rng(1, 0)], T5, 512)
    assert len({ids.tobytes() for ids in made.inputs}) == 3


def test_no_rows_make_no_examples() -> None:
    for objective in OBJECTIVES.values():
        made = objective(np.zeros((0, 20), np.int32), [], T5, 128)
        assert made.inputs.shape == (0, objective.lengths(128).inputs)


class TestChance:
    """Counts of many chunks against their expectation: chi-square below its 99.9 % quantile, seeds fixed."""

    CHUNKS = 9000

    @staticmethod
    def chi_square(counts: Counter[bytes], shares: dict[bytes, float]) -> float:
        assert counts.keys() <= shares.keys()
        total = counts.total()
        return sum((counts[key] - total * share) ** 2 / (total * share) for key, share in shares.items())

    @pytest.mark.parametrize(("clean", "noise", "spans", "ways", "limit"), [(4, 4, 2, 9, 26.12), (5, 4, 3, 18, 40.79)])
    def test_every_way_to_cut_spans_is_equally_likely(
        self, clean: int, noise: int, spans: int, ways: int, limit: float
    ) -> None:
        possible = set()
        for mask in combinations(range(clean + noise), noise):
            row = np.isin(np.arange(clean + noise), mask)
            if not row[0] and row[-1] and run_starts(row[None]).sum() == spans:
                possible.add(row.tobytes())
        assert len(possible) == ways
        text = np.ones((self.CHUNKS, clean + noise), np.bool_)
        counts_of_rows = (np.full(self.CHUNKS, number) for number in (clean, noise, spans))
        masks = span_noise(rngs(self.CHUNKS, seed=11), *counts_of_rows, text)
        counts = Counter(mask.tobytes() for mask in masks)
        assert self.chi_square(counts, dict.fromkeys(possible, 1 / ways)) < limit

    def test_tokens_are_noise_independently(self) -> None:
        """All 7 masks of 3 tokens; an empty one becomes one of a single token, each as often."""
        shares = {}
        for bits in range(1, 8):
            mask = np.array([bits & 1, bits & 2, bits & 4], np.bool_)
            noise = int(mask.sum())
            shares[mask.tobytes()] = 0.15**noise * 0.85 ** (3 - noise) + (0.85**3 / 3 if noise == 1 else 0)
        assert sum(shares.values()) == pytest.approx(1)
        counts = Counter(iid_noise(rng, 3, 0.15).tobytes() for rng in rngs(self.CHUNKS, seed=12))
        assert self.chi_square(counts, shares) < 22.46

    def test_prefixes_are_uniform(self) -> None:
        made = PrefixLM()(np.tile(row(*range(3, 14)), (self.CHUNKS, 1)), rngs(self.CHUNKS, seed=13), SMALL, 12)
        counts = Counter(int(length).to_bytes() for length in (made.inputs > 1).sum(axis=1))
        assert self.chi_square(counts, {length.to_bytes(): 0.1 for length in range(1, 11)}) < 27.88

    def test_orders_are_uniform(self) -> None:
        made = Deshuffling()(np.tile(row(3, 4, 5), (self.CHUNKS, 1)), rngs(self.CHUNKS, seed=14), SMALL, 4)
        counts = Counter(ids.tobytes() for ids in made.inputs)
        assert len(counts) == 6
        assert self.chi_square(counts, dict.fromkeys(counts, 1 / 6)) < 20.52

    def test_neighbouring_chunks_have_nothing_in_common(self) -> None:
        firsts = np.array([int(rng.random() * 10) for rng in rngs(self.CHUNKS, seed=15)], np.uint8)
        pairs = Counter(pair.tobytes() for pair in np.stack([firsts[:-1], firsts[1:]], axis=1))
        shares = {bytes([one, other]): 0.01 for one in range(10) for other in range(10)}
        assert self.chi_square(pairs, shares) < 148.2

    def test_one_noise_token_in_ten_is_random_in_bert(self) -> None:
        text = chunks(200, 511)
        inputs = Bert()(text, rngs(200, seed=16), T5, 512).inputs[:, :511]
        changed = inputs[inputs != text]
        random = changed[changed != T5.sentinel(0)]
        assert len(changed) / text.size == pytest.approx(0.15, abs=0.005)
        assert len(random) / len(changed) == pytest.approx(0.1, abs=0.01)
        assert 3 <= random.min() < 100 < 31_900 < random.max() < T5.first_sentinel

    def test_a_mixture_keeps_to_its_weights(self) -> None:
        made = Mix(((LM(), 3), (Mass(), 1)))(np.tile(chunks(1, 11), (4000, 1)), rngs(4000, seed=17), T5, 12)
        assert (made.inputs[:, 0] == T5.eos).mean() == pytest.approx(0.75, abs=0.02)


class TestWrongUse:
    def test_more_sentinels_than_there_are(self) -> None:
        with pytest.raises(ConfigError) as error:
            SpanCorruption(0.5).check(512, T5)
        assert str(error.value) == (
            "the objective span needs up to 128 sentinels for inputs of 512 tokens, and the vocabulary has 100: train "
            "a tokenizer with --sentinels 128 (an existing one cannot grow), or take --inputs 403 or fewer, or "
            "--mean-span 5 or more."
        )
        SpanCorruption(0.5).check(403, T5)
        SpanCorruption(0.5, 5).check(512, T5)
        SpanCorruption(0.5).check(512, Vocabulary(32_128, sentinels=128))
        with pytest.raises(ConfigError, match="needs up to 101 sentinels"):
            SpanCorruption(0.5).check(404, T5)

    def test_a_mixture_names_what_its_hungriest_member_needs(self) -> None:
        """And no remedy that it has no option for, as a mean span."""
        with pytest.raises(ConfigError, match=r"needs up to 128 sentinels .* or take --inputs 403 or fewer\.$"):
            OBJECTIVES["ul2"].check(512, T5)
        OBJECTIVES["ul2"].check(512, Vocabulary(32_128, sentinels=128))
        OBJECTIVES["ul2"].check(403, T5)

    def test_it_is_found_without_a_check_too(self) -> None:
        """Else ids of sentinels would run on into those of text."""
        with pytest.raises(ConfigError, match=r"needs up to 114 sentinels.* take --inputs 1809 or fewer"):
            SpanCorruption()(chunks(1, 2274), rngs(1), T5, 2048)

    def test_no_sentinels_at_all(self) -> None:
        with pytest.raises(ConfigError, match=r"to 1 sentinel for .* has 0: train a tokenizer with --sentinels 1 \("):
            Mass().check(512, Vocabulary(32_000, sentinels=0))
        DropTokens().check(512, Vocabulary(32_000, sentinels=0))

    def test_iid_noise_at_1024_may_need_more_than_100(self) -> None:
        IidDenoising().check(512, T5)
        with pytest.raises(ConfigError, match="needs up to 168 sentinels"):
            IidDenoising().check(1024, T5)

    @pytest.mark.parametrize("density", [0, 1, -0.1, 15, float("nan")])
    def test_densities(self, density: float) -> None:
        for kind in (SpanCorruption, IidDenoising, DropTokens, Mass, Bert, ReplaceSpans):
            with pytest.raises(ConfigError, match="expected more than 0 and less than 1"):
                kind(density)

    def test_mean_spans(self) -> None:
        with pytest.raises(ConfigError, match=r"the mean span of span corruption is 0\.5, expected 1 or more tokens"):
            SpanCorruption(mean_span=0.5)

    @pytest.mark.parametrize("name", sorted(OBJECTIVES))
    def test_inputs_that_hold_no_row(self, name: str) -> None:
        objective = OBJECTIVES[name]
        with pytest.raises(ConfigError, match=f"needs inputs of {objective.shortest + 1} tokens or more, got "):
            objective.lengths(objective.shortest)

    def test_rows_of_wrong_length(self) -> None:
        with pytest.raises(ValueError, match="a row of 569 tokens, expected 2 to 568"):
            SpanCorruption()(chunks(1, 569), rngs(1), T5, 512)
        with pytest.raises(ValueError, match="a row of 1 tokens, expected 2 to 568"):
            SpanCorruption()(chunks(1, 1), rngs(1), T5, 512)

    def test_mixtures(self) -> None:
        for members in ((), ((LM(), 0.0),)):
            with pytest.raises(ConfigError, match="each with a weight above 0"):
                Mix(members)


class TestFindObjective:
    def test_defaults_and_parameters(self) -> None:
        assert find_objective("span") == SpanCorruption(0.15, 3)
        assert find_objective("span", density=0.25, mean_span=5) == SpanCorruption(0.25, 5)
        assert find_objective("bert", density=0.5) == Bert(0.5)

    def test_unknown_name(self) -> None:
        with pytest.raises(ConfigError, match=r"unknown objective 'spam'. Did you mean 'span'\?"):
            find_objective("spam")

    def test_a_parameter_it_does_not_have(self) -> None:
        with pytest.raises(ConfigError, match="the objective lm has no mean span"):
            find_objective("lm", mean_span=3)

    def test_names(self) -> None:
        assert {name: objective.name for name, objective in OBJECTIVES.items() if name != objective.name} == {
            "ul2": "mix"
        }
