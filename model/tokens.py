"""SentencePiece vocabularies: training one on a corpus, and turning texts into ids and back.

A tokenizer is a folder: `spiece.model`, which this trainer reads, and the same in the form that
`transformers.AutoTokenizer` reads. Ids: 0 pad, 1 eos, 2 unk, then the pieces, then the sentinels, with `<extra_id_0>`
last.
"""

from __future__ import annotations

import hashlib
import io
import json
import random
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
import sentencepiece as spm
from numpy.typing import NDArray

from model.disk import put
from model.errors import ConfigError
from model.objectives import Vocabulary
from model.tokenizer_json import (
    EOS_TOKEN,
    PAD_TOKEN,
    SPACE,
    UNK_TOKEN,
    charsmap_of,
    sentinel_names,
    tokenizer_config_json,
    tokenizer_json,
)

MODEL, JSON, TOKENIZER_CONFIG = "spiece.model", "tokenizer.json", "tokenizer_config.json"
# Scores are sums over the parts of a corpus that each thread has, so the number of threads is a constant, not the
# machine's. 16 is sentencepiece's default.
TRAINER_THREADS = 16
T5_SENTINELS = 100
MOST_SENTINELS = 10_000  # a hundred times T5's: keeps a damaged number from filling the memory with names
LONGEST_LINE = 1000  # characters: sentencepiece skips lines of more than 4,192 bytes, so longer ones are cut
_HELD = re.compile(rf"{SPACE}?<extra_id_(\d+)>")  # mT5's has the mark of a space before each
_TOO_SMALL = re.compile(r"required_chars\. \d+ vs (\d+)")


def train_tokenizer(
    texts: Iterable[str],
    folder: Path | None,
    vocab_size: int = 32_000,
    *,
    extra_ids: int = T5_SENTINELS,
    coverage: float = 0.99999,
    lines: int = 500_000,
    seed: int = 0,
) -> Tokenizer:
    """Trains a unigram vocabulary of at most `vocab_size` pieces, including pad, eos and unk, and saves it if a folder
    is given.

    Any number of texts is read, and a seeded sample of at most `lines` of their lines is kept, so memory does not grow
    with the corpus: it takes about 30 bytes for each character of the sample. The resulting bytes are a function of the
    texts, their order and the arguments.

    A corpus too small for so many pieces gets what it supports: see `vocabulary` of the result. `extra_ids` sentinels
    are added. `coverage` is the share of characters that get a piece; the rest become unk. There is no byte fallback,
    because transformers' T5 tokenizer switches it off when it loads a vocabulary, which would change ids. So the
    default is high: at sentencepiece's 0.9995 one character in 2,000 is lost.

    ConfigError for texts without a word, and for a vocabulary too small for the characters.
    """
    sample = sample_lines(texts, lines, seed)
    if not sample:
        raise ConfigError("the texts for the tokenizer have no lines: use a corpus with text")
    trained = io.BytesIO()
    try:
        spm.SentencePieceTrainer.train(
            sentence_iterator=iter(sample),
            model_writer=trained,
            model_type="unigram",
            vocab_size=vocab_size,
            hard_vocab_limit=False,
            pad_id=0,
            eos_id=1,
            unk_id=2,
            bos_id=-1,
            pad_piece=PAD_TOKEN,
            eos_piece=EOS_TOKEN,
            unk_piece=UNK_TOKEN,
            normalization_rule_name="nmt_nfkc",
            character_coverage=coverage,
            num_threads=TRAINER_THREADS,
            minloglevel=2,
        )
    except RuntimeError as error:
        if needed := _TOO_SMALL.search(str(error)):
            raise ConfigError(
                f"a vocabulary of {vocab_size} pieces cannot hold the characters of these texts: make it larger than "
                f"{needed[1]}, or lower the coverage of {coverage}"
            ) from error
        raise
    tokenizer = Tokenizer(trained.getvalue(), extra_ids)
    if folder:
        tokenizer.save(folder)
    return tokenizer


def sample_lines(texts: Iterable[str], count: int, seed: int) -> list[str]:
    """`count` lines drawn without replacement, all equally likely, or all lines if there are fewer; blank ones do not
    count.
    """
    draw = random.Random(seed).randrange
    kept: list[str] = []
    for number, line in enumerate(chain.from_iterable(map(_lines, texts))):
        if number < count:
            kept.append(line)
        elif (place := draw(number + 1)) < count:
            kept[place] = line
    return kept


