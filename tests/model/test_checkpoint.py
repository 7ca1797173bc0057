"""The contents of a checkpoint; a kill at any moment loses none, and transformers can load it."""

from __future__ import annotations

import hashlib
import json
import os
import random
import resource
import shutil
import signal
import sys
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from model.checkpoint import Checkpoint, changed_settings, check_settings, load_checkpoint, save_checkpoint
from model.errors import ConfigError, TrainError
from model.shelf import checkpoint_faults, latest, prune, unfinished, which_to_delete

Tokenizer = dict[str, bytes]  # files by name
CONFIG = {"model_type": "t5", "tie_word_embeddings": True, "scale_decoder_outputs": True}
FILES = [
    "config.json",
    "generation_config.json",
    "model.safetensors",
    "sha256.json",
    "spiece.model",
    "state.json",
    "tokenizer.json",
    "training.pt",
]


def checkpoint(step: int, salt: int = 0, **changes: Any) -> Checkpoint:
    """One that is a function of the step and a salt."""
    optimizer = {"state": {0: {"row": torch.full((3, 1), step + 0.5)}}, "param_groups": [{"lr": 0.1, "betas": (0, 1)}]}
    parts = {
        "weights": {"shared.weight": torch.full((4, 2), float(step)), "norm": torch.full((2,), float(salt))},
        "config": CONFIG,
        "generation": {"decoder_start_token_id": 0},
        "training": {"optimizer": optimizer, "random": torch.arange(5, dtype=torch.uint8)},
        "position": {"row": step * 128, "lanes": {"en": [[0, 1, 2]]}},
        "settings": {"optimizer": {"lr": 0.01, "betas": [0.9, 0.999]}, "data": "sha256:12"},
    }
    return Checkpoint(step=step, **(parts | changes))


@pytest.fixture
def tokenizer() -> Tokenizer:
    return {"spiece.model": b"\x00pieces", "tokenizer.json": b"{}"}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    return folder


def names(run: Path) -> list[str]:
    return sorted(path.name for path in (run / "checkpoints").iterdir())


def same(one: Checkpoint, other: Checkpoint) -> bool:
    """Equal in every part, tensors included."""
    return plain(vars(one)) == plain(vars(other))


def plain(value: Any) -> Any:
    match value:
        case dict():
            return {key: plain(one) for key, one in value.items()}
        case list() | tuple():
            return [type(value).__name__, *map(plain, value)]
        case Tensor():
            return str(value.dtype), value.tolist()
        case _:
            return value


def test_a_checkpoint_is_a_folder_of_these_files(run: Path, tokenizer: Tokenizer) -> None:
    folder = save_checkpoint(run, checkpoint(500), tokenizer)
    assert folder == run / "checkpoints" / "step-00000500"
    assert sorted(path.name for path in folder.iterdir()) == FILES
    assert json.loads((folder / "config.json").read_bytes()) == CONFIG
    assert (folder / "spiece.model").read_bytes() == b"\x00pieces"
    state = json.loads((folder / "state.json").read_bytes())
    assert [state["step"], state["position"]["row"], state["settings"]["data"]] == [500, 64_000, "sha256:12"]
    assert state["versions"]["torch"] == torch.__version__
    sums = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in FILES if name != "sha256.json"}
    assert json.loads((folder / "sha256.json").read_bytes()) == sums


def test_what_is_saved_is_loaded(run: Path, tokenizer: Tokenizer) -> None:
    assert same(load_checkpoint(save_checkpoint(run, checkpoint(7), tokenizer)), checkpoint(7))


def test_the_same_state_is_the_same_bytes(run: Path, tmp_path: Path, tokenizer: Tokenizer) -> None:
    (tmp_path / "other").mkdir()
    one, other = (
        save_checkpoint(run, checkpoint(7), tokenizer),
        save_checkpoint(tmp_path / "other", checkpoint(7), tokenizer),
    )
    assert (one / "sha256.json").read_bytes() == (other / "sha256.json").read_bytes()


def test_copies_of_the_embedding_and_a_tied_head_are_not_written(run: Path, tokenizer: Tokenizer) -> None:
    table = torch.ones(4, 2)
    copies = ("encoder.embed_tokens.weight", "decoder.embed_tokens.weight", "lm_head.weight")
    weights = {"shared.weight": table} | dict.fromkeys(copies, table)
    assert {*load_checkpoint(save_checkpoint(run, checkpoint(1, weights=weights), tokenizer)).weights} == {
        "shared.weight"
    }
    untied = checkpoint(2, weights=weights, config={"tie_word_embeddings": False})
    assert {*load_checkpoint(save_checkpoint(run, untied, tokenizer)).weights} == {"shared.weight", "lm_head.weight"}


