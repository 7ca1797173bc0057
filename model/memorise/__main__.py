"""Prompts trained models for passages of their corpora, grouped by number of occurrences. See `--help`.

python -m model.memorise --run out/t5 --data out/c4
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from c4pipe.scratch import scratch
from c4pipe.shards import sha256_of, to_json
from c4pipe.text import many
from model.command import run_model
from model.disk import locked_folder, put
from model.errors import ConfigError
from model.memorise.arguments import parse_memorise
from model.memorise.arms import AskedFor, AskedRun, CorpusStanding, check_arm, find_passages, open_arm, run_labels
from model.memorise.asking import WRITING, PassageQuestion, ask_passages
from model.memorise.curve import AskedPassage, csv_table, points
from model.memorise.report import (
    ASKED_TABLE,
    CURVE_PICTURE,
    CURVE_TABLE,
    MEMORISE_REPORT,
    ShownPassage,
    write_extraction,
)
from model.memorise.samples import SAMPLE_TABLE, write_samples
from model.run import say
from model.shelf import CHECKPOINT_SUMS
from model.study.price import span

MEMORISE_TITLE, ANSWERS_KEPT, MEMORISE_LOCK = "memorise.json", "answers", ".lock"
TIMED = 4  # passages tested to estimate the total time
EXAMPLES = 5  # reproduced passages shown in the report


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command. Returns the exit code."""
    return run_model(
        "memorise", lambda: _run(parse_memorise(argv)), "interrupted. Run the same command again for what is left."
    )


def _run(args: Namespace) -> int:
    runs = [*zip(args.run, args.data, strict=True), *([(args.control, None)] if args.control else [])]
    settings = [check_arm(run, data) for run, data in runs]
    _check_out(args.out)
    labels = run_labels([run for run, _ in runs], bool(args.control))
    arms = [open_arm(one, label, data, args) for one, label, (_, data) in zip(settings, labels, runs, strict=True)]
    if args.samples:
        _check_writers(arms[0], args)
    with scratch("memorise") as folder:
        passages = find_passages(args, folder)
    questions = [_questions(arm, passages) for arm in arms]
    print(_cost(arms, questions), flush=True)
    if args.dry_run:
        return 0
    with locked_folder(args.out, MEMORISE_LOCK, "--out", "is in use by another memorise command. Wait for it."):
        put(args.out / MEMORISE_TITLE, to_json({"asks": labels}))
        (args.out / ANSWERS_KEPT).mkdir(exist_ok=True)
        rows: list[AskedPassage] = []
        examples: list[ShownPassage] = []
        for arm, mine in zip(arms, questions, strict=True):
            answers = _answers(args.out, arm, mine)
            rows += [_row(arm, passages[number], answers[number][:2]) for number in sorted(answers)]
            examples += _examples(arm, passages, answers)
        put(args.out / ASKED_TABLE, csv_table(AskedPassage._fields, rows))
        write_extraction(args.out, points(rows), examples, args.data[0], args.counts)
        if args.samples:
            write_samples(args, arms[0])
    names = (MEMORISE_REPORT, CURVE_PICTURE, CURVE_TABLE, ASKED_TABLE, *([SAMPLE_TABLE] if args.samples else []))
    print(f"{args.out}: {', '.join(names)}")
    return 0


def _check_writers(arm: AskedRun, args: Namespace) -> None:
    """ConfigError if samples, or their ranks, are requested from a run that cannot generate free text."""
    if not arm.asking.continues:
        raise ConfigError(f"--samples: {args.run[0]} fills gaps and does not write free text. Leave it out.")
    if args.smaller and check_arm(args.smaller, None).objective not in WRITING:
        raise ConfigError(
            f"--smaller {args.smaller} is not a language model, so it cannot rank texts. Name another model."
        )


def _check_out(out: Path) -> None:
    """ConfigError for a folder that has files and is not ours."""
    if out.exists() and not out.is_dir():
        raise ConfigError(f"--out {out} is not a folder. Name another one.")
    if out.is_dir() and os.listdir(out) not in ([], [MEMORISE_LOCK]) and not (out / MEMORISE_TITLE).is_file():
        raise ConfigError(
            f"--out {out} holds files that were not written by memorise: name another folder, or move them."
        )


