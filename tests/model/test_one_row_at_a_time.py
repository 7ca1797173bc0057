"""Batches against plain loops: every objective, and packing, written for one row and without numpy.

The examples of a run that is resumed by a newer version, or in other batches, are those of this file.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.ids import IGNORED
from model.lane import Cursor, Lane
from model.objectives import (
    LM,
    OBJECTIVES,
    BareSpans,
    Bert,
    Deshuffling,
    DropTokens,
    IidDenoising,
    Mass,
    Mix,
    Objective,
    PrefixLM,
    ReplaceSpans,
    SpanCorruption,
    Vocabulary,
    chunk_rng,
    iid,
)
from model.objectives.base import ChunkRngs
from model.rows import Packed
from tests.model.test_lane import shuffled

INPUTS = 48
VOCABULARY = Vocabulary(400, sentinels=100)
SEEDS = st.integers(0, 2**64 - 1)
DENSITIES = st.sampled_from([0.05, 0.15, 0.5, 0.9])

Row = list[int]


def plain(objective: Objective, text: Row, rng: np.random.Generator) -> tuple[Row, Row]:
    """Inputs and targets of one row, with their eos."""
    inputs, targets = plain_kept(objective, text, rng)
    return [*inputs, VOCABULARY.eos], [*targets, VOCABULARY.eos]


def plain_kept(objective: Objective, text: Row, rng: np.random.Generator) -> tuple[Row, Row]:
    match objective:
        case Mix():
            ends = list(accumulate(weight for _, weight in objective.members))
            member, _ = objective.members[bisect_right([end / ends[-1] for end in ends], rng.random())]
            return plain_kept(member, text[: member.lengths(INPUTS).chunk], rng)
        case LM():
            return [], text
        case PrefixLM():
            cut = 1 + int(rng.random() * (len(text) - 1))
            return text[:cut], text[cut:]
        case Deshuffling():
            numbers = rng.random(len(text))
            return [token for _, token in sorted(zip(numbers, text, strict=True))], text
        case SpanCorruption():
            noise = span_mask(objective, len(text), rng)
        case _:
            noise = iid_mask(objective.density, len(text), rng)  # type: ignore[attr-defined]
    clean = [not hidden for hidden in noise]
    match objective:
        case Bert():
            kinds, words = rng.random(len(text)), rng.random(len(text))
            lowest, beyond = VOCABULARY.unk + 1, VOCABULARY.first_sentinel
            random = [lowest + int(word * (beyond - lowest)) for word in words]
            new = [word if kind < 0.1 else VOCABULARY.sentinel(0) for word, kind in zip(random, kinds, strict=True)]
            return [n if hidden else token for token, n, hidden in zip(text, new, noise, strict=True)], text
        case Mass():
            return [
                VOCABULARY.sentinel(0) if hidden else token for token, hidden in zip(text, noise, strict=True)
            ], text
        case BareSpans():
            return with_sentinels(text, noise), kept(text, noise)
        case DropTokens():
            return kept(text, clean), kept(text, noise)
        case ReplaceSpans():
            targets, runs = [], 0
            for place, token in enumerate(text):
                if noise[place] and not (place and noise[place - 1]):
                    targets.append(VOCABULARY.sentinel(runs))
                    runs += 1
                if noise[place]:
                    targets.append(token)
            return with_sentinels(text, noise), [*targets, VOCABULARY.sentinel(runs)]
    return with_sentinels(text, noise), with_sentinels(text, clean)


def span_mask(objective: SpanCorruption, size: int, rng: np.random.Generator) -> list[bool]:
    noise, spans = objective.noise_and_spans(size)
    parts = []
    for tokens in (size - noise, noise):
        numbers = rng.random(tokens - 1)
        cuts = sorted(sorted(range(tokens - 1), key=numbers.__getitem__)[: spans - 1])
        ends = [*(cut + 1 for cut in cuts), tokens]
        parts.append([end - start for start, end in zip([0, *ends], ends, strict=False)])
    mask: list[bool] = []
    for clean, hidden in zip(*parts, strict=True):
        mask += [False] * clean + [True] * hidden
    return mask


def iid_mask(density: float, size: int, rng: np.random.Generator) -> list[bool]:
    numbers = rng.random(size).tolist()
    mask = [number <= max(density, min(numbers)) for number in numbers]
    limited = []
    tokens = runs = 0
    for hidden in mask:
        tokens += hidden
        limited.append(hidden and tokens <= iid.most_noise(size, density))
    mask = []
    for place, hidden in enumerate(limited):
        runs += hidden and not (place and limited[place - 1])
        mask.append(hidden and runs <= iid.most_runs(size, density))
    return mask


def kept(text: Row, mask: Sequence[bool]) -> Row:
    return [token for token, keep in zip(text, mask, strict=True) if keep]


def with_sentinels(text: Row, mask: Sequence[bool]) -> Row:
    new: Row = []
    runs = 0
    for place, token in enumerate(text):
        if not mask[place]:
            new.append(token)
        elif not (place and mask[place - 1]):
            new.append(VOCABULARY.sentinel(runs))
            runs += 1
    return new


@st.composite
def objectives(draw: st.DrawFn, mixed: bool = True) -> Objective:
    density = draw(DENSITIES)
    kind = draw(st.sampled_from([SpanCorruption, BareSpans, IidDenoising, ReplaceSpans, DropTokens, Mass, Bert, None]))
    if kind in (SpanCorruption, BareSpans):
        return kind(density, draw(st.sampled_from([1, 3, 8])))
    if kind is not None:
        return kind(density)
    if not mixed or draw(st.booleans()):
        return draw(st.sampled_from([LM(), PrefixLM(), PrefixLM(concatenates=True), Deshuffling()]))
    members = draw(st.lists(st.tuples(objectives(mixed=False), st.sampled_from([0.5, 1, 3])), min_size=1, max_size=4))
    return Mix(tuple(members))


def text(size: int, seed: int) -> Row:
    return [3 + (place * 7 + seed) % (VOCABULARY.first_sentinel - 3) for place in range(size)]


@given(objectives(), SEEDS, st.lists(st.integers(0, 10**6), max_size=6))
def test_a_batch_of_rows_of_any_sizes(objective: Objective, seed: int, numbers: list[int]) -> None:
    """Its lengths are known before it is made."""
    chunk, *widths = objective.lengths(INPUTS)
    texts = [text(objective.shortest + number % (chunk - objective.shortest + 1), number) for number in numbers]
    chunks = np.zeros((len(texts), max(map(len, texts), default=0)), np.int32)
    for row, tokens in zip(chunks, texts, strict=True):
        row[: len(tokens)] = tokens
    rngs = [chunk_rng(seed, number) for number in numbers]
    made = objective(chunks, rngs, VOCABULARY, INPUTS)
    assert [ids.shape for ids in made] == [(len(texts), width) for width in widths]
    for tokens, number, inputs, targets in zip(texts, numbers, *made, strict=True):
        expected = plain(objective, tokens, chunk_rng(seed, number))
        for whole, ids in zip((inputs, targets), expected, strict=True):
            assert whole.tolist() == ids + [VOCABULARY.pad] * (len(whole) - len(ids))
        lengths = objective.lengths_of(len(tokens), chunk_rng(seed, number), INPUTS)
        assert lengths[1:] == tuple(map(len, expected))


@pytest.mark.parametrize("objective", [IidDenoising(0.3), ReplaceSpans(0.3), DropTokens(0.3), Mass(0.3)])
def test_noise_above_the_widths_stays_clean(objective: Objective, monkeypatch: pytest.MonkeyPatch) -> None:
    """With no deviation to spare that is every other row, and else one in 25,000."""
    monkeypatch.setattr(iid, "SPARE_DEVIATIONS", 0)
    tokens = text(47, 0)
    chunks = np.array([tokens] * 20, np.int32)
    made = objective(chunks, [chunk_rng(1, number) for number in range(20)], VOCABULARY, INPUTS)
    for number, rows in enumerate(zip(*made, strict=True)):
        expected = plain(objective, tokens, chunk_rng(1, number))
        assert [row[: len(ids)].tolist() for row, ids in zip(rows, expected, strict=True)] == list(expected)
        assert objective.lengths_of(47, chunk_rng(1, number), INPUTS)[1:] == tuple(map(len, expected))


@given(SEEDS, st.lists(st.lists(SEEDS, max_size=4), max_size=3))
def test_generators_that_are_set_give_the_numbers_of_new_ones(seed: int, batches: list[list[int]]) -> None:
    """Whatever was drawn from them before."""
    rngs = ChunkRngs(seed)
    for chunks in batches:
        for rng, chunk in zip(rngs.of(chunks), chunks, strict=True):
            new = chunk_rng(seed, chunk)
            rng.integers(0, 9, dtype=np.uint32), new.integers(0, 9, dtype=np.uint32)  # leaves half a number behind
            assert rng.random(chunk % 9).tolist() == new.random(chunk % 9).tolist()


def plain_row(objective: Objective, lane: Lane, number: int, seed: int) -> list[list[Row]]:
    """Inputs, targets and the segments of either, of one packed row."""
    chunk, *widths = objective.lengths(INPUTS)
    row: list[list[Row]] = []
    while len(tokens := lane.peek(chunk, objective.shortest)):
        example = plain(objective, tokens.tolist(), chunk_rng(seed, number * INPUTS + len(row)))
        for part, width in enumerate(widths):
            if sum(len(one[part]) for one in row) + len(example[part]) > width:
                return row
        lane.take(len(tokens))
        row.append(list(example))
    return row


@settings(deadline=None)
@given(
    objectives(),
    st.integers(0, 2**63),
    st.lists(st.lists(st.integers(0, 90), min_size=1, max_size=20), min_size=1, max_size=3),
    st.integers(1, 4),
)
def test_packed_rows(objective: Objective, seed: int, sizes: list[list[int]], count: int) -> None:
    """And the places where they leave their lane."""
    groups = [["".join(chr(97 + (size + place) % 26) for place in range(size)) for size in group] for group in sizes]
    groups[0].append("abcdefghij" * 3)  # else there may be nothing that is long enough
    lanes = [shuffled(groups, Cursor(0, 0, 0), 1) for _ in range(2)]
    rule = Packed(objective, VOCABULARY, INPUTS, seed)
    drawn, expected = [], []
    for number in range(count):
        drawn.append(rule.draw(lanes[0], number) or [])
        expected.append(plain_row(objective, lanes[1], number, seed))
        assert lanes[0].cursor == lanes[1].cursor
    rows = rule.finish(range(count), drawn)
    for part, padding in enumerate((VOCABULARY.pad, IGNORED)):
        for ids, segments, row in zip(rows[part], rows[2 + part], expected, strict=True):
            tokens = [token for example in row for token in example[part]]
            numbers = [number for number, example in enumerate(row, 1) for _ in example[part]]
            assert ids.tolist() == tokens + [padding] * (len(ids) - len(tokens))
            assert segments.tolist() == numbers + [0] * (len(ids) - len(numbers))


def test_every_objective_is_compared() -> None:
    """A new one needs its plain loop here."""
    compared = {SpanCorruption, BareSpans, IidDenoising, ReplaceSpans, DropTokens, Mass, Bert}
    compared |= {LM, PrefixLM, Deshuffling, Mix}
    assert {type(objective) for objective in OBJECTIVES.values()} == compared
