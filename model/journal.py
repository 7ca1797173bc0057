"""Everything that a run writes besides its checkpoints, kept in step with them; only the first process writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from torch import Tensor

from c4pipe.command import as_called
from c4pipe.disk import put_aside
from c4pipe.shards import EXPOSURE, Exposure, ExposureError, to_json
from c4pipe.text import many
from model.best import Best, best_scores
from model.config import ModelConfig
from model.cost import flops, parameters
from model.curve import draw_curve
from model.distributed import ProcessGroup
from model.errors import ConfigError, TrainError
from model.evaluate import ALL, Score
from model.log import Metrics, ProgressLine, TensorBoard
from model.run import BEST, CURVE, EVALS_FILE, METRICS_FILE, SAMPLES, TENSORBOARD, VALIDATION_FILE, say
from model.scoring import SCORE_COLUMNS, TaskScore
from model.settings import TrainSettings
from model.shelf import FOLDER, checkpoints, latest
from model.stream import Recipe
from model.sums import Mark, RunSums
from model.table import (
    EVAL_COLUMNS,
    METRIC_COLUMNS,
    Log,
    Row,
    Table,
    kept_rows,
    kept_samples,
    read_table,
    with_all_columns,
)


class Journal:
    """Tables, progress, samples and curve of a run that continues after step `last`, with `tokens` read."""

    def __init__(
        self, settings: TrainSettings, config: ModelConfig, last: int, tokens: int, group: ProcessGroup
    ) -> None:
        run, writes = settings.run, group.first
        self._run, self._model, self._writes = run, config.name, writes
        if not writes:
            self.metrics = Metrics(None, tokens)
            return
        self._sums = RunSums(run)
        parts = kept_parts(run, self._sums, last, bool(settings.tasks))
        self._sums.restart(last, {name: Mark.of(part) for name, part in parts.items()})
        put_trace_aside(run, self._sums, last)
        self._steps = Table(run / METRICS_FILE, METRIC_COLUMNS, parts[METRICS_FILE])
        self._evals = Table(run / EVALS_FILE, EVAL_COLUMNS, parts[EVALS_FILE])
        self._samples = Log(run / SAMPLES, parts[SAMPLES])
        self._scores = Table(run / VALIDATION_FILE, SCORE_COLUMNS, parts[VALIDATION_FILE]) if settings.tasks else None
        before = read_table(run / METRICS_FILE, METRIC_COLUMNS)
        self.metrics = Metrics(self._steps, tokens, float(before[-1]["seconds"]) if before else 0.0)
        self._progress = ProgressLine(settings.steps, last)
        self._board = TensorBoard(run / TENSORBOARD, last) if settings.tensorboard else None

    def step(self, step: int, lr: float, wait: float, numbers: Tensor) -> None:
        """See `Metrics.add`."""
        self.metrics.add(step, lr, wait, numbers)

    def look(self, waited: float) -> None:
        """Writes and shows the steps since the last call. TrainError for a loss or a gradient that is not finite."""
        rows = self.metrics.look()
        if self._writes:
            if self._board:
                self._board.steps(rows)
            self._progress.show(rows[-1], self.metrics.tokens, waited)
        _check_finite(rows[-1], self._run)

    def evaluated(self, step: int, scores: Sequence[Score], samples: str) -> None:
        """Writes an evaluation, and draws the curve so far."""
        rows = [_row(step, score) for score in scores]
        self._evals.add_rows(rows)
        self._samples.add(samples.encode())
        if self._board:
            self._board.evals(rows)
        if step:
            self.draw()
        overall = scores[-1]
        self.say(
            f"step {step:,}: validation loss {overall.loss:.3f} per token, {overall.bits:.3f} bits per byte, accuracy "
            f"{overall.accuracy:.1%}, unigram entropy {overall.unigram:.3f}"
        )

    def scored(self, step: int, scores: Sequence[TaskScore]) -> None:
        """Writes the scores of the tasks, and prints the first metric of each."""
        if not self._writes or not scores:
            return
        assert self._scores is not None  # set if there are tasks
        rows = [{"step": step, **score._asdict(), "value": f"{score.value:.6f}"} for score in scores]
        self._scores.add_rows(rows)
        firsts = {score.task: score for score in reversed(scores)}
        words = [f"{one.task} {one.metric} {one.value:.1f}" for one in reversed(firsts.values())]
        self.say(f"step {step:,}: {', '.join(words)}")

    def best(self) -> dict[str, Best]:
        """The best checkpoint of each task, which `best.json` then names. Call it when a checkpoint exists."""
        there = checkpoints(self._run)
        found = best_scores(read_table(self._run / VALIDATION_FILE, SCORE_COLUMNS), there)
        if found:
            named = {
                task: {**one._asdict(), "checkpoint": f"{FOLDER}/{there[one.step].name}"} for task, one in found.items()
            }
            self._sums.put(BEST, to_json(named))
        return found

    def draw(self) -> None:
        """Draws `loss.svg` from the tables."""
        if not self._writes:
            return
        self._sums.put(CURVE, draw_curve(*tables(self._run), f"{self._model}, {self._run.resolve().name}"))

    def say(self, text: str) -> None:
        """Prints a permanent line."""
        if self._writes:
            self._progress.say(text)

    def sync(self, step: int) -> None:
        """Flushes everything up to a step, with marks, to disk before its checkpoint appears."""
        if self._writes:
            logs: dict[str, Log] = {METRICS_FILE: self._steps, EVALS_FILE: self._evals, SAMPLES: self._samples}
            if self._scores:
                logs[VALIDATION_FILE] = self._scores
            for log in logs.values():
                log.sync()
            self._sums.mark(step, {name: log.mark for name, log in logs.items()}, checkpoints(self._run))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writes:
            for log in filter(None, (self._steps, self._evals, self._samples, self._scores)):
                log.close()
            self._progress.close()
            if self._board:
                self._board.close()


def kept_parts(run: Path, sums: RunSums, last: int, tasks: bool = False) -> dict[str, bytes]:
    """The part of each appended file up to step `last`, by name. Nothing is dropped silently.

    A file that changed since that step, has no mark for it, or has missing or damaged rows, is renamed and kept, and
    its readable part continues.
    """
    readers = {
        METRICS_FILE: lambda content: kept_rows(content, METRIC_COLUMNS, last),
        EVALS_FILE: lambda content: kept_rows(with_all_columns(content, EVAL_COLUMNS), EVAL_COLUMNS, last),
        SAMPLES: lambda content: (kept_samples(content, last), True),
    }
    if tasks:
        readers[VALIDATION_FILE] = lambda content: kept_rows(content, SCORE_COLUMNS, last)
    return {name: _kept_part(run / name, sums, last, read) for name, read in readers.items()}


def _kept_part(path: Path, sums: RunSums, last: int, read: Callable[[bytes], tuple[bytes, bool]]) -> bytes:
    content = path.read_bytes() if path.exists() else None
    mark = sums.marks(last).get(path.name)
    part = (content or b"")[: mark.size if mark else 0]
    if mark and Mark.of(part) == mark:
        return with_all_columns(part, EVAL_COLUMNS) if path.name == EVALS_FILE else part
    if content is None:
        if mark:
            say(f"note: {path} is missing; it restarts at step {last + 1:,}")
        return b""
    part, whole = read(content)
    if mark or not whole or (not last and sums.has_marks()):
        say(
            f"note: {path} is not what was written up to step {last:,}: kept as {put_aside(path).name}; the readable "
            "part is continued"
        )
    return part


def put_trace_aside(run: Path, sums: RunSums, last: int) -> None:
    """Renames a trace that covers steps after `last`, which are trained again and may read other pages."""
    path = run / EXPOSURE
    with suppress(ConfigError, ExposureError):  # there is none, or it is not trusted
        if (step := Exposure(run).step) > last:
            sums.forget(EXPOSURE)
            say(f"note: {path} tells of {many(step, 'step')}, not all of which remain: kept as {put_aside(path).name}")


def tables(run: Path) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """The rows of `metrics.csv` and `eval.csv`."""
    return read_table(run / METRICS_FILE, METRIC_COLUMNS), read_table(run / EVALS_FILE, EVAL_COLUMNS)


def _row(step: int, score: Score) -> Row:
    return {
        "step": step,
        "entry": score.entry,
        "loss": f"{score.loss:.9g}",
        "accuracy": f"{score.accuracy:.6f}",
        "tokens": score.tokens,
        "unigram": f"{score.unigram:.6f}",
        "bits_per_byte": f"{score.bits:.6f}",
    }


def _check_finite(row: Row, run: Path) -> None:
    if all(abs(float(row[name])) < float("inf") for name in ("loss", "norm")):
        return
    raise TrainError(
        f"the loss is {row['loss']} and the norm of the gradients {row['norm']} at step {row['step']}. "
        f"{last_good(run)}."
    )


def last_good(run: Path) -> str:
    """How to continue a run whose numbers are no longer finite."""
    good, _ = latest(run)
    if good is None:
        return "There is no earlier checkpoint: start again with a lower --lr, with --clip 1, or in fp32"
    return (
        f"The last good checkpoint is {good}: resume from it with --force and a lower --lr, with --clip 1, or in fp32"
    )


def run_summary(settings: TrainSettings, config: ModelConfig, recipe: Recipe, done: int) -> str:
    """The results for people; `done` steps were finished when the run started."""
    run, steps = settings.run, settings.steps
    metrics, evals = tables(run)
    count = parameters(config) / 1e6
    lines = [f"{run}: {many(steps, 'step')}, {config.name}, {count:,.1f} M parameters"]
    if done == steps:
        lines[0] += "; all were already done: --steps N trains further"
    if metrics:
        last = [float(row["loss"]) for row in metrics[-10:]]
        mean = f"{sum(last) / len(last):.3f} (mean of {many(len(last), 'last step')})"
        lines.append(f"  training    loss {float(metrics[0]['loss']):.3f} -> {mean}")
    for row in _last_of(evals):
        of = row["entry"]
        lines.append(
            f"  validation  loss {float(row['loss']):.3f} (unigram entropy {float(row['unigram']):.3f}), "
            f"{float(row['bits_per_byte']):.3f} bits per byte, accuracy {float(row['accuracy']):.1%}, "
            f"over {many(int(row['tokens']), 'target token')}{', all together' if of == ALL else f' of {of}'}"
        )
    if len(metrics) > 1 and (seconds := float(metrics[-1]["seconds"]) - float(metrics[0]["seconds"])) > 0:
        tokens = int(metrics[-1]["tokens"]) - int(metrics[0]["tokens"])
        rate = flops(config, *recipe.widths) * settings.batch * (len(metrics) - 1) / seconds / 1e12
        lines.append(
            f"  speed       {tokens / seconds:,.0f} input tokens/s, {rate:,.3g} TFLOP/s, including evaluation and "
            "saving"
        )
    if (run / VALIDATION_FILE).exists():
        best = best_scores(read_table(run / VALIDATION_FILE, SCORE_COLUMNS), checkpoints(run))
        lines += [f"  {task:<11} {one.line}" for task, one in best.items()]
    lines += [f"  checkpoint  {latest(run)[0]}", f"  curve       {run / CURVE}", f"  samples     {run / SAMPLES}"]
    if config.adapter:
        lines.append(
            "  adapters    this trainer reads them; transformers' T5ForConditionalGeneration silently drops them"
        )
    follows = f"score --run {run}" if settings.tasks else f'generate --run {run} "A text with a <extra_id_0> in it."'
    lines += ["", *_last_samples(run), "", as_called(f"python -m model.{follows}")]
    return "\n".join(lines)


def _last_samples(run: Path) -> list[str]:
    """The infills of the last evaluation."""
    if not (run / SAMPLES).exists():
        return []
    lines = (run / SAMPLES).read_text(encoding="utf-8", errors="replace").splitlines()
    heads = [number for number, line in enumerate(lines) if line.startswith("== ")]
    steps = [lines[number].partition(",")[0] for number in heads]
    return lines[heads[steps.index(steps[-1])] :] if heads else []


def _last_of(evals: Sequence[Mapping[str, str]]) -> list[Mapping[str, str]]:
    """The rows of the last evaluation: of all together, and of each entry if there are several."""
    rows = [row for row in evals if row["step"] == evals[-1]["step"]]
    return rows if len(rows) > 2 else rows[-1:]
