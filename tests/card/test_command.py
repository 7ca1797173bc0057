"""`python -m c4pipe.card`: what it writes beside a corpus, and what it never touches."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from c4pipe.card.published import CROISSANT, DOMAINS, SUMMARY
from c4pipe.shards import ADDED, MANIFEST, is_added
from c4pipe.verify.__main__ import main as verify
from tests.card.conftest import DATE, Card
from tests.wetfiles import digests, manifest_of

ALL = (CROISSANT, SUMMARY, DOMAINS)


def test_croissant_alone_reads_no_text_and_the_summary_is_asked_for(card: Card, copy: Path) -> None:
    before = digests(copy)
    code, said = card(copy)
    assert (code, said) == (
        0,
        f"written: {copy / CROISSANT}\n"
        "note: croissant.json should say who publishes the corpus, and where: add --publisher and --url.\n",
    )
    code, said = card(copy, "--summary", "--publisher", "A Lab", "--url", "https://data.example/c4")
    lines = said.splitlines()
    assert (code, lines[:3]) == (0, [f"written: {copy / name}" for name in ALL])
    assert lines[3] == "17 gaps to fill in, in a copy of summary.html, each marked TO FILL IN:"
    assert len(lines) == 4 + 17
    after = digests(copy)
    assert {name: after[name] for name in before} == before
    assert {*after} - {*before} == {*ALL, ADDED}


def test_what_is_written_is_ours_and_the_same_every_time(card: Card, copy: Path) -> None:
    assert card(copy, "--summary", *DATE)[0] == 0
    before = digests(copy)
    assert verify([str(copy)]) == 0
    assert card(copy, "--summary", *DATE)[0] == 0
    assert digests(copy) == before
    (copy / DOMAINS).write_text("domain\n")
    assert verify([str(copy)]) == 1


@pytest.mark.parametrize("name", ALL)
def test_a_file_of_somebody_else_stays_and_so_does_all_else(card: Card, copy: Path, name: str) -> None:
    (copy / name).write_text("mine")
    before = digests(copy)
    code, said = card(copy, "--summary")
    assert (code, digests(copy)) == (2, before)
    assert said == (
        f"card: {copy / name} was not written by this command, or was changed since. Move it away, then run "
        "the command again.\n"
    )


def test_a_summary_that_somebody_has_filled_in_stays(card: Card, copy: Path) -> None:
    assert card(copy, "--summary", *DATE)[0] == 0
    path = copy / SUMMARY
    path.write_text(path.read_text().replace("[TO FILL IN: yes or no]", "no"))
    assert card(copy, "--summary", *DATE)[0] == 2
    assert card(copy, *DATE)[0] == 0  # which does not write it
    assert not is_added(copy, SUMMARY)


def test_a_damaged_shard_is_a_line_and_nothing_is_written(card: Card, copy: Path) -> None:
    shard = copy / manifest_of(copy)["shards"][0]["path"]
    data = bytearray(shard.read_bytes())
    data[100] ^= 1
    shard.write_bytes(data)
    before = digests(copy)
    code, said = card(copy, "--summary")
    assert (code, digests(copy), said.count("\n")) == (1, before, 1)
    assert "was changed or damaged: its sha256 is" in said


def test_a_folder_of_several_gets_one_each_or_none(card: Card, copy: Path, tmp_path: Path) -> None:
    above = tmp_path / "several"
    for name in ("a", "b"):
        shutil.copytree(copy, above / name)
    (above / "b" / SUMMARY).write_text("mine")
    assert card(above, "--summary")[0] == 2
    assert not (above / "a" / SUMMARY).exists()
    (above / "b" / SUMMARY).unlink()
    code, said = card(above, "--summary", *DATE)
    assert (code, said.count("written: ")) == (0, 6)
    assert (above / "a" / DOMAINS).read_bytes() == (above / "b" / DOMAINS).read_bytes()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "the following arguments are required: DIR"),
        (
            ("nowhere",),
            "nowhere holds no finished corpus: neither the folder nor any folder in it has a manifest.json.",
        ),
        (("nowhere", "--small"), "--small has no effect: it applies to the domain list that --summary writes."),
        (("nowhere", "--date", "29.11.2026"), "'29.11.2026' is not a date: expected YYYY-MM-DD, such as 2026-11-29"),
        (("nowhere", "--date", "2026-02-30"), "'2026-02-30' is not a date"),
        (("nowhere", "--url", "data.example"), "'data.example' is not a URL: expected http:// or https://"),
        (("nowhere", "--release", "one"), "'one' is not a version: expected three numbers, such as 1.0.0"),
    ],
)
def test_wrong_use_is_a_line(
    card: Card, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    code, said = card(*arguments)
    assert (code, said.count("\n")) == (2, 1)
    assert words in said


@pytest.mark.parametrize("change", [{"shards": [7]}, {"shards": []}, {"preset": None}, {"ledger": {}}])
def test_a_manifest_of_no_build_is_a_line(card: Card, copy: Path, change: dict[str, object]) -> None:
    from tests import manifests

    manifests.write_older(copy, manifests.read(copy) | change)
    assert MANIFEST in (listing := [path.name for path in copy.iterdir()])
    code, said = card(copy, "--summary")
    assert (code, said.count("\n"), [path.name for path in copy.iterdir()]) == (1, 1, listing)