def test_weights_that_share_memory_are_written_twice(run: Path, tokenizer: Tokenizer) -> None:
    """Encoder and decoder of the shared architecture, and a transposed view."""
    table = torch.arange(6.0).reshape(3, 2)
    weights = {"shared.weight": torch.ones(1), "a": table, "b": table, "c": table.T}
    found = load_checkpoint(save_checkpoint(run, checkpoint(1, weights=weights), tokenizer)).weights
    assert plain(dict(found)) == plain(weights)


def test_a_training_state_that_cannot_be_read_back_is_a_bug_found_at_once(run: Path, tokenizer: Tokenizer) -> None:
    with pytest.raises(TypeError, match=r"tensors and plain values only, not pathlib\.(_local\.)?PosixPath"):
        save_checkpoint(run, checkpoint(1, training={"path": Path("x")}), tokenizer)
    assert names(run) == []


def test_a_full_disk_leaves_the_last_checkpoint_and_says_what_to_do(run: Path, tokenizer: Tokenizer) -> None:
    """By a limit on the size of files, as each of the three writers meets it."""
    save_checkpoint(run, checkpoint(1), tokenizer)
    large = {"shared.weight": torch.zeros(5000)}
    for number, changes in enumerate(({"weights": large}, {"training": large}, {"position": {"row": "1" * 20_000}})):
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
        try:
            with pytest.raises(TrainError, match=r"step-0000000\d cannot be written .* Free space, then resume"):
                save_checkpoint(run, checkpoint(2 + number, **changes), tokenizer)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert names(run) == ["step-00000001"]


def test_saving_a_step_again_replaces_it(run: Path, tokenizer: Tokenizer) -> None:
    save_checkpoint(run, checkpoint(1, salt=1), tokenizer)
    assert same(load_checkpoint(save_checkpoint(run, checkpoint(1, salt=2), tokenizer)), checkpoint(1, salt=2))
    assert names(run) == ["step-00000001"]


def test_a_run_without_checkpoints_has_no_latest(run: Path) -> None:
    assert latest(run) == (None, [])
    assert latest(run / "absent") == (None, [])


def flip(path: Path) -> None:
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    path.write_bytes(damaged)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-2])


DAMAGES: list[tuple[str, Callable[[Path], None], str]] = [
    *((name, flip, f"{name} does not match sha256.json") for name in FILES if name not in ("sha256.json",)),
    ("model.safetensors", cut, "model.safetensors does not match sha256.json"),
    ("training.pt", Path.unlink, "training.pt is missing"),
    ("spiece.model", Path.unlink, "spiece.model is missing"),
    ("sha256.json", Path.unlink, "sha256.json is missing"),
    ("sha256.json", cut, "sha256.json cannot be read"),
    ("sha256.json", lambda path: path.write_text("3"), "sha256.json cannot be read"),
    ("sha256.json", lambda path: path.write_text("{}"), "config.json does not match sha256.json; generation"),
]


@pytest.mark.parametrize(("name", "damage", "fault"), DAMAGES)
def test_a_damaged_checkpoint_is_named_and_passed_over(
    name: str, damage: Callable[[Path], None], fault: str, run: Path, tokenizer: Tokenizer
) -> None:
    good, bad = save_checkpoint(run, checkpoint(9), tokenizer), save_checkpoint(run, checkpoint(10), tokenizer)
    assert latest(run) == (bad, [])
    damage(bad / name)
    found, notes = latest(run)
    assert found == good
    assert [note.startswith(f"{bad} is damaged and skipped: {fault}") for note in notes] == [True]
    with pytest.raises(TrainError) as raised:
        load_checkpoint(bad)
    assert str(raised.value).startswith(f"{bad} is damaged: {fault}")


def test_what_a_cut_off_save_left_is_told_and_cleared_by_the_next(run: Path, tokenizer: Tokenizer) -> None:
    save_checkpoint(run, checkpoint(1), tokenizer)
    rest = run / "checkpoints" / ".step-00000002.tmp"
    shutil.copytree(run / "checkpoints" / "step-00000001", rest)
    (rest / ".tmpa1B2c3").touch()  # of safetensors
    assert latest(run) == (run / "checkpoints" / "step-00000001", [])
    assert unfinished(run) == [f"{rest} is left over from an interrupted save or removal"]
    save_checkpoint(run, checkpoint(3), tokenizer)
    assert names(run) == ["step-00000001", "step-00000003"]


def test_a_checkpoint_put_aside_counts_until_a_new_one_is_there(run: Path, tokenizer: Tokenizer) -> None:
    """A kill between two renames leaves it under that name."""
    folder = save_checkpoint(run, checkpoint(1), tokenizer)
    aside = folder.rename(folder.with_name(".step-00000001.old"))
    assert latest(run) == (aside, [])
    assert same(load_checkpoint(aside), checkpoint(1))
    save_checkpoint(run, checkpoint(2), tokenizer)
    assert names(run) == ["step-00000001", "step-00000002"]
    shutil.copytree(folder, aside)
    save_checkpoint(run, checkpoint(3), tokenizer)
    assert names(run) == ["step-00000001", "step-00000002", "step-00000003"]


