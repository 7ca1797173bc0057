"""Tokenizers named by a file or a folder: texts become ids as in Megatron-LM's preprocessing.

spiece.model, *.model   SentencePiece        encode_as_ids, as its SentencePieceTokenizer
tokenizer.json          Hugging Face         ids without special tokens, as its HuggingFaceTokenizer
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

from c4pipe.disk import read_file
from c4pipe.errors import ConfigError

_MODEL, _JSON = "spiece.model", "tokenizer.json"


class TextTokenizer(Protocol):
    """Cuts texts into tokens."""

    library: str  # with its version, which decides how texts are cut
    size: int  # ids are below it
    eod: int | None  # ends a document; None if the file names none

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each text, without special ids at its ends."""

    def id_of(self, token: str) -> int | None:
        """The id of a token; None if it has none."""


@dataclass(frozen=True)
class NamedTokenizer:
    """A tokenizer by its file."""

    path: Path  # of a SentencePiece model or a tokenizer.json
    digest: str  # sha256 of the file
    cuts: TextTokenizer

    @property
    def name(self) -> str:
        """Its name for users: its file and folder."""
        return "/".join(self.path.absolute().parts[-2:])

    def count(self, texts: Sequence[str]) -> list[int]:
        """The tokens of each text."""
        return [len(ids) for ids in self.cuts.encode(texts)]


class SentencePiece:
    """A tokenizer of `sentencepiece`."""

    def __init__(self, model: bytes):
        import sentencepiece

        self._processor = sentencepiece.SentencePieceProcessor()
        self._processor.LoadFromSerializedProto(model)  # the constructor treats empty bytes as no model
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
    """A tokenizer of `tokenizers`, which cuts texts in several threads unless TOKENIZERS_PARALLELISM is false."""

    def __init__(self, data: bytes, eos: str | None):
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


def named_tokenizer(named: Path) -> NamedTokenizer:
    """The tokenizer in a file, a run of model.train, its checkpoint or a Hugging Face folder. Raises ConfigError if
    there is none, if it cannot be read, and if the library that reads it is not installed."""
    try:
        path = _file_of(named)
        data = read_file(path)
        return NamedTokenizer(path, hashlib.sha256(data).hexdigest(), _opened(path, data))
    except ImportError as error:
        raise ConfigError(
            f"--tokenizer {named} needs {error.name}, which is not installed: pip install 'c4pipe[tokens]'"
        ) from None
    except OSError as error:
        raise ConfigError(f"--tokenizer {named} cannot be read ({error.strerror or error}).") from None


def _opened(path: Path, data: bytes) -> TextTokenizer:
    is_json = path.suffix == ".json" or data.startswith(b"{")  # no SentencePiece model begins so
    try:
        return HuggingFace(data, _end_token(path.parent)) if is_json else SentencePiece(data)
    except ImportError:
        raise
    except Exception as error:  # the libraries raise anything: RuntimeError, and Exception itself
        what = str(error).partition("\n")[0]
        raise ConfigError(
            f"--tokenizer {path} is not a tokenizer ({what}). Expected a SentencePiece model (*.model) or {_JSON}."
        ) from None


def _file_of(named: Path) -> Path:
    """The file that is meant; for a run, that of its newest checkpoint."""
    if not named.is_dir():
        return named
    for name in (_MODEL, f"tokenizer/{_MODEL}", _JSON, f"tokenizer/{_JSON}"):
        if (named / name).is_file():
            return named / name
    steps = sorted(named.glob(f"checkpoints/*/{_MODEL}"))
    if not steps:
        inside = sorted(found.name for found in named.iterdir() if found.suffix in (".model", ".json"))
        others = f" It holds {', '.join(inside)}: name the file that is meant." if inside else ""
        raise ConfigError(
            f"--tokenizer {named} has no tokenizer. Expected a SentencePiece model ({_MODEL}), a {_JSON}, or a "
            f"folder with one: a run of model.train, or a Hugging Face tokenizer.{others}"
        )
    return steps[-1]


def _end_token(folder: Path) -> str | None:
    """The end-of-text token in the tokenizer_config.json next to a tokenizer.json."""
    try:
        token: Any = json.loads(read_file(folder / "tokenizer_config.json")).get("eos_token")
    except (OSError, ValueError, AttributeError):
        return None
    token = token.get("content") if isinstance(token, dict) else token
    return token if isinstance(token, str) else None
