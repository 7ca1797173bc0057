"""The tokenizer files of Hugging Face, written by hand from a SentencePiece model.

transformers reads `spiece.model` only if its protobuf is newer than sentencepiece's, and not in every class, so a
folder also holds the same pieces in the form that its `tokenizers` library reads. The parts are those that
`T5Tokenizer` of transformers 5.23 sets up (models/t5/tokenization_t5.py); others would split texts differently.

Remaining differences in splitting: text that spells a special token, which it treats as one; U+0085, which it treats as
a space; a letter with a decomposed accent and further marks, which it normalises in another order; and ties, where two
splits have the same score.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import Any

PAD_TOKEN, EOS_TOKEN, UNK_TOKEN = "<pad>", "</s>", "<unk>"
SPACE = "▁"  # how a piece shows a space
_NORMALIZER_SPEC, _CHARSMAP = 3, 2  # field numbers in sentencepiece_model.proto: in ModelProto, in NormalizerSpec


def tokenizer_json(pieces: Sequence[tuple[str, float]], charsmap: bytes, sentinels: int) -> dict[str, Any]:
    """`tokenizer.json`: `pieces` are (piece, score) by id, and the last `sentinels` of them are special tokens."""
    special = [0, 1, 2, *range(len(pieces) - sentinels, len(pieces))]
    metaspace = {"type": "Metaspace", "replacement": SPACE, "prepend_scheme": "always", "split": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [_added(number, pieces[number][0]) for number in special],
        "normalizer": {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(charsmap).decode()}
        if charsmap
        else None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, metaspace]},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [_text("A"), _EOS],
            "pair": [_text("A"), _EOS, _text("B"), _EOS],
            "special_tokens": {EOS_TOKEN: {"id": EOS_TOKEN, "ids": [1], "tokens": [EOS_TOKEN]}},
        },
        "decoder": metaspace,
        "model": {"type": "Unigram", "unk_id": 2, "vocab": [[*pair] for pair in pieces], "byte_fallback": False},
    }


def tokenizer_config_json(sentinels: int) -> dict[str, Any]:
    """`tokenizer_config.json`: the class that reads the other file, and its sentinels."""
    return {
        "tokenizer_class": "T5Tokenizer",
        "pad_token": PAD_TOKEN,
        "eos_token": EOS_TOKEN,
        "unk_token": UNK_TOKEN,
        "extra_ids": sentinels,
        "additional_special_tokens": sentinel_names(sentinels),
        "clean_up_tokenization_spaces": False,
    }


def sentinel_names(count: int) -> list[str]:
    """`<extra_id_0>`, `<extra_id_1>`, ..."""
    return [f"<extra_id_{number}>" for number in range(count)]


def charsmap_of(model: bytes) -> bytes:
    """The table of a model's character normalisation, as stored in the file; b"" for none."""
    for number, spec in _fields(model):
        if number == _NORMALIZER_SPEC and isinstance(spec, bytes):
            for inner, value in _fields(spec):
                if inner == _CHARSMAP and isinstance(value, bytes):
                    return value
    return b""


def _fields(message: bytes) -> Iterator[tuple[int, bytes | int]]:
    """(field number, value) of a protobuf message: an int for a varint, else the bytes.

    The protobuf library would refuse the code that sentencepiece generated with a newer one.
    """
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = _varint(message, at)
            yield number, value
            continue
        if wire == 2:
            size, at = _varint(message, at)
        else:
            size = {1: 8, 5: 4}[wire]
        yield number, message[at : at + size]
        at += size


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """An integer of seven bits per byte, lowest first, and its end."""
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _added(number: int, piece: str) -> dict[str, Any]:
    exact = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    return {"id": number, "content": piece, "special": True, **exact}


def _text(name: str) -> dict[str, Any]:
    return {"Sequence": {"id": name, "type_id": 0}}


_EOS = {"SpecialToken": {"id": EOS_TOKEN, "type_id": 0}}
