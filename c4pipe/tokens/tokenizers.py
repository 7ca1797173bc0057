"""Tokenizers of others, from one file each: texts become ids as Megatron-LM's preprocessing has them.

*.model          SentencePiece        encode_as_ids, as its SentencePieceTokenizer
tokenizer.json   Hugging Face         ids without special tokens, as its HuggingFaceTokenizer
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

from c4pipe.disk import read_file
from c4pipe.errors import ConfigError

INSTALL = "Install it: pip install 'c4pipe[tokens]'"


class TextTokenizer(Protocol):
    """Cuts texts."""

    library: str  # with its version, which decides how texts are cut
    size: int  # ids are below it
    eod: int | None  # ends a document; None where the file names none

    def encode(self, texts: Sequence[str]) -> list[list[int]]: ...

    def id_of(self, token: str) -> int | None:
        """The id of a token; None for one that it does not have."""


class SentencePiece:
    """One of `sentencepiece`."""

    def __init__(self, model: bytes):
        import sentencepiece

        self._processor = sentencepiece.SentencePieceProcessor(model_proto=model)
        self.library = f"sentencepiece {metadata.version('sentencepiece')}"
        self.size = self._processor.get_piece_size()
        eos = self._processor.eos_id()
        self.eod = eos if eos >= 0 else None

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        found: list[list[int]] = self._processor.encode(list(texts), num_threads=1)
        return found

    def id_of(self, token: str) -> int | None:
        number = self._processor.piece_to_id(token)
        return number if self._processor.id_to_piece(number) == token else None


class HuggingFace:
    """One of `tokenizers`."""

    def __init__(self, data: bytes, eos: str | None):
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # processes of ours share the machine
        import tokenizers

        self._tokenizer = tokenizers.Tokenizer.from_str(data.decode())
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.library = f"tokenizers {metadata.version('tokenizers')}"
        self.size = self._tokenizer.get_vocab_size(with_added_tokens=True)
        self.eod = self.id_of(eos) if eos is not None else None

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        return [found.ids for found in self._tokenizer.encode_batch(list(texts), add_special_tokens=False)]

    def id_of(self, token: str) -> int | None:
        number: int | None = self._tokenizer.token_to_id(token)
        return number


def tokenizer_in(path: Path) -> TextTokenizer:
    """The tokenizer in a file. ConfigError where it is none, or its library is not installed."""
    if path.is_dir():
        inside = sorted(found.name for found in path.iterdir() if found.suffix in (".model", ".json"))
        raise ConfigError(f"--tokenizer {path} is a folder. Name a file: a *.model or tokenizer.json {_among(inside)}.")
    try:
        data = read_file(path)
        return SentencePiece(data) if path.suffix == ".model" else HuggingFace(data, _end_token(path.parent))
    except ImportError as error:
        raise ConfigError(f"--tokenizer {path}: {error.name} is not installed. {INSTALL}") from None
    except OSError as error:
        raise ConfigError(f"--tokenizer {path} cannot be read ({error.strerror or error}).") from None
    except Exception as error:  # the libraries raise what they like: RuntimeError, and Exception itself
        what = str(error).partition("\n")[0]
        raise ConfigError(
            f"--tokenizer {path} is not a tokenizer ({what}). Expected a SentencePiece model (*.model) or "
            "tokenizer.json."
        ) from None


def _among(names: Sequence[str]) -> str:
    return f"(it holds {', '.join(names)})" if names else "(it holds none)"


def _end_token(folder: Path) -> str | None:
    """What tokenizer_config.json beside a tokenizer.json calls the end of a text."""
    try:
        token: Any = json.loads(read_file(folder / "tokenizer_config.json")).get("eos_token")
    except (OSError, ValueError, AttributeError):
        return None
    token = token.get("content") if isinstance(token, dict) else token
    return token if isinstance(token, str) else None
