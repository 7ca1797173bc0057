"""The generator of benchmark input: the same bytes for the same seed, and pages like a crawl's."""

from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from bench import make_wet
from data_samples import make_samples

LANGUAGES = tuple(make_wet.read_languages())


def made(folder: Path, *more: str) -> dict[str, bytes]:
    make_wet.main(["--pages", "120", "--files", "3", "--output", str(folder), *more])
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def records(folder: Path) -> list[tuple[str, bytes]]:
    found = []
    for path in sorted(folder.iterdir()):
        with path.open("rb") as stream:
            for record in ArchiveIterator(stream, check_digests="raise"):
                if record.rec_type == "conversion":
                    found.append((record.rec_headers["WARC-Target-URI"], record.content_stream().read()))
    return found


def test_same_seed_same_bytes(tmp_path):
    first = made(tmp_path / "a", "--seed", "7")
    assert first == made(tmp_path / "b", "--seed", "7")
    assert first != made(tmp_path / "c", "--seed", "8")
    assert list(first) == [f"bench-{i:05d}.warc.wet.gz" for i in range(3)]


def test_the_pages_are_there_and_whole(tmp_path):
    made(tmp_path)
    found = records(tmp_path)
    assert len(found) == 120
    assert all(body.decode() for _, body in found)


def test_pages_look_like_a_crawl():
    world = make_wet.World(0, 400, LANGUAGES)
    pages = [world.page(n, make_wet.Random(n)) for n in range(400)]
    lines = [line for page in pages for line in page.text.split("\n")]
    assert 4_000 < sum(len(page.text.encode()) for page in pages) / 400 < 7_000
    assert 60 < len(lines) / 400 < 120
    assert 0.08 < sum(line.endswith((".", "?", "!", '"')) for line in lines) / len(lines) < 0.16
    assert 390 <= len({page.url for page in pages}) <= 399
    assert {page.language for page in pages} >= {"en", "de", "ja", "zh"}
    prose = [line for page in pages if page.language == "en" for line in page.text.split("\n") if len(line) > 200]
    assert 0.5 < len(set(prose)) / len(prose) < 0.95


def test_a_template_exchanges_words_and_numbers():
    template = make_wet.template_of("100% of 12 readers agree", {(False, "rs"): ("writers",)}, every=1)
    assert template.form == "%s%% of %s %s agree"
    assert make_wet.fill(template, lambda: 0.0) == "100% of 10 writers agree"


@pytest.mark.parametrize(
    ("url", "turn", "expected"),
    [
        ("https://a.example/x?y", 0, "https://a.example/x?y"),
        ("https://a.example/x?y", 2, "https://a.example/again-2/x?y"),
        ("https://a.example", 1, "https://a.example/again-1/"),
    ],
)
def test_urls_of_later_rounds(url, turn, expected):
    assert make_wet.again(url, turn) == expected


def test_like_copies_pages_round_after_round(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    (source / "truth.warc.wet.gz").write_bytes(dict(make_samples.build())["news.warc.wet.gz"])
    originals = records(source)
    make_wet.main(["--pages", "45", "--files", "2", "--output", str(tmp_path / "out"), "--like", str(source)])
    copies = records(tmp_path / "out")
    assert len(copies) == 45
    assert copies[:20] == originals
    assert [body for _, body in copies[20:40]] == [body for _, body in originals]
    assert len({url for url, _ in copies}) == 45


def test_a_folder_without_wet_files_is_an_error(tmp_path):
    with pytest.raises(SystemExit):
        make_wet.main(["--pages", "5", "--output", str(tmp_path / "out"), "--like", str(tmp_path)])
