"""The likelihood of your own texts under a run: nats and bytes per document, so that models compare by bits per byte.

python -m model.likelihood --run out/t5 --texts texts.jsonl --output out/likelihood

--texts has one JSON object per line: `domain`, `document` (its name) and `text`. Each document is cut into pieces of
the run's length, which are scored by the run's training objective, the same in every run. If all of the text is in the
targets (lm) the nats are exact; otherwise they are the mean over the hidden tokens, a sample, times the tokens of the
document.
"""

from __future__ import annotations

import json
import os
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import torch

from c4pipe.command import Parser, utf8_path, whole
from c4pipe.disk import put_aside
from c4pipe.text import many
from model.command import run_model
from model.data import VALIDATION_SEED, to_batch
from model.disk import put
from model.distributed import find_device
from model.errors import ConfigError
from model.evaluate import row_nll
from model.lane import Tokens
from model.rows import trimmed
from model.run import open_checkpoint, read_settings, say
from model.source import Denoising
from model.t5 import T5
from model.table import as_csv, head
from model.tokens import Tokenizer

LIKELIHOOD_FILE = "likelihood.csv"
MOST_PIECES = 1_024
EPILOG = """\
examples:
  a run, over your own texts    python -m model.likelihood --run out/t5 --texts texts.jsonl --output out/likelihood
  an older checkpoint               ... --checkpoint out/t5/checkpoints/step-00000400

It writes likelihood.csv: domain, document, nats, bytes, tokens. Bits per byte = nats / bytes / ln 2. Another file of
that name is kept as likelihood.csv.old.
exit codes: 0 done; 1 failed; 2 wrong usage, reported before any work; 130 interrupted (Ctrl-C).
"""


class OwnText(NamedTuple):
    """A document that no model was trained on."""

    domain: str
    document: str
    text: str


class TextScore(NamedTuple):
    """The likelihood of a document; a row of `likelihood.csv`."""

    domain: str
    document: str
    nats: float
    bytes: int  # bytes in UTF-8
    tokens: int


def read_texts(path: Path) -> list[OwnText]:
    """The documents of a JSONL file. ConfigError, with the line, for one that is malformed or listed twice."""
    found: list[OwnText] = []
    lines: dict[tuple[str, str], int] = {}
    try:
        for number, line in enumerate(StringIO(path.read_text(encoding="utf-8")), 1):
            row = json.loads(line)
            text = OwnText(*(row[name] for name in OwnText._fields))
            if not all(isinstance(value, str) for value in text):
                raise ConfigError(f"--texts {path}, line {number}: domain, document and text must be strings")
            if not text.domain.strip() or not text.document.strip():
                raise ConfigError(f"--texts {path}, line {number}: domain and document must not be empty")
            first = lines.setdefault((text.domain, text.document), number)
            if first != number:
                named = f"document {text.document!r} of domain {text.domain!r}"
                raise ConfigError(
                    f"--texts {path}, line {number}: {named} is in line {first} too: give each its own name"
                )
            found.append(text)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"--texts {path} cannot be read: {error}") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        where = f"line {len(found) + 1}"
        raise ConfigError(
            f'--texts {path}, {where}: expected {{"domain": ..., "document": ..., "text": ...}}'
        ) from None
    if not found:
        raise ConfigError(f"--texts {path} holds no document")
    return found