def _questions(arm: AskedRun, passages: Sequence[AskedFor]) -> dict[int, PassageQuestion]:
    """Questions by number of the passage; passages too short for the run are skipped."""
    tokens = arm.tokenizer.encode([one.passage.text for one in passages])
    every = (
        (number, arm.asking.question(ids, one.passage.key, arm.tokenizer.vocabulary))
        for number, (ids, one) in enumerate(zip(tokens, passages, strict=True))
    )
    return {number: question for number, question in every if question is not None}


def _cost(arms: Sequence[AskedRun], questions: Sequence[dict[int, PassageQuestion]]) -> str:
    """What each run is asked, with an estimate of the time from a few questions."""
    lines, seconds = [], 0.0
    for arm, mine in zip(arms, questions, strict=True):
        sample = [*mine.values()][:: max(1, len(mine) // TIMED)][:TIMED]
        began = time.perf_counter()
        for _ in ask_passages(arm.model, arm.tokenizer, sample):
            pass
        takes = (time.perf_counter() - began) * len(mine) / max(1, len(sample)) / TIMED  # a batch shares its steps
        seconds += takes
        what = (
            f"to continue with up to {arm.asking.tokens} tokens"
            if arm.asking.continues
            else "to restore what is hidden"
        )
        asked = sum(len(question.answer) for question in mine.values())
        lines.append(f"  {arm.label}: {many(len(mine), 'passage')} {what}, {asked:,} tokens, about {span(takes)}")
    return "\n".join([f"asks {many(len(arms), 'run')}, about {span(seconds)} in all:", *lines])


def _answers(out: Path, arm: AskedRun, questions: dict[int, PassageQuestion]) -> dict[int, tuple[int, int, str]]:
    """(tokens asked, tokens correct, output) by number of the passage. Results are cached, except the output, which may
    hold text that nobody should read.
    """
    path = out / ANSWERS_KEPT / f"{arm.label.replace('/', '_')}.json"
    asked = hashlib.sha256(repr([(n, [*one.inputs], [*one.answer]) for n, one in questions.items()]).encode())
    identity = {"checkpoint": sha256_of(arm.folder / CHECKPOINT_SUMS), "questions": asked.hexdigest()}
    known = _kept(path, identity)
    if known is not None:
        say(f"note: {arm.label} was already asked the same: {path}")
        return known
    numbers = [*questions]
    answers = {
        numbers[place]: (found.asked, found.right, written)
        for place, found, written in ask_passages(arm.model, arm.tokenizer, [*questions.values()])
    }
    put(path, to_json({"of": identity, "answers": [[n, *answers[n][:2]] for n in sorted(answers)]}))
    return answers


def _kept(path: Path, identity: dict[str, str]) -> dict[int, tuple[int, int, str]] | None:
    try:
        found: Any = json.loads(path.read_bytes())
        if found["of"] == identity:
            return {int(number): (int(asked), int(right), "") for number, asked, right in found["answers"]}
    except (OSError, ValueError, KeyError, TypeError):
        pass  # it is asked again, and rewritten
    return None


def _row(arm: AskedRun, one: AskedFor, answer: tuple[int, int]) -> AskedPassage:
    asked, right = answer
    standing = one.there[arm.data] if arm.data else CorpusStanding(0, 0, ())
    readings = arm.readings.of(arm.data, standing.places) if arm.readings and arm.data else 0
    passage = one.passage
    return AskedPassage(
        arm.label, passage.key, passage.copies, standing.copies, readings, asked, right, int(asked == right)
    )


def _examples(
    arm: AskedRun, passages: Sequence[AskedFor], answers: dict[int, tuple[int, int, str]]
) -> list[ShownPassage]:
    """The most frequent of the reproduced passages, and at least as many of the least frequent."""
    whole = [number for number, (asked, right, _) in answers.items() if asked == right]
    whole.sort(key=lambda number: -passages[number].passage.copies)
    chosen = dict.fromkeys([*whole[:EXAMPLES], *whole[-EXAMPLES:]])
    return [ShownPassage(arm.label, passages[n].passage.copies, passages[n].passage.text) for n in chosen]


if __name__ == "__main__":
    sys.exit(main())
