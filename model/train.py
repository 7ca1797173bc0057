"""Trains a T5: settings -> data, model, optimizer -> one loop -> a folder that transformers loads. See `--help`.

    python -m model.train --data out/c4 --run out/t5 --model tiny

If it stops, for whatever reason, the same command resumes it, with the same results as without the interruption.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim import Optimizer

from c4pipe.languages.named import renamings
from c4pipe.mixture import derive_key
from model.arguments import parse_train
from model.beforehand import check_beforehand
from model.checkpoint import Checkpoint, save_checkpoint
from model.command import run_model
from model.compiling import keep_machine_code_private
from model.corpus import find_entries
from model.data import Batch, Batches, merge_states
from model.distributed import ProcessGroup, full_tensors, process_group, replicated, restore_optimizer
from model.dry_run import predict
from model.errors import TrainError
from model.evaluate import evaluate
from model.examples import rule_for, score_run_task
from model.generate import infills
from model.ids import EOS, IGNORED, PAD
from model.journal import Journal, last_good, run_summary
from model.optim import clip_gradients, make_optimizer, set_lr
from model.run import check_task_files, held, write_config
from model.settings import TrainSettings
from model.shelf import prune
from model.start import Data, open_data, open_model, open_start
from model.stopping import Stop
from model.t5 import T5


class Run(NamedTuple):
    """The parts of a running training."""

    settings: TrainSettings
    group: ProcessGroup
    data: Data
    model: T5
    optimizer: Optimizer
    batches: Batches
    journal: Journal


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command. Returns the exit code."""
    return run_model(
        "train",
        lambda: run_training(*parse_train(argv)),
        "interrupted. Run the same command again to resume from the newest checkpoint, if there is one.",
    )


def run_training(settings: TrainSettings, dry: bool) -> int:
    """Trains, or prints a preview of a training. Returns the exit code."""
    check_beforehand(settings)
    if dry:
        print(predict(settings))
        return 0
    return train(settings)


def train(settings: TrainSettings) -> int:
    """Trains up to the last step, or until a signal. Returns the exit code."""
    found = find_entries(settings.data, "train", settings.languages) if settings.data else {}
    if settings.compile:
        keep_machine_code_private()
    with ExitStack() as stack:
        group = stack.enter_context(process_group(settings.device))
        stack.enter_context(held(settings.run) if group.first else nullcontext())
        for line in renamings(settings.languages, found) if group.first else ():
            print(line, file=sys.stderr)
        start = open_start(settings, group)
        data = open_data(settings, group)
        done, tokens = (start.step, start.training["tokens"]) if start else (0, 0)
        model = open_model(settings, data, start, group)
        optimizer = make_optimizer(settings.optimizer, model, settings.lr, settings.weight_decay)
        schedule = settings.schedule_value
        # A compiled model needs a fixed shape.
        parts = group.rank, group.ranks, settings.workers
        batches = stack.enter_context(Batches(data.recipe, settings.batch, *parts, trim=not settings.compile))
        if start:
            restore_optimizer(optimizer, start.training["optimizer"])
            batches.restore(start.position)
        if group.first:
            files = {one.task.name: one.files for one in data.tasks}
            if start and not settings.force:
                check_task_files(settings.run, files)
            write_config(settings, model.config, data.recipe.entries, data.recipe.tokenizer.fingerprint, files)
        journal = stack.enter_context(Journal(settings, model.config, done, tokens, group))
        run = Run(settings, group, data, model, optimizer, batches, journal)
        if settings.compile:
            model.compile(dynamic=False)  # compiles only the model's call: its methods and weights stay unchanged
        called = model if settings.parallel == "fsdp" else replicated(model, group)
        stop = stack.enter_context(Stop())

        if not done and data.held_out:
            look_at_held_out(run, 0)  # the baseline before training
        for step in range(done + 1, settings.steps + 1):
            torch.manual_seed(derive_key(settings.seed, "dropout", step, group.rank))
            set_lr(optimizer, lr := schedule(step - 1))
            waited = batches.waited
            batch = next(batches).to(group.device)
            loss, targets = backward(run, called, batch)
            settings.method_value.freeze(model, model.config, step, settings.steps)
            norm = clip_gradients(model.parameters(), settings.clip)
            optimizer.step()
            optimizer.zero_grad()
            ours = [loss, (batch.inputs != PAD).sum(), loss.new_full((), bool(stop.signal))]
            loss, read, stopping = group.total(torch.stack(ours)).unbind()
            numbers = torch.stack([loss / targets, norm, targets, read, stopping])
            journal.step(step, lr, batches.waited - waited, numbers)

            last = step == settings.steps
            evaluates, saves = (last or step % every == 0 for every in (settings.eval_every, settings.save_every))
            asked = stop.signal and group.ranks == 1  # ranks may receive it at different steps: they check together
            if evaluates or saves or asked or step % settings.log_every == 0:
                journal.look(batches.waited)
            if evaluates and data.held_out:
                look_at_held_out(run, step)
            if saves or journal.metrics.stopped:
                save(run, step)
            if journal.metrics.stopped and not last:
                journal.say(
                    f"train: stopped after step {step:,}, which is saved. Run the same command again to resume."
                )
                return 128 + (stop.signal or signal.SIGTERM)
        journal.draw()
        if group.first:
            print(run_summary(settings, model.config, data.recipe, done))
    return 0


