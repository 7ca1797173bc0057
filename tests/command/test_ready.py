"""The modules imported at start-up, by name instead of time; held-back modules are loaded when used."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from beam_jobs.beam_options import declared_options, is_offline, written_options
from c4pipe.command import held_back
from tests.wetfiles import ROOT, SAMPLES

# Modules below others, for -X importtime names also what a finder has refused.
NEVER = {
    *(
        "pandas._libs",
        "pymongo.errors",
        "bson.codec_options",
        "apitools.base.protorpclite",
        "google.auth",
        "google.cloud.storage",
    ),
    *("torch._C", "matplotlib._api", "dask.base", "numba.core"),
}
IMPORTED = re.compile(r"^import time:.*\| +(\S+)$", re.MULTILINE)


def imported_by(*arguments: str, code: int = 0) -> set[str]:
    """All modules that a command imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", *arguments], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == code, done.stderr[-2000:]
    return set(IMPORTED.findall(done.stderr))


def said_by(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["beam_jobs.build_c4", "--help"], 0),
        (["beam_jobs.build_c4", "--input", "no-such-file", "--output", "c4"], 2),
        (["beam_jobs.build_c4", "--inptu", "x", "--output", "c4"], 2),
        (
            ["beam_jobs.build_c4", "--input", "x", "--output", "c4", "--direct_num_worker", "2"],
            2,
        ),  # nearly Beam's
        (["beam_jobs.rebalance", "--help"], 0),
        (["beam_jobs.remove", "--help"], 0),
        (["c4pipe.inspect", "--help"], 0),
        (["c4pipe.verify", "--help"], 0),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_help_and_wrong_use_need_no_beam(words: list[str], code: int) -> None:
    assert not imported_by(*words, code=code) & {*NEVER, "apache_beam.io"}


def test_a_build_on_this_machine_imports_beam_and_little_else(tmp_path: Path) -> None:
    options = ["--input", str(SAMPLES), "--output", str(tmp_path / "c4"), "--workers", "1", "--rejected", "none"]
    seen = imported_by("beam_jobs.build_c4", *options)
    assert {"apache_beam.io", "pyarrow.lib", "numpy"} <= seen
    assert not seen & NEVER
    again = imported_by("beam_jobs.build_c4", *options)  # it is there already
    assert "apache_beam.io" not in again


def test_a_trainer_loads_what_spreads_weights_only_where_it_is_asked_for() -> None:
    code = "import sys, model.train; print({'torch.distributed.fsdp', 'torch.distributed.tensor'} & {*sys.modules})"
    assert said_by(code) == "set()"


# --- What comes back ----------------------------------------------------------------------------------------

LEAN = "import sys; from c4pipe.flow.lean import import_lean_beam; import_lean_beam(); "


def test_a_bucket_is_reached_after_a_lean_start() -> None:
    pytest.importorskip("google.cloud.storage", reason="the file system of gs:// needs apache-beam[gcp]")
    code = (
        f"{LEAN} before = 'google.cloud.storage' in sys.modules;"
        "from c4pipe.flow.buckets import file_systems;"
        "kinds = [type(file_systems().get_filesystem(p)).__name__ for p in ('gs://b/x', 's3://b/x', '/tmp/x')];"
        "print(before, *kinds)"
    )
    assert said_by(code) == "False GCSFileSystem S3FileSystem LocalFileSystem"


def test_a_library_that_was_held_back_can_be_imported_afterwards() -> None:
    pytest.importorskip("pandas", reason="nothing is held back where it is not installed")
    code = f"{LEAN} print('pandas' in sys.modules); import pandas, apache_beam; print(pandas.Series([1]).sum())"
    assert said_by(code).split() == ["False", "1"]


def test_a_program_that_imports_beam_itself_gets_all_of_it() -> None:
    pytest.importorskip("google.cloud.bigquery", reason="needs apache-beam[gcp]")
    code = (
        "import beam_jobs.build_c4, apache_beam; from c4pipe.flow.lean import import_lean_beam; import_lean_beam();"
        "print(apache_beam.io.ReadFromBigQuery.__name__)"
    )
    assert said_by(code) == "ReadFromBigQuery"