def test_other_files_among_the_checkpoints_are_left_alone(run: Path, tokenizer: Tokenizer) -> None:
    kept = run / "checkpoints" / "step-best"
    kept.mkdir(parents=True)
    folder = save_checkpoint(run, checkpoint(1), tokenizer)
    assert prune(run, last=1) == []
    assert latest(run) == (folder, [])
    assert kept.exists()


def test_the_order_is_that_of_numbers(run: Path, tokenizer: Tokenizer) -> None:
    save_checkpoint(run, checkpoint(99_999_999), tokenizer)
    newer = save_checkpoint(run, checkpoint(100_000_000), tokenizer)
    assert latest(run) == (newer, [])


def test_other_settings_are_refused_by_name_unless_forced(run: Path, tokenizer: Tokenizer) -> None:
    folder = save_checkpoint(run, checkpoint(1), tokenizer)
    same_settings = {"optimizer": {"lr": 0.01, "betas": (0.9, 0.999)}, "data": "sha256:12"}
    others = {"optimizer": {"lr": 0.02, "betas": (0.9, 0.999)}, "data": "sha256:34", "seed": 1}
    found = load_checkpoint(folder)
    check_settings(found, same_settings, folder)
    with pytest.raises(ConfigError) as raised:
        check_settings(found, others, folder)
    assert str(raised.value) == (
        f'{folder} was saved with different settings: data was "sha256:12" and is now "sha256:34"; '
        "optimizer.lr was 0.01 and is now 0.02; seed was null and is now 1. "
        "Use the checkpoint's settings, start a new run, or keep the new ones with --force."
    )
    check_settings(found, others, folder, force=True)


def test_a_setting_that_became_a_group_differs() -> None:
    assert changed_settings({"a": 1}, {"a": {"b": 1}}) == ['a was 1 and is now {"b": 1}']


def test_no_folder_is_wrong_use(run: Path) -> None:
    with pytest.raises(ConfigError, match="there is no checkpoint"):
        load_checkpoint(run / "checkpoints" / "step-00000001")


@pytest.mark.parametrize(
    ("steps", "last", "every", "gone"),
    [
        ([100, 200, 300, 400, 500], 2, 200, [100, 300]),
        ([100, 200, 300, 400, 500], 2, 0, [100, 200, 300]),
        ([500, 100, 300], 1, 0, [100, 300]),
        ([100, 150], 3, 0, []),
        ([0, 50, 120], 1, 100, [50]),
        ([], 1, 1, []),
    ],
)
def test_which_checkpoints_go(steps: list[int], last: int, every: int, gone: list[int]) -> None:
    assert which_to_delete(steps, last, every) == gone


@given(st.sets(st.integers(0, 200)), st.integers(1, 5), st.integers(0, 9))
def test_deleting_after_each_save_keeps_what_deleting_at_the_end_keeps(steps: set[int], last: int, every: int) -> None:
    kept: set[int] = set()
    for step in sorted(steps):
        kept.add(step)
        kept -= {*which_to_delete(kept, last, every)}
    assert kept == steps - {*which_to_delete(steps, last, every)}


@pytest.mark.parametrize(("last", "every"), [(0, 0), (-1, 5), (1, -1)])
def test_keeping_none_is_refused(last: int, every: int) -> None:
    with pytest.raises(ConfigError, match="cannot keep the last"):
        which_to_delete([1, 2], last, every)


def test_pruning(run: Path, tokenizer: Tokenizer) -> None:
    for step in (100, 200, 300, 400):
        save_checkpoint(run, checkpoint(step), tokenizer)
    removed = prune(run, last=1, every=200)
    assert [path.name for path in removed] == ["step-00000100", "step-00000300"]
    assert names(run) == ["step-00000200", "step-00000400"]


def in_a_child(work: Callable[[], None]) -> int:
    """The exit status of a forked process that does the work: 0, 1 after an exception, 9 if it was made to stop."""
    child = os.fork()
    if not child:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def stop_before(number: int) -> None:
    """Ends this process, as a kill would, before its `number`-th act on a file."""
    acts = count(1)

    def watch(event: str, _: tuple[object, ...]) -> None:
        if event in ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.listdir") and next(acts) == number:
            os._exit(9)

    sys.addaudithook(watch)