def backward(run: Run, called: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
    """Adds the gradients of a batch. Returns the summed loss of this rank's rows, and the number of targets of all
    ranks.

    The loss is a mean over the targets of the whole batch, however it is split into parts and ranks: each part's sum is
    divided by the total number of targets. Ranks average their gradients, so each is multiplied by `ranks`.
    """
    settings, group = run.settings, run.group
    targets = group.total((batch.targets != IGNORED).sum())
    loss = torch.zeros((), device=group.device)
    parts = in_parts(batch, settings.accumulate)
    for number, part in enumerate(parts, 1):
        with exchanged(called, number == len(parts)):
            with torch.autocast(group.device.type, torch.bfloat16, enabled=settings.precision == "bf16"):
                output = called(*part)
            (output.loss * (group.ranks / targets)).backward()
        loss += output.nll
    return loss, targets


def in_parts(batch: Batch, count: int) -> list[Batch]:
    """A batch split into `count` equal ones."""
    columns = [[None] * count if ids is None else ids.chunk(count) for ids in batch]
    return [Batch(*ids) for ids in zip(*columns, strict=True)]


@contextmanager
def exchanged(called: nn.Module, now: bool) -> Iterator[None]:
    """Sets whether gradients are exchanged with other ranks, or accumulated here first."""
    if not isinstance(called, DistributedDataParallel) and hasattr(called, "set_requires_gradient_sync"):  # FSDP2
        called.set_requires_gradient_sync(now)  # type: ignore[operator]
    with called.no_sync() if isinstance(called, DistributedDataParallel) and not now else nullcontext():
        yield


def look_at_held_out(run: Run, step: int) -> None:
    """Evaluates, and writes the scores and some infills."""
    settings, group, recipe, model = run.settings, run.group, run.data.recipe, run.model
    model.eval()
    sharded = settings.parallel == "fsdp"
    # Without compiling if possible: compiling again for other shapes would cost more than it saves.
    forward = model if sharded else model.forward
    rows = settings.batch // settings.accumulate
    scores = evaluate(forward, recipe, run.data.held_out, rows, group, settings.precision == "bf16")
    if group.first:
        # Sharded models are gathered only in their forward pass, which generation does not use.
        shown = [one.source for one in run.data.held_out] if step and settings.samples and not sharded else []
        blocks = [f"== step {step}, {one.entry.name}\n{infills(model, recipe, one, settings.samples)}" for one in shown]
        run.journal.evaluated(step, scores, "".join(blocks))
    bf16, most = settings.precision == "bf16", settings.eval_examples
    told = [
        score_run_task(one, model, run.data.tokenizer, rule_for(settings, one.task), most, group, bf16)
        for one in run.data.tasks
    ]
    run.journal.scored(step, [score for scores in told for score in scores])
    model.train()


def save(run: Run, step: int) -> None:
    """Writes a checkpoint, and removes old ones. TrainError for weights that are not finite."""
    settings, group, config = run.settings, run.group, run.model.config
    weights = full_tensors(run.model.state_dict())
    training = {"optimizer": full_tensors(run.optimizer.state_dict()), "tokens": run.journal.metrics.tokens}
    positions = group.gathered(run.batches.state())
    if group.first:
        if spoilt := [name for name, weight in weights.items() if not weight.isfinite().all()]:
            raise TrainError(f"{spoilt[0]} is not finite after step {step:,}. {last_good(settings.run)}.")
        run.journal.sync(step)
        position, fixed = merge_states(positions), settings.fixed()
        found = Checkpoint(step, weights, config.to_hf(), SPECIAL_IDS, training, position, fixed)
        save_checkpoint(settings.run, found, run.data.tokenizer.files())
        best = run.journal.best() if run.data.tasks else {}
        prune(settings.run, settings.keep, settings.keep_every, {one.step for one in best.values()})
    group.wait()


SPECIAL_IDS = {"pad_token_id": PAD, "eos_token_id": EOS, "decoder_start_token_id": PAD}


if __name__ == "__main__":
    sys.exit(main())