def _lines(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        if line.strip():
            yield from (line[start : start + LONGEST_LINE] for start in range(0, len(line), LONGEST_LINE))


class Tokenizer:
    """A SentencePiece model and its sentinels. Immutable, picklable, and safe to share among processes and threads."""

    def __init__(self, model: bytes, extra_ids: int = T5_SENTINELS, source: str = MODEL) -> None:
        """`model` is the content of a `spiece.model`; one that contains sentinels itself, such as mT5's, gets no
        others.

        ConfigError, naming `source`, for bytes that are not a model, or one whose ids are not T5's.
        """
        self._model = model
        if not model:
            raise ConfigError(f"{source} is not a SentencePiece model: it is empty")
        try:
            self._pieces = spm.SentencePieceProcessor(model_proto=model)
            self._charsmap = charsmap_of(model)
        except (RuntimeError, IndexError, KeyError) as error:
            raise ConfigError(f"{source} is not a SentencePiece model: {error}") from error
        self._names = [self._pieces.id_to_piece(number) for number in range(self._pieces.get_piece_size())]
        _check_ids(self._pieces, source)
        self._held = _held_sentinels(self._names)
        self._extra_ids = 0 if self._held else extra_ids
        self.vocabulary = Vocabulary(len(self._names) + self._extra_ids, self._held or extra_ids)

    @classmethod
    def load(cls, path: str | Path, extra_ids: int = T5_SENTINELS) -> Tokenizer:
        """The tokenizer of a folder with a `spiece.model`, ours or a Hugging Face T5 or mT5, or of such a file.

        `extra_ids` counts if neither the model nor a `tokenizer_config.json` says otherwise. ConfigError as above.
        """
        path = Path(path)
        file = path / MODEL if path.is_dir() else path
        if not file.is_file():
            raise ConfigError(
                f"there is no tokenizer at {path}: expected a folder with a {MODEL}, as written by `train_tokenizer` "
                "and published with T5 on the Hugging Face Hub, or the path of such a file. transformers 5 does not "
                "save it with a tokenizer: copy it from the original"
            )
        return cls(file.read_bytes(), _configured_ids(file.with_name(TOKENIZER_CONFIG), extra_ids), str(file))

    def __reduce__(self) -> tuple[type[Tokenizer], tuple[bytes, int]]:
        return Tokenizer, (self._model, self._extra_ids)

    @property
    def fingerprint(self) -> str:
        """Equal fingerprints give equal ids: the hexadecimal sha256 of the model or, if it has another number of added
        sentinels than T5, of both.
        """
        other = b"" if self._held or self._extra_ids == T5_SENTINELS else b"extra_ids=%d" % self._extra_ids
        return hashlib.sha256(self._model + other).hexdigest()

    def encode(self, texts: Sequence[str], threads: int = 1) -> list[NDArray[np.int32]]:
        """The ids of each text, without eos.

        Text that spells a control token, such as `</s>` or `<extra_id_0>`, is plain text: ids are never pad, eos or a
        sentinel.
        """
        rows: list[NDArray[np.int32]] = self._pieces.encode(list(texts), return_type="numpy", num_threads=threads)
        if self._extra_ids:
            return rows
        # A model that contains the sentinels finds them in text, too.
        first, unk = np.int32(self.vocabulary.first_sentinel), np.int32(self.vocabulary.unk)
        return [np.where(row < first, row, unk) for row in rows]

    def decode(self, ids: Iterable[int]) -> str:
        """Text for people: sentinels as `<extra_id_0>`; without pad, eos and ignored ids (below 0)."""
        return "".join(self._shown(int(number)) for number in ids).replace(SPACE, " ").lstrip(" ")

    def _shown(self, number: int) -> str:
        vocabulary = self.vocabulary
        if number < 0 or number in (vocabulary.pad, vocabulary.eos):
            return ""
        if number == vocabulary.unk or number >= vocabulary.size:  # the embedding table has a few more rows
            return " ⁇ "  # as sentencepiece shows it
        if number >= vocabulary.first_sentinel:
            return f"<extra_id_{vocabulary.size - 1 - number}>"
        return self._names[number]

    def files(self) -> dict[str, bytes]:
        """The files of its folder, by name: all follow from `spiece.model`, which is last, as `load` requires."""
        scored = [(name, self._pieces.get_score(number)) for number, name in enumerate(self._names)]
        scored += [(name, 0.0) for name in reversed(sentinel_names(self._extra_ids))]
        return {
            JSON: _dumped(tokenizer_json(scored, self._charsmap, self._extra_ids)),
            TOKENIZER_CONFIG: _dumped(tokenizer_config_json(self._extra_ids)),
            MODEL: self._model,
        }

    def save(self, folder: str | Path) -> None:
        """Writes its files into a folder, each atomically."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in self.files().items():
            put(folder / name, content)


def _configured_ids(config: Path, otherwise: int) -> int:
    """The number of sentinels by a `tokenizer_config.json`, if it exists and says."""
    if not config.is_file():
        return otherwise
    try:
        count = int(json.loads(config.read_text(encoding="utf-8")).get("extra_ids", otherwise))
        if not 0 <= count <= MOST_SENTINELS:
            raise ValueError(f"extra_ids is {count}, expected 0 to {MOST_SENTINELS:,}")
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise ConfigError(f"{config} does not describe a tokenizer: {error}") from error
    return count


def _check_ids(pieces: spm.SentencePieceProcessor, source: str) -> None:
    ids = (pieces.pad_id(), pieces.eos_id(), pieces.unk_id())
    if ids != (0, 1, 2):
        raise ConfigError(
            f"{source} has pad, eos and unk at {ids}, but T5 has them at (0, 1, 2): train a new tokenizer"
        )
    if any(pieces.is_byte(number) for number in range(pieces.get_piece_size())):
        raise ConfigError(
            f"{source} has byte fallback, which transformers' T5 tokenizer switches off, so it would produce other "
            "ids: train a tokenizer without byte fallback"
        )


def _held_sentinels(names: Sequence[str]) -> int:
    """The number of sentinels that a model itself contains, at its end."""
    count = 0
    while count < len(names) and (match := _HELD.fullmatch(names[-1 - count])) and int(match[1]) == count:
        count += 1
    return count


def _dumped(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()