@pytest.mark.parametrize("step", [1, 2], ids=["the same step again", "a new step, the old one pruned"])
def test_no_act_of_a_save_is_one_that_a_kill_must_not_follow(
    step: int, run: Path, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkpoint gives way to another: after any act either the old one or the new one is there, whole."""
    old, new = checkpoint(1, salt=1), checkpoint(step, salt=2)
    monkeypatch.setattr(os, "fsync", lambda _: None)  # a kill leaves what the kernel has, flushed or not
    save_checkpoint(run, old, tokenizer)
    shutil.copytree(run, before := run.with_name("before"))

    def work() -> None:
        stop_before(number)
        save_checkpoint(run, new, tokenizer)
        prune(run, last=1)

    for number in count(1):
        shutil.rmtree(run)
        shutil.copytree(before, run)
        status = in_a_child(work)
        assert status in (0, 9)
        folder, _ = latest(run)
        assert folder is not None, number
        assert [
            checkpoint_faults(path) for path in (run / "checkpoints").glob("step-*") if checkpoint_faults(path)
        ] == [], number
        assert same(load_checkpoint(folder), old) or same(load_checkpoint(folder), new), number
        third = save_checkpoint(run, checkpoint(3), tokenizer)
        prune(run, last=1)
        assert (latest(run), names(run)) == ((third, []), ["step-00000003"]), number
        if status == 0:
            assert number > 30  # or the hook has seen nothing
            break


def test_kills_at_random_moments_lose_nothing_that_was_saved(run: Path, tokenizer: Tokenizer) -> None:
    moments = random.Random(2137)
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    saved = finished = 0
    for _ in range(30):
        first = saved + 1

        def work(first: int = first) -> None:
            for step in count(first):
                save_checkpoint(run, checkpoint(step), tokenizer)
                prune(run, last=2, every=10)
                os.write(writer, step.to_bytes(8, "big"))

        child = os.fork()
        if not child:
            try:
                work()
            finally:
                os._exit(1)
        time.sleep(moments.uniform(0.005, 0.3))
        os.kill(child, signal.SIGKILL)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        try:
            told = int.from_bytes(os.read(reader, 1 << 16)[-8:], "big")
        except BlockingIOError:
            told = saved  # killed before its first save was done
        folder, notes = latest(run)
        assert notes == []
        assert folder is not None or told == 0
        if folder is not None:
            found = load_checkpoint(folder)
            assert found.step >= told
            assert same(found, checkpoint(found.step))
            finished += found.step - saved
            saved = found.step
    os.close(reader)
    os.close(writer)
    assert finished > 5  # or it was killed too early to tell


def hf_model(tied: bool) -> tuple[dict[str, Any], nn.Module]:
    """A small random T5 of transformers, v1.0 or v1.1, and the `config.json` that we write for such a one."""
    from transformers import T5Config, T5ForConditionalGeneration

    config = {
        "architectures": ["T5ForConditionalGeneration"],
        "model_type": "t5",
        "d_model": 16,
        "d_ff": 24,
        "d_kv": 4,
        "num_heads": 3,
        "num_layers": 2,
        "num_decoder_layers": 2,
        "vocab_size": 128,
        "feed_forward_proj": "relu" if tied else "gated-gelu",
        "tie_word_embeddings": tied,
        "scale_decoder_outputs": tied,
        "is_encoder_decoder": True,
        "pad_token_id": 0,
        "eos_token_id": 1,
        "decoder_start_token_id": 0,
    }
    torch.manual_seed(0)
    model = T5ForConditionalGeneration(T5Config(**config))
    if not tied:  # transformers 5 ties it whatever the config says
        model.lm_head.weight = nn.Parameter(torch.randn(128, 16))
    return config, model.eval()


@pytest.mark.parametrize("tied", [True, False], ids=["v1.0", "v1.1"])
def test_transformers_loads_it_as_it_is(tied: bool, run: Path, tokenizer: Tokenizer) -> None:
    from transformers import GenerationConfig, T5ForConditionalGeneration

    config, model = hf_model(tied)
    generation = {"pad_token_id": 0, "eos_token_id": 1, "decoder_start_token_id": 0}
    saved = checkpoint(500, weights=model.state_dict(), config=config, generation=generation)
    folder = save_checkpoint(run, saved, tokenizer)
    loaded, info = T5ForConditionalGeneration.from_pretrained(folder, output_loading_info=True)
    assert {key: [*value] for key, value in info.items() if value} == {}
    assert {*loaded.state_dict()} == {*model.state_dict()}
    for name, weight in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], weight), name

    inputs, targets = torch.arange(2, 22).reshape(2, 10), torch.arange(30, 42).reshape(2, 6)
    with torch.no_grad():
        logits = [m(input_ids=inputs, decoder_input_ids=targets).logits for m in (loaded.eval(), model)]
        assert torch.equal(*logits)
        assert loaded.generate(inputs, max_new_tokens=3).shape[0] == 2
    assert GenerationConfig.from_pretrained(folder).decoder_start_token_id == 0
    assert checkpoint_faults(folder) == []
