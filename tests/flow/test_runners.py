"""Other runners than the local one: Beam's portable protocol end to end, and the job graph for Dataflow."""

import os
import socket
import subprocess
import sys
import time

import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from beam_jobs import build_c4
from beam_jobs.arguments import parse
from beam_jobs.corpora import make_corpora
from beam_jobs.pipelines import pipeline_of
from c4pipe.files.assets import find_assets
from c4pipe.flow.build import BuildCorpora
from c4pipe.flow.inputs import Input
from c4pipe.presets import PRESETS, find_preset
from tests.wetfiles import ROOT, digests

DATAFLOW = [
    *("--runner", "DataflowRunner", "--project", "proj-x", "--region", "us-central1", "--job_name", "c4"),
    *("--temp_location", "gs://beam-test/tmp", "--staging_location", "gs://beam-test/staging"),
    *("--no_auth", "--sdk_location=container", "--dry_run=True"),
]
BUCKETS = ["--input", "gs://bucket/wet.paths.gz", "--output", "gs://bucket/c4"]


@pytest.fixture
def job_server():
    """The address of a job server in a process of its own."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "apache_beam.runners.portability.local_job_service_main", f"--port={port}"]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            try:
                socket.create_connection(("localhost", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"localhost:{port}"
    finally:
        server.terminate()
        server.wait(60)


def portable(badwords, small, folder, endpoint):
    arguments = ["--input", str(small), "--output", str(folder), "--badwords-dir", str(badwords)]
    runner = ["--runner", "PortableRunner", "--job_endpoint", endpoint, "--environment_type", "LOOPBACK"]
    return build_c4.main([*arguments, *runner])


@pytest.mark.slow
def test_a_job_server_gives_the_bytes_of_the_local_runner(job_server, badwords, built, small, tmp_path):
    assert portable(badwords, small, tmp_path / "c4", job_server) == 0
    assert digests(tmp_path / "c4") == digests(built(small))


def test_so_does_the_one_inside_this_process(badwords, built, small, tmp_path):
    assert portable(badwords, small, tmp_path / "c4", "embed") == 0
    assert digests(tmp_path / "c4") == digests(built(small))


def test_a_failed_build_on_a_job_server_says_why(badwords, tmp_path, capsys):
    (tmp_path / "error.warc.wet.gz").write_text("<html>503 Slow Down</html>")
    assert portable(badwords, tmp_path / "error.warc.wet.gz", tmp_path / "c4", "embed") == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("build_c4: the one input does not hold a readable page: error.warc.wet.gz: ")


# --- Dataflow ---------------------------------------------------------------------------------------------


def needs_gcp():
    pytest.importorskip("google.cloud.storage", reason="the Dataflow runner needs apache-beam[gcp]")


def test_the_job_graph_for_dataflow_is_made_offline(badwords, capsys):
    needs_gcp()
    assert build_c4.main([*BUCKETS, "--badwords-dir", str(badwords), *DATAFLOW]) == 0
    said = capsys.readouterr()
    assert said.out == "build_c4: the job graph is built; with --dry_run=True nothing is run.\n"
    assert said.err == ""


def test_as_a_process_that_has_no_network_and_no_credentials(badwords, tmp_path):
    needs_gcp()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("GOOGLE", "CLOUDSDK"))}
    environment |= {"HOME": str(tmp_path), "https_proxy": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
    command = [sys.executable, "-m", "beam_jobs.build_c4", *BUCKETS, "--badwords-dir", str(badwords), *DATAFLOW]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("build_c4: the job graph is built")


def graph(badwords, inputs, preset="en", url_list=None):
    """The job as Dataflow would get it, for that many inputs."""
    needs_gcp()
    args, rest = parse([*BUCKETS, *DATAFLOW, "--preset", preset])
    assets = find_assets(badwords, ROOT / "c4pipe" / "data" / "news_domains.json", url_list)
    found = [Input(f"gs://bucket/crawl-data/segment/{i:09d}.warc.wet.gz", f"{i:09d}", 150 << 20) for i in range(inputs)]
    presets = [find_preset(name) for name in preset.split(",")]
    corpora = make_corpora(args, presets, assets, found)
    pipeline = pipeline_of(BuildCorpora(corpora), PipelineOptions([f"--runner={args.runner}", *rest]))
    pipeline.run()
    return pipeline.runner.proto_pipeline


def test_the_graph_names_every_step(badwords):
    proto = graph(badwords, 1)
    labels = {transform.unique_name for transform in proto.components.transforms.values()}
    steps = ["List", "Units", "Spread", "Read/Stage", "Read/Group"]
    steps += [f"Read/Urls/{step}" for step in ("ClaimUrls", "UrlPartitions", "ResolveUrls")]
    steps += [f"Read/Leg/{step}" for step in ("ClaimText", "TextPartitions", "ResolveText", "JoinLost", "Apply")]
    write = [
        "RowGroups",
        "Splits",
        "PlanShards",
        "WriteShards",
        "Sampled",
        "WriteSample",
        "Counts",
        "Gather",
        "Finalize",
    ]
    steps += [f"Read/Leg/Write/{step}" for step in write]
    assert {f"BuildCorpora/{step}" for step in steps} <= labels
    assert [environment.urn for environment in proto.components.environments.values()] == ["beam:env:docker:v1"]


def test_the_graph_does_not_grow_with_the_inputs(badwords):
    one, crawl = graph(badwords, 1).ByteSize(), graph(badwords, 90_000).ByteSize()
    assert one < 1_000_000  # Dataflow takes 10 MB
    assert abs(crawl - one) < 1000


@pytest.mark.parametrize(
    "preset",
    [
        *(
            pytest.param(name, marks=[] if name in ("en", "multilingual") else pytest.mark.soak)
            for name in PRESETS
            if name not in ("en.tfds", "webtextlike")
        ),
        "en,en.noblocklist,en.noclean,realnewslike",
    ],
)
def test_every_preset_makes_a_graph_that_dataflow_takes(badwords, preset):
    assert graph(badwords, 1, preset).ByteSize() < 10_000_000