def test_pandas_is_spared_in_commands_and_nowhere_else() -> None:
    pytest.importorskip("pandas", reason="nothing is spared where it is not installed")
    spare = "import sys, pyarrow as pa, c4pipe.command as c; c.spare_pandas(); table = pa.table({'a': [1]});"
    assert said_by(f"{spare} print('pandas' in sys.modules)") == "True"
    command = f"import c4pipe.command.holding as holding; holding.is_command = lambda: True; {spare}"
    code = f"{command} print('pandas' in sys.modules, pa.table(table.to_pandas()) == table)"
    assert said_by(code).split() == ["False", "True"]


def test_what_is_held_back_is_not_there_for_a_while() -> None:
    for name in ("colorsys", "this_is_no_module"):
        sys.modules.pop(name, None)
    with pytest.raises(ModuleNotFoundError, match="colorsys is held back"), held_back("colorsys"):
        import colorsys
    import colorsys

    assert colorsys.rgb_to_hsv(0, 0, 0) == (0, 0, 0)
    with held_back("colorsys"):
        import colorsys  # it is loaded, and stays


# --- Options of Beam ----------------------------------------------------------------------------------------


def test_the_options_that_are_read_as_text_are_those_that_beam_declares() -> None:
    code = (
        "import json; from beam_jobs.beam_options import declared_options, written_options;"
        "print(json.dumps([sorted(set(declared_options()) - set(written_options())), len(declared_options())]))"
    )
    lacking, number = eval(said_by(code))
    assert lacking == []
    assert number > 100
    assert {"--runner", "--direct_num_workers", "--temp_location"} <= {*written_options()} & {*declared_options()}


@pytest.mark.parametrize(
    ("rest", "offline"),
    [([], False), (["--dry_run=True"], True), (["--dry_run", "true"], True), (["--region=x"], False)],
)
def test_a_job_graph_alone_is_asked_for_in_beams_words(rest: list[str], offline: bool) -> None:
    assert is_offline(rest) is offline


# --- What Beam remembers ------------------------------------------------------------------------------------


def test_what_beam_remembers_of_a_dofn_is_its_own() -> None:
    import apache_beam as beam
    from apache_beam.coders import VarIntCoder
    from apache_beam.transforms.userstate import BagStateSpec, get_dofn_specs, is_stateful_dofn

    from c4pipe.flow.lean import remember_answers

    class Plain(beam.DoFn):
        def process(self, element):
            yield element

    class Stateful(Plain):
        SEEN = BagStateSpec("seen", VarIntCoder())

        def process(self, element, seen=beam.DoFn.StateParam(SEEN)):  # noqa: B008
            yield element

    remember_answers()
    for _ in range(2):
        assert not is_stateful_dofn(Plain())
        assert is_stateful_dofn(Stateful())
        assert get_dofn_specs(Stateful()) == ({Stateful.SEEN}, set())
        one, other = (beam.FlatMap(lambda x: [x]).fn for _ in range(2))
        assert one is not other
        assert not is_stateful_dofn(one)
        assert not is_stateful_dofn(other)


def test_views_of_options_share_what_is_set() -> None:
    from apache_beam.options.pipeline_options import DirectOptions, PipelineOptions, StandardOptions

    from c4pipe.flow.lean import remember_answers

    remember_answers()
    first, second = PipelineOptions(["--streaming"]), PipelineOptions(["--direct_num_workers=3"])
    assert first.view_as(StandardOptions).streaming
    assert not second.view_as(StandardOptions).streaming
    assert second.view_as(DirectOptions).direct_num_workers == 3
    first.view_as(DirectOptions).direct_num_workers = 7
    assert first.view_as(StandardOptions).view_as(DirectOptions).direct_num_workers == 7
    assert second.view_as(DirectOptions).direct_num_workers == 3
