"""The job over WARC: HTML in, the same corpus as from WET if the text is the same, and reports on both sizes."""

import json
import shutil

import pytest

from beam_jobs import build_c4
from c4pipe.html import extract
from c4pipe.inspect import __main__ as inspect
from c4pipe.verify import __main__ as verify
from data_samples import make_samples, make_warc
from tests import needs
from tests.lists import word_lists
from tests.wetfiles import digests, manifest_of, rows

WET, WARC = make_samples.HERE, make_warc.HERE
TWO = [WET / f"{stem}.warc.wet.gz" for stem in make_warc.FILES]


@pytest.fixture
def run(badwords, tmp_path, capsys):
    def call(*arguments, name="c4", workers="1"):
        sources = [str(one) for one in arguments if not str(one).startswith("-")]
        options = [word for one in arguments if str(one).startswith("-") for word in one.split("=")]
        command = ["--input", *sources, "--output", str(tmp_path / name), *word_lists(badwords, options)]
        code = build_c4.main([*command, "--workers", workers, *options])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def texts(folder):
    return {row["url"]: row["text"] for row in rows(folder) if "//warc.example/" not in row["url"]}


@needs.resiliparse
def test_all_that_is_seen_of_the_samples_is_what_their_wet_has(run, tmp_path):
    assert run(*TWO, "--preset=en.noclean", "--rejected=none", name="wet")[0] == 0
    assert run(WARC, "--input-format=warc", "--extract=all", "--preset=en.noclean", "--rejected=all")[0] == 0
    assert texts(tmp_path / "c4") == texts(tmp_path / "wet")
    assert len(texts(tmp_path / "c4")) > 40
    reading = manifest_of(tmp_path / "c4")["ledger"]["stages"][0]
    assert reading["rejected"] == {
        "bad_content_encoding": 1, "bad_html": 1, "bad_http": 1, "http_status": 2, "no_text": 1, "not_a_page": 291,
        "not_html": 2,
    }  # fmt: skip
    assert reading["flagged"] == {"cut_by_crawler": 1, "wrong_charset": 2}
    assert reading["in"] == reading["kept"] + sum(reading["rejected"].values())


@needs.resiliparse
def test_sizes_before_and_after_are_told_and_every_page_has_its_own(run, tmp_path, capsys):
    code, out, _ = run(WARC, "--input-format=warc")
    assert code == 0
    stats = json.loads((tmp_path / "c4" / "stats.json").read_text())
    html, text = stats["html_bytes_read"] / stats["pages_read"], stats["text_bytes_read"] / stats["pages_read"]
    assert 3_000 < html < 4_000
    assert 1_000 < text < 2_500
    line = f"as read a page was {html:,.0f} bytes of HTML on average, and {text:,.0f} of text ("
    assert line in out
    assert all(row["html_bytes"] > len(row["text"]) for row in rows(tmp_path / "c4"))
    manifest = manifest_of(tmp_path / "c4")
    assert {"name": "html_bytes", "type": "int64", "from": "read"} in manifest["columns"]
    assert {"resiliparse", "brotli"} <= {*manifest["versions"]}
    assert inspect.main([str(tmp_path / "c4")]) == 0
    assert "bytes of HTML" in capsys.readouterr().out
    assert verify.main([str(tmp_path / "c4")]) == 0
    assert "read from WARC files" in " ".join((tmp_path / "c4" / "README.md").read_text().split())


@needs.resiliparse
def test_the_same_bytes_from_two_workers(run, tmp_path):
    assert run(WARC, "--input-format=warc", name="one")[0] == run(WARC, "--input-format=warc", workers="2")[0] == 0
    assert digests(tmp_path / "one") == digests(tmp_path / "c4")


@needs.resiliparse
def test_damage_costs_the_pages_that_it_hits(run, tmp_path):
    data = (WARC / "sites.warc.gz").read_bytes()
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "hurt.warc.gz").write_bytes(data[:60_000] + bytes(500) + data[60_500:-900])
    assert run(tmp_path / "in", "--input-format=warc")[0] == 0
    [row] = manifest_of(tmp_path / "c4")["inputs"]
    assert row["faults"] == {"damaged_member": 1, "truncated": 1}
    assert 45 <= row["pages"] < 53
    assert run(tmp_path / "in", "--input-format=warc", "--strict")[0] == 3


def test_a_warc_given_as_wet_names_the_format(run):
    code, _, err = run(WARC / "sites.warc.gz")
    assert code == 1
    assert "records of HTTP and other records: this is a WARC, name the format: --input-format warc" in err
    code, _, err = run(WARC)
    assert code == 2
    assert "Files of these endings are read with --input-format warc." in err


@needs.resiliparse
def test_a_wet_given_as_warc_names_the_format(run, tmp_path):
    code, _, err = run(TWO[0], "--input-format=warc")
    assert code == 1
    assert "conversions to text: this is a WET, name the format: --input-format wet" in err


@needs.resiliparse
def test_only_what_is_named_warc_is_taken_from_a_folder(run, tmp_path):
    (tmp_path / "in").mkdir()
    for path in (*TWO, WARC / "sites.warc.gz"):
        shutil.copy(path, tmp_path / "in")
    assert run(tmp_path / "in", "--input-format=warc")[0] == 0
    assert [item["path"] for item in manifest_of(tmp_path / "c4")["inputs"]] == ["sites.warc.gz"]


def test_a_missing_extra_is_told_before_any_work(run, tmp_path, monkeypatch):
    monkeypatch.setattr(extract, "find_spec", lambda name: None)
    code, _, err = run(tmp_path / "nothing", "--input-format=warc")
    assert code == 2
    assert "--input-format warc needs resiliparse, which is missing: pip install 'c4pipe[warc]'" in err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--extract=all"], "--extract has no effect: it applies to --input-format warc"),
        (["--input-format=warc", "--text-key=x"], "--text-key is for jsonl and parquet"),
        (["--input-format=warc", "--preset=en.tfds"], "reads WET files as the reference does, not warc"),
    ],
)
def test_what_makes_no_sense_is_refused(run, monkeypatch, options, says):
    monkeypatch.setattr(extract, "find_spec", lambda name: name)
    code, _, err = run(WARC, *options)
    assert code == 2
    assert says in err
