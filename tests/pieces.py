"""A small SentencePiece model, quick to train."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

import pytest


def pieces_of(texts: Iterable[str], size: int, **options: Any) -> bytes:
    """A model of so many pieces at most; the test is skipped where there is no sentencepiece."""
    made = io.BytesIO()
    pytest.importorskip("sentencepiece").SentencePieceTrainer.train(
        sentence_iterator=iter(texts),
        model_writer=made,
        vocab_size=size,
        hard_vocab_limit=False,
        minloglevel=2,
        **options,
    )
    return made.getvalue()
