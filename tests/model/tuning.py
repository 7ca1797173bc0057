"""Fine-tunings small enough for a test: two tasks of the words of `training.story`, and the real command."""

from __future__ import annotations

import json
from pathlib import Path

from model.finetune import main
from tests.model.training import WORDS, train, write_stories

SMALL = ("--batch", "8", "--inputs", "24", "--targets", "12", "--samples", "0", "--device", "cpu", "--no-tensorboard")
OFTEN = ("--eval-every", "3", "--keep", "1")


def write_tasks(folder: Path) -> tuple[str, str]:
    """Words for `--tasks`: SST-2 with train, validation and test as TSV, and questions with two splits as JSON lines.

    Which of two words a sentence has decides its label; an answer is the last word of its context.
    """
    moods, questions = folder / "sst2", folder / "questions"
    for place in (moods, questions):
        place.mkdir(parents=True)
    for split, size in (("train", 24), ("dev", 8), ("test", 5)):
        rows = [(f"the {WORDS[n % 20]} was {('grey', 'small')[n % 2]} {WORDS[n * 7 % 20]}", n % 2) for n in range(size)]
        lines = [f"{text}\t{label}" for text, label in rows] if split != "test" else [text for text, _ in rows]
        head = "sentence\tlabel" if split != "test" else "sentence"
        (moods / f"{split}.tsv").write_text("\n".join([head, *lines, ""]))
    for split, size in (("train", 16), ("validation", 6)):
        found = []
        for n in range(size):
            context = f"it was {WORDS[n * 3 % 20]} and {WORDS[n % 20]}"
            found.append({"question": "what was it", "context": context, "answers": {"text": [WORDS[n % 20]]}})
        (questions / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in found))
    return tasks_of(folder.parent)


def tune(run: Path, source: Path | None, tasks: tuple[str, ...], *arguments: str, steps: int = 4) -> int:
    """The command in this process; its exit code. Without a source a new tiny model."""
    return main(words_of_tuning(run, source, tasks, *arguments, steps=steps))


def words_of_tuning(run: Path, source: Path | None, tasks: tuple[str, ...], *arguments: str, steps: int) -> list[str]:
    """Its arguments."""
    start = ("--init-from", str(source)) if source else ("--model", "tiny", "--vocab-size", "90")
    return [*start, "--run", str(run), "--tasks", *tasks, "--steps", str(steps), *SMALL, *arguments]


def make_home(folder: Path) -> None:
    """A corpus, two tasks, a model that was trained for a step, and a fine-tuning of six that nothing disturbed."""
    folder.mkdir()
    tasks = write_tasks(folder / "tasks")
    write_stories(folder / "c4")
    assert train(folder / "c4", folder / "base", steps=1) == 0
    assert tune(folder / "straight", folder / "base", tasks, *both(folder), *OFTEN, steps=6) == 0


def both(home: Path) -> tuple[str, ...]:
    """Text beside the tasks, as many rows of it as of the questions."""
    return ("--unsupervised", f"{home / 'c4'}=16", "--languages", "en")


def tasks_of(home: Path) -> tuple[str, str]:
    return f"sst2={home / 'tasks/sst2'}", f"squad={home / 'tasks/questions'}"
