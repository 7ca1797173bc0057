"""A tokenizer that somebody names, and how many tokens it makes of texts, without marks at their ends."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from c4pipe.errors import ConfigError

_MODEL, _JSON = "spiece.model", "tokenizer.json"
CountTokens = Callable[[Sequence[str]], list[int]]


class NamedTokenizer:
    """A tokenizer by its file.

    Attributes:
        path: the file, a SentencePiece model or a tokenizer.json.
        digest: its sha256.
        count: the tokens of each of some texts.
    """

    def __init__(self, path: Path, digest: str, count: CountTokens):
        self.path, self.digest, self.count = path, digest, count

    @property
    def name(self) -> str:
        """What people know it by: its file with the folder that it is in."""
        return "/".join(self.path.absolute().parts[-2:])


def named_tokenizer(named: Path) -> NamedTokenizer:
    """The tokenizer of a file or of a run, a checkpoint or a Hugging Face folder. ConfigError where there is none,
    where it cannot be read, and where the package that reads it is not there."""
    path = _file(named)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"--tokenizer {path} cannot be read ({error.strerror or error}).") from None
    count = _of_json(path, data) if path.suffix == ".json" else _of_model(path, data)
    return NamedTokenizer(path, hashlib.sha256(data).hexdigest(), count)


def _file(named: Path) -> Path:
    """The file that is meant: of a run that of its newest checkpoint."""
    if not named.is_dir():
        return named
    for name in (_MODEL, f"tokenizer/{_MODEL}", _JSON, f"tokenizer/{_JSON}"):
        if (named / name).is_file():
            return named / name
    steps = sorted(named.glob(f"checkpoints/*/{_MODEL}"))
    if not steps:
        raise ConfigError(
            f"--tokenizer {named} has no tokenizer. Expected a SentencePiece model ({_MODEL}), a {_JSON}, or a folder "
            "with one: a run of model.train, or a Hugging Face tokenizer."
        )
    return steps[-1]


def _of_model(path: Path, data: bytes) -> CountTokens:
    try:
        import sentencepiece
    except ImportError:
        raise ConfigError(f"--tokenizer {path} needs sentencepiece: pip install 'c4pipe[train]'") from None
    try:
        processor = sentencepiece.SentencePieceProcessor(model_proto=data)
    except (RuntimeError, ValueError):
        raise ConfigError(f"--tokenizer {path} is not a SentencePiece model. Expected one, or a {_JSON}.") from None
    return lambda texts: [len(ids) for ids in processor.encode(list(texts), num_threads=1)]


def _of_json(path: Path, data: bytes) -> CountTokens:
    try:
        from tokenizers import Tokenizer
    except ImportError:
        raise ConfigError(
            f"--tokenizer {path} needs tokenizers: pip install tokenizers. SentencePiece models do not need it."
        ) from None
    try:
        made = Tokenizer.from_buffer(data)
    except Exception as error:  # the package raises no narrower class
        raise ConfigError(f"--tokenizer {path} is not a Hugging Face tokenizer: {error}") from None
    made.no_truncation()
    made.no_padding()
    return lambda texts: [len(found.ids) for found in made.encode_batch(list(texts), add_special_tokens=False)]
