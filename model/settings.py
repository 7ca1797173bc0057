"""Everything that a run of the trainer depends on, as one checked, frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from math import inf
from pathlib import Path
from typing import Any, NamedTuple

from c4pipe.command import refuse_idle
from c4pipe.mixture import Mixture
from c4pipe.text import many
from model.config import ModelConfig, find_size, padded_vocab
from model.errors import ConfigError
from model.methods import Method
from model.objectives import Vocabulary
from model.ranges import check_ranges
from model.salient import ALL_SPANS, SALIENT, TARGETS, SalientPairs, corpus_rule
from model.schedules import Schedule
from model.source import Denoising, TextToText
from model.tasks.salient import SalientSpans
from model.tokens import T5_SENTINELS

PRETRAINED = "pretrained"  # used like a size: that of the model in `--init-from`
ENDING = ("cosine", "linear")  # schedules with a floor
RATES = {"adafactor": 0.01, "adamw-scale": 0.02, "adamw": 0.001}  # T5's, nanoT5's, torch's default

# Settings of how, where or how long to run. All other settings must stay the same on resume.
CHANGEABLE = (
    *("run", "data", "resume", "force", "device", "workers", "accumulate", "compile", "parallel", "init_from"),
    *("tokenizer", "vocab_size", "sentinels", "log_every", "eval_every", "eval_documents", "samples", "save_every"),
    *("keep", "keep_every", "tensorboard", "tasks", "evaluate", "eval_examples"),
)

FORMER = ("eval_batches",)  # settings of earlier versions that did not affect training

# Settings without effect if there are no tasks.
OF_TASKS = (*("targets", "task_mixture", "task_limit", "task_temperature", "corpus_rates", "method", "adapter_width"),)


class TrainingScale(NamedTuple):
    """Settings that depend on the size of a model."""

    steps: int
    batch: int
    inputs: int
    vocab_size: int
    every: int  # steps between two evaluations, and two checkpoints


# `tiny` is for the samples: minutes on two cores. T5 and its 1.1: batch and lengths of Raffel et al. 2020, section
# 3.1.2; 2**16 steps are nanoT5's, an eighth of the paper's. mT5: Xue et al. 2021, section 3.2.
TINY = TrainingScale(steps=800, batch=8, inputs=128, vocab_size=2_000, every=200)
T5_SCALE = TrainingScale(steps=65_536, batch=128, inputs=512, vocab_size=32_000, every=1_000)
MT5_SCALE = TrainingScale(steps=1_000_000, batch=1_024, inputs=1_024, vocab_size=250_000, every=5_000)


def scale_of(model: str) -> TrainingScale:
    """The scale of a size of `model.config.SIZES`."""
    return TINY if model == "tiny" else MT5_SCALE if model.startswith("mt5-") else T5_SCALE


@dataclass(frozen=True)
class TrainSettings:
    """Checked when made: ConfigError for settings that cannot work. `complete` fills in what is not given."""

    run: Path
    data: tuple[Path, ...]
    model: str
    steps: int
    batch: int  # rows per step, over all processes
    inputs: int  # longest inputs, in tokens
    vocab_size: int  # pieces of a tokenizer trained here; so are `sentinels`
    lr: float
    eval_every: int
    save_every: int
    log_every: int
    precision: str
    compile: bool
    device: str
    workers: int = 0
    languages: tuple[str, ...] = ()  # configs of the corpora; empty: all
    mixture: str = "temperature"
    alpha: float | None = None
    temperature: float | None = None
    limit: int | None = None
    objective: str = "span"
    density: float | None = None
    mean_span: float | None = None
    spans: str | None = None  # a source of `SalientSpans`: sentences without one are skipped; None reads whole texts
    pack: bool = False
    tasks: tuple[str, ...] = ()  # NAME=PATH, see `model.tasks.naming`
    evaluate: tuple[str, ...] = ()  # the same for tasks that are scored but not trained on
    targets: int | None = None  # longest targets of tasks and of salient spans, in tokens
    task_mixture: str = "equal"
    task_limit: int | None = None
    task_temperature: float | None = None
    corpus_rates: tuple[float, ...] = ()  # for each of `data`, in examples; empty without tasks
    method: str = "all"
    adapter_width: int = 0
    architecture: str | None = None  # instead of the size's
    layers: int | None = None  # per stack, likewise
    dropout: float | None = None
    optimizer: str = "adafactor"
    schedule: str = "inverse-sqrt"
    warmup: int = 0
    floor: float = 0.0
    weight_decay: float = 0.0
    clip: float | None = None
    z_loss: float = 0.0
    seed: int = 0
    accumulate: int = 1  # parts into which a process splits its share of a batch
    parallel: str = "ddp"
    held_out: float = 0.0  # share of each entry's training documents held out for evaluation; 0: none
    first_tokens: int | None = None  # tokens of each entry that are repeated in training; None: all
    eval_documents: int = 1_000  # documents per entry
    eval_examples: int = 2_000  # per task, answered at an evaluation
    samples: int = 2  # infills per entry at each evaluation
    keep: int = 2
    keep_every: int = 0
    resume: str = "auto"  # auto, none, or a checkpoint
    force: bool = False
    init_from: Path | None = None
    tokenizer: Path | None = None
    sentinels: int = T5_SENTINELS
    tensorboard: bool = True

    def __post_init__(self) -> None:
        if self.precision == "fp16":
            raise ConfigError(
                "--precision fp16 is not supported: activations of a T5 exceed 65,504, the largest fp16 number, and "
                "the loss becomes NaN in every size above small. Use bf16, or fp32 without bf16 support."
            )
        check_ranges(vars(self))
        if self.batch % self.accumulate:
            raise ConfigError(
                f"a batch of {many(self.batch, 'row')} cannot be split into {self.accumulate} equal parts: use a "
                f"multiple of {self.accumulate}, or another --accumulate"
            )
        if self.resume not in ("auto", "none") and self.init_from:
            raise ConfigError("--init-from starts a run and --resume PATH continues one: give one of them")
        _ = self.method_value
        if self.tasks:
            self._check_tasks()
        self.rates(dict.fromkeys(self.languages or ("any",), 1))
        if self.data:
            _ = self.rule_of("en").widths
        if self.trains_tokenizer and self.data:
            self.rule_of("en").check(Vocabulary(self.vocab_size + self.sentinels, self.sentinels))
        if self.spans and self.first_tokens:
            raise ConfigError("--first-tokens needs whole texts, and --spans selects sentences: give one of them")
        if self.model != PRETRAINED and not self.config(1).has_encoder and self.pack:
            raise ConfigError(
                f"--pack needs an encoder, but --architecture {self.architecture} has none: leave one of them out"
            )
        _ = self.schedule_value

    def _check_tasks(self) -> None:
        _ = self.task_rule
        _ = self.task_mixture_value
        if len(self.corpus_rates) != len(self.data) or not all(0 < rate < inf for rate in self.corpus_rates):
            raise ConfigError(f"--unsupervised: expected a rate above 0 for each folder, got {self.corpus_rates}")

    @property
    def trains_tokenizer(self) -> bool:
        """Whether a new run trains its own tokenizer."""
        return not (self.tokenizer or self.init_from)

    @property
    def scored_tasks(self) -> tuple[str, ...]:
        """NAME=PATH of all tasks of the run."""
        return (*self.tasks, *self.evaluate)

    @property
    def task_rule(self) -> TextToText:
        """How the examples of tasks become rows."""
        assert self.targets is not None  # set if there are tasks
        return TextToText(self.inputs, self.targets, self.pack)

    @property
    def task_mixture_value(self) -> Mixture:
        return Mixture.parse(self.task_mixture, None, self.task_limit, self.task_temperature)

    @property
    def method_value(self) -> Method:
        return Method(self.method, self.adapter_width)

    def rule_of(self, entry: str) -> Denoising | SalientPairs:
        """How the texts of a corpus entry become rows; its config is the language for splitting sentences."""
        named = self.objective, self.density, self.mean_span, self.spans
        return corpus_rule(*named, entry.rpartition("/")[2], self.inputs, self.targets, self.pack)

    @property
    def spans_identity(self) -> dict[str, str | int] | None:
        """What decides which spans are salient; None if whole texts are read."""
        return SalientSpans(self.spans).settings() if self.spans is not None else None

    @property
    def schedule_value(self) -> Schedule:
        return Schedule(self.schedule, self.lr, self.steps, self.warmup, floor=self.floor)

    def rates(self, documents: Mapping[str, int]) -> dict[str, float]:
        """Each entry's share of the rows."""
        return Mixture.parse(self.mixture, self.alpha, self.limit, self.temperature).rates(documents)

    def config(self, ids: int) -> ModelConfig:
        """The model for a tokenizer with so many ids."""
        return self.changed(replace(find_size(self.model), vocab=padded_vocab(ids)))

    def changed(self, config: ModelConfig) -> ModelConfig:
        """A model changed as the settings say."""
        changes: dict[str, Any] = {"dropout": self.dropout, "architecture": self.architecture}
        changes |= {"layers": self.layers, "decoder_layers": self.layers, "adapter": self.adapter_width or None}
        return replace(config, **{key: value for key, value in changes.items() if value is not None})

    def fixed(self) -> dict[str, Any]:
        """What must stay the same to resume a run. Its length is free unless the training depends on it."""
        endless = self.schedule in ("constant", "inverse-sqrt") and self.method != "gradual"
        free = {*CHANGEABLE} | ({"steps"} if endless else set())
        free |= set() if self.tasks else {*OF_TASKS} - ({"targets"} if self.objective == SALIENT else set())
        found = {name: value for name, value in self.to_json().items() if name not in free}
        return found | {"spans": self.spans_identity}

    def to_json(self) -> dict[str, Any]:
        """Plain values; `from_json` restores the settings from them."""
        return {name: _plain(value) for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> TrainSettings:
        """From a run's `config.json`. ConfigError if a setting is missing or unknown: another version wrote it."""
        kinds = {field.name: str(field.type) for field in fields(cls)}
        try:
            return cls(**{name: _typed(kinds[name], value) for name, value in found.items() if name not in FORMER})
        except (KeyError, TypeError) as error:
            raise ConfigError(f"the run's settings are from another version of this trainer ({error})") from None


def complete(given: Mapping[str, Any], cuda: bool, cores: int) -> TrainSettings:
    """The given settings, with defaults for the model's size and the machine."""
    if "init_from" in given and "model" in given:
        raise ConfigError("--model names a size and --init-from implies one: give one of them")
    refuse_idle(
        {f"--{name.replace('_', '-')}" for name in given},
        (
            "--floor",
            given.get("schedule") in ENDING,
            f"only {' and '.join(ENDING)} have a final rate. Leave it out, or use --schedule {ENDING[0]}.",
        ),
        *(
            (
                option,
                not {"tokenizer", "init_from"} & {*given},
                f"the tokenizer exists and is not trained. Leave out {option}, or --tokenizer and --init-from.",
            )
            for option in ("--vocab-size", "--sentinels")
        ),
    )
    model = given.get("model", PRETRAINED if "init_from" in given else "tiny")
    if "model" in given:
        find_size(model)
    scale = scale_of(model)
    steps = given.get("steps", scale.steps)
    on_gpu = given.get("device", "cuda" if cuda else "cpu").startswith("cuda")
    defaults = {
        "model": model,
        "steps": steps,
        "batch": scale.batch,
        "inputs": scale.inputs,
        "vocab_size": scale.vocab_size,
        "lr": RATES.get(given.get("optimizer", "adafactor"), 0.0),
        "eval_every": scale.every,
        "save_every": scale.every,
        "log_every": 10 if on_gpu else 1,  # on a GPU, reading a loss waits for it
        "precision": "bf16" if on_gpu else "fp32",
        "compile": on_gpu,
        "device": "cuda" if on_gpu else "cpu",
        "workers": min(8, max(1, cores // 2)) if on_gpu else 0,
        **({"spans": ALL_SPANS, "targets": TARGETS} if given.get("objective") == SALIENT else {}),
    }
    return TrainSettings(**{**defaults, **given})


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, Path) else value


def _typed(kind: str, value: Any) -> Any:
    if kind.startswith("tuple[Path"):
        return tuple(map(Path, value))
    if kind.startswith("tuple"):
        return tuple(value)
    return Path(value) if kind.startswith("Path") and value is not None else value