@torch.no_grad()
def text_scores(
    model: T5, tokenizer: Tokenizer, rule: Denoising, texts: Sequence[OwnText], rows: int, bf16: bool = False
) -> Iterator[TextScore]:
    """The likelihood of each document under a model in eval mode, in order, `rows` pieces at a time.

    A document with fewer tokens than a row needs is skipped.
    """
    builder = replace(rule, pack=False).builder(tokenizer.vocabulary, VALIDATION_SEED)
    device = next(model.parameters()).device
    tokens = tokenizer.encode([text.text for text in texts])
    pieces = [(place, piece) for place, ids in enumerate(tokens) for piece in _pieces(ids, rule)]
    sums = torch.zeros(2, len(texts), dtype=torch.float64)  # nats, scored tokens
    for start in range(0, len(pieces), rows):
        places, drawn = zip(*pieces[start : start + rows], strict=True)
        batch = to_batch(trimmed(builder.finish(range(start, start + len(drawn)), drawn)), False).to(device)
        with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
            output = model(*batch, with_logits=True)
        assert output.logits is not None  # requested
        found = row_nll(output.logits, batch.targets, tokenizer.vocabulary)
        sums.index_add_(1, torch.tensor(places), torch.stack(found).cpu())
    for text, ids, nats, scored in zip(texts, tokens, *sums.tolist(), strict=True):
        if scored:
            size = len(text.text.encode("utf-8", "surrogatepass"))
            yield TextScore(text.domain, text.document, nats / scored * len(ids), size, len(ids))


def _pieces(ids: Tokens, rule: Denoising) -> list[Tokens]:
    chunk, least = rule.objective.lengths(rule.inputs_length).chunk, rule.objective.shortest
    pieces = [ids[start : start + chunk] for start in range(0, len(ids), chunk)]
    return [piece for piece in pieces if len(piece) >= least]


def likelihood_parser() -> Parser:
    """The options of `python -m model.likelihood`."""
    p = Parser("python -m model.likelihood", "Score your own texts by their likelihood under a trained model.", EPILOG)
    a = p.add_argument
    a("--run", type=utf8_path, required=True, metavar="DIR", help="a run of model.train")
    a("--texts", type=utf8_path, required=True, metavar="FILE", help="JSON Lines with domain, document and text")
    a("--output", type=utf8_path, required=True, metavar="DIR", help="folder for likelihood.csv")
    a("--checkpoint", type=utf8_path, metavar="DIR", help="(default: the newest good one)")
    a("--batch", type=whole(1, MOST_PIECES), default=32, metavar="N", help="pieces per batch (default: 32)")
    a("--device", default="cuda" if torch.cuda.is_available() else "cpu", metavar="NAME")
    a("--precision", choices=("fp32", "bf16"), default="fp32", help="(default: fp32)")
    return p


def parse_likelihood(argv: Sequence[str] | None) -> Namespace:
    """The options by their names. ConfigError for options that cannot work."""
    args = likelihood_parser().parse_args(argv)
    find_device(args.device)
    return args


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command. Returns the exit code."""
    return run_model("likelihood", lambda: _run(parse_likelihood(argv)))


def _put_scores(path: Path, content: bytes) -> None:
    """Writes the table. An existing file with other contents is renamed and kept."""
    if os.path.lexists(path) and not (path.is_file() and path.read_bytes() == content):
        say(f"note: {path} exists with other contents: kept as {put_aside(path).name}")
    put(path, content)


def _run(args: Namespace) -> int:
    if os.path.lexists(args.output) and not args.output.is_dir():
        raise ConfigError(f"--output {args.output} is not a folder: choose another one")
    texts = read_texts(args.texts)
    rule = read_settings(args.run).rule_of("")
    if not isinstance(rule, Denoising):
        raise ConfigError(
            f"--run {args.run} was trained on tasks, or on sentences with salient spans: name another run"
        )
    checkpoint, model, tokenizer = open_checkpoint(args.run, args.checkpoint, torch.device(args.device))
    scores = list(text_scores(model, tokenizer, rule, texts, args.batch, args.precision == "bf16"))
    args.output.mkdir(parents=True, exist_ok=True)
    _put_scores(args.output / LIKELIHOOD_FILE, head(TextScore._fields) + as_csv(scores))
    short = len(texts) - len(scores)
    left = f"; {many(short, 'document')} too short" if short else ""
    print(f"{checkpoint}: {many(len(scores), 'document')} into {args.output / LIKELIHOOD_FILE}{left}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
