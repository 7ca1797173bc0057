"""The size and data of a study, and the kinds of runs that all studies use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from model.config import ModelConfig, find_size
from model.objectives import find_objective
from model.salient import corpus_rule
from model.study.planned import Load, PathIn, PlannedRun, Word, frozen_options

OBJECTIVE = "iid"  # the paper's baseline
PIECES = 2_048  # default pieces of a vocabulary, for the cost of a run

Changes = Mapping[str, "str | int | tuple[Word, ...] | None"]  # changes of options, by flag; None removes one
AS_IT_IS: Changes = {}


class Larger(NamedTuple):
    """A model with more weights."""

    model: str
    layers: int


class Scale(NamedTuple):
    """A size of a study: its options, and the numbers for its arms."""

    name: str
    model: str
    steps: int  # steps of pre-training
    batch: int
    inputs: int
    fine_steps: int
    fine_batch: int
    every: int  # fine-tuning steps between evaluations
    always: Mapping[str, tuple[str, ...]]  # options of each training
    fine: Mapping[str, tuple[str, ...]]  # options of each fine-tuning
    half: int  # layers of the smaller model
    larger: tuple[Larger, Larger]  # models with about 2 and 4 times the weights
    repeats: tuple[int, ...]  # numbers of repetitions of a data set
    widths: tuple[int, ...]  # widths of adapters
    limits: tuple[int, ...]  # limits on the examples that a task counts for
    limit: int  # the limit for studies that need just one


# Small enough for two cores: three minutes of pre-training teach no more English than half a minute.
TINY_STUDY = Scale(
    name="tiny",
    model="tiny",
    steps=120,
    batch=8,
    inputs=64,
    fine_steps=60,
    fine_batch=16,
    every=30,
    always={"--samples": ("0",), "--no-tensorboard": (), "--eval-documents": ("32",), "--keep": ("1",)},
    fine={"--inputs": ("64",), "--targets": ("16",), "--lr": ("0.01",)},
    half=2,
    larger=(Larger("tiny", 6), Larger("tiny", 12)),
    repeats=(4, 16, 64),
    widths=(8, 32, 128),
    limits=(50, 200, 800),
    limit=200,
)
# Raffel et al. 2020, 3.1: 2**19 steps of 128 x 512 tokens, 2**18 of fine-tuning, an evaluation every 5,000. Larger
# models: as recalled from 3.6, twice and four times the weights by t5-large's shape with 16 and 32 layers. Repeats:
# table
# 9. Adapters: table 10. Limits: table 11; the limit of table 12 is 2**19.
BASE_STUDY = Scale(
    name="base",
    model="t5-base",
    steps=2**19,
    batch=128,
    inputs=512,
    fine_steps=2**18,
    fine_batch=128,
    every=5_000,
    always={"--samples": ("0",), "--save-every": ("5000",)},
    fine={},
    half=6,
    larger=(Larger("t5-large", 16), Larger("t5-large", 32)),
    repeats=(64, 256, 1_024, 4_096),
    widths=(32, 128, 512, 2_048),
    limits=(2**16, 2**17, 2**18, 2**19, 2**20, 2**21),
    limit=2**19,
)
SCALES = {scale.name: scale for scale in (TINY_STUDY, BASE_STUDY)}


class TaskFacts(NamedTuple):
    """What is known about a word of `--tasks` before training."""

    digest: str  # digest of its files
    held_out: int  # examples answered at an evaluation
    inputs: int  # tokens, about
    targets: int


@dataclass(frozen=True)
class Setting:
    """The setting for the arms of a study. Corpora and tasks are named as on the command line."""

    scale: Scale
    steps: int
    fine_steps: int
    corpora: Mapping[str, Path] = field(hash=False)
    tasks: Mapping[str, TaskFacts] = field(hash=False)
    digests: Mapping[str, str] = field(hash=False)  # digests of corpora, by name

    @property
    def corpus(self) -> str:
        """The name of the corpus, for studies with one."""
        return next(iter(self.corpora))

    @property
    def chunk(self) -> int:
        """Tokens of text in a row of pre-training."""
        return find_objective(OBJECTIVE).lengths(self.scale.inputs).chunk

    def vocabulary(self) -> PlannedRun:
        """One vocabulary for all runs, as in the paper: the result of a training of one step."""
        options: Changes = {"--data": str(self.corpora[self.corpus]), "--model": self.scale.model, "--steps": 1}
        options = {**options, "--batch": self.scale.batch, "--inputs": self.scale.inputs, **self.scale.always}
        return self._planned("vocabulary", "train", options, (self.digests[self.corpus],), self._config(options))

    def pretrain(self, label: str, seed: int, changes: Changes = AS_IT_IS, corpus: str = "") -> PlannedRun:
        """A pre-training from scratch: the paper's baseline with changes."""
        corpus = corpus or self.corpus
        base: Changes = {
            "--data": str(self.corpora[corpus]),
            "--model": self.scale.model,
            "--objective": OBJECTIVE,
            "--steps": self.steps,
            "--batch": self.scale.batch,
            "--inputs": self.scale.inputs,
            "--eval-every": self.steps,
            "--tokenizer": (PathIn(self.vocabulary(), "tokenizer"),),
            "--seed": seed,
        }
        options = _merged(base, self.scale.always, changes)
        label = f"pretrain-{label}-seed{seed}"
        return self._planned(label, "train", options, (self.digests[corpus],), self._config(options))

    def finetune(
        self, label: str, seed: int, start: PlannedRun | None, words: tuple[str, ...], changes: Changes = AS_IT_IS
    ) -> PlannedRun:
        """A fine-tuning on tasks, from a run or new weights."""
        base: Changes = {
            "--tasks": words,
            "--steps": self.fine_steps,
            "--batch": self.scale.fine_batch,
            "--eval-every": min(self.scale.every, self.fine_steps),
            "--seed": seed,
        }
        if start:
            base = {**base, "--init-from": (PathIn(start),)}
        else:
            base = {**base, "--model": self.scale.model, "--tokenizer": (PathIn(self.vocabulary(), "tokenizer"),)}
        options = _merged(base, self.scale.always, self.scale.fine, changes)
        named = "-".join([label, *(word.partition("=")[0].replace("/", ".").replace(":", ".") for word in words)])
        config = start.load.config if start else self._config(options)
        config = replace(config, adapter=int(str(options.get("--adapter-width", config.adapter))))
        others = options.get("--evaluate", ())
        assert isinstance(others, tuple)
        files = [self.tasks[str(word)].digest for word in (*words, *others)]
        files += [self.digests[self.corpus]] if "--unsupervised" in options else []
        return self._planned(f"{named[:60]}-seed{seed}", "finetune", options, tuple(files), config)

    def together(
        self, label: str, seed: int, words: tuple[str, ...], rate: float | None, changes: Changes
    ) -> PlannedRun:
        """A multi-task training from new weights, with the text of the corpus at a rate in examples, or without.

        It has the combined steps of pre-training and fine-tuning, and the schedule of pre-training.
        """
        more: Changes = {
            "--steps": self.steps + self.fine_steps,
            "--batch": self.scale.batch,
            "--schedule": "inverse-sqrt",
            "--lr": "0.01",
            "--objective": OBJECTIVE if rate else None,
            "--unsupervised": f"{self.corpora[self.corpus]}={rate:g}" if rate else None,
            "--eval-every": min(self.steps, 3 * self.scale.every),
        }
        return self.finetune(label, seed, None, words, {**more, **changes})

    def ensemble(self, label: str, seed: int, members: tuple[PlannedRun, ...], word: str) -> PlannedRun:
        """The scores of an ensemble of fine-tuned runs, each at its best checkpoint, with averaged logits."""
        options: Changes = {
            "--run": (PathIn(members[0]),),
            "--ensemble": tuple(PathIn(member) for member in members[1:]),
            "--tasks": word,
            "--checkpoint": "best",
            "--split": "validation",
        }
        facts = self.tasks[word]
        load = replace(
            members[0].load, steps=0, answers=facts.held_out * len(members), asked=(facts.inputs, facts.targets)
        )
        name = f"{label}-{word.partition('=')[0].replace('/', '.').replace(':', '.')}"[:60]
        return PlannedRun(f"{name}-seed{seed}", "score", frozen_options(options), (facts.digest,), load)

    def scored(self, label: str, seed: int, run: PlannedRun, words: tuple[str, ...]) -> PlannedRun:
        """The scores of a fine-tuned run on tasks, including illegal answers, each at its best checkpoint."""
        options: Changes = {"--run": (PathIn(run),), "--tasks": words, "--checkpoint": "best", "--split": "validation"}
        facts = [self.tasks[word] for word in words]
        load = replace(run.load, steps=0, answers=sum(one.held_out for one in facts))
        named = "-".join([label, *(word.partition("=")[0].replace("/", ".") for word in words)])[:52]
        digests = tuple(one.digest for one in facts)
        return PlannedRun(f"{named}-scored-seed{seed}", "score", frozen_options(options), digests, load)

    def _planned(
        self, label: str, command: str, options: Changes, files: tuple[str, ...], config: ModelConfig
    ) -> PlannedRun:
        steps = int(str(options["--steps"]))
        words = options.get("--tasks", ())
        assert isinstance(words, tuple)  # as set by `finetune`
        facts = [self.tasks[str(word)] for word in words]
        asked = max((fact.inputs for fact in facts), default=1), max((fact.targets for fact in facts), default=1)
        inputs, targets = asked
        if "--objective" in options or not facts:
            inputs = self.scale.inputs
            objective = str(options.get("--objective", "span"))
            targets = corpus_rule(objective, None, None, None, "en", inputs, None, False).widths.targets
        looks = -(-steps // int(str(options.get("--eval-every", steps)))) + 1
        answers = looks * sum(fact.held_out for fact in facts)
        load = Load(config, steps, int(str(options["--batch"])), inputs, targets, answers, asked)
        return PlannedRun(label, command, frozen_options(options), files, load)

    def _config(self, options: Changes) -> ModelConfig:
        size = find_size(str(options.get("--model", self.scale.model)))
        vocab = PIECES if self.scale.name == "tiny" else size.vocab
        found = replace(size, vocab=vocab)
        if layers := options.get("--layers"):
            found = replace(found, layers=int(str(layers)), decoder_layers=int(str(layers)))
        if architecture := options.get("--architecture"):
            found = replace(found, architecture=str(architecture))  # type: ignore[arg-type]  # checked by it
        return found


def _merged(*parts: Changes) -> Changes:
    found = {flag: value for part in parts for flag, value in part.items()}
    return {flag: value for flag, value in found.items() if value is not None}
