"""data_samples matches its description, and is the output of its script from the readable pages."""

import json
import re
import zlib
from collections import Counter
from pathlib import Path

import pytest

from c4pipe.text.urls import split_of, url_key
from data_samples import make_samples, make_warc

SAMPLES = Path(make_samples.__file__).parent
DATA = SAMPLES.parent / "c4pipe" / "data"
README = (SAMPLES / "README.md").read_text(encoding="utf-8")
BUILT = dict(make_samples.build())
SNIPPETS = make_samples.read_snippets(make_samples.PAGES)
PAGES = [p for path in sorted(make_samples.PAGES.glob("*.txt")) for p in make_samples.read_pages(path, SNIPPETS)]


@pytest.mark.parametrize("name", sorted(BUILT))
def test_the_script_makes_the_committed_bytes(name):
    # Compared as a truth value: a diff of two gzip files says nothing.
    same = (SAMPLES / name).read_bytes() == BUILT[name]
    assert same, "run `python data_samples/make_samples.py`"


@pytest.mark.parametrize(("name", "data"), make_warc.build(), ids=lambda value: value if isinstance(value, str) else "")
def test_the_script_makes_the_committed_warc(name, data):
    same = (SAMPLES / "warc" / name).read_bytes() == data
    assert same, "run `python data_samples/make_warc.py`"
    assert len(data) < 200_000


def test_the_folder_holds_no_other_wet_file():
    assert {path.name for path in SAMPLES.glob("*.warc.wet*")} == set(BUILT)


def test_the_files_are_small():
    assert sum(map(len, BUILT.values())) < 400_000


def rows() -> list[tuple[str, str]]:
    """The file and the page of each row in the README's tables of oddities."""
    cells = [line.split(" | ") for line in README.partition("## Oddities")[2].split("\n") if line.startswith("| ")]
    return [(row[0].removeprefix("| "), row[1]) for row in cells if row[0] != "| file"]


@pytest.mark.parametrize(("stem", "page"), rows())
def test_every_row_of_the_readme_is_in_the_files(stem, page):
    assert any(name.startswith(stem + ".warc.wet") for name in BUILT)
    if not page.startswith("("):
        assert page in {sample.url for sample in PAGES}


def test_every_page_of_the_oddities_has_a_row():
    listed = " ".join(url_key(url) for url in re.findall(r"https?://[^ ]+", README))
    for stem in ("oddities", "damaged"):
        for page in make_samples.read_pages(make_samples.PAGES / f"{stem}.txt", SNIPPETS):
            fault = page.note.partition(":")[0]
            assert url_key(page.url) in listed or fault in {"good", "no-url", "empty-url", "control-url"}, page.url


def test_every_fault_is_used():
    damaged = make_samples.read_pages(make_samples.PAGES / "damaged.txt", SNIPPETS)
    assert {page.note.split()[0].rstrip(":") for page in damaged} == set(make_samples.FAULTS) | {"one-member"}


def test_many_languages_and_enough_of_each():
    languages = Counter(page.language for page in PAGES)
    assert len(languages) >= 22
    assert languages["en"] >= 90
    for language in ("de", "fr", "es", "ru", "ja", "zh", "ko", "pt", "it", "nl", "pl", "ar"):
        long = [p for p in PAGES if p.language == language and sum(len(s) >= 200 for s in p.text.split("\n")) >= 3]
        assert len(long) >= 3, language


def test_english_prose_is_enough_to_train_on():
    lines = {s for p in PAGES if p.language == "en" for s in p.text.split("\n") if s.endswith((".", "?", "!", '"'))}
    assert sum(len(line) for line in lines if len(line.split()) >= 5 and len(line) < 1000) > 120_000


def test_both_splits_have_pages():
    validation = Counter(page.language for page in PAGES if split_of(url_key(page.url)) == "validation")
    assert validation["en"] >= 4
    assert all(validation[language] for language in ("de", "fr", "es", "ru", "zh", "ja"))
    marked = {page.url for page in PAGES if "validation" in page.note}
    assert all(split_of(url_key(url)) == "validation" for url in marked)


def test_sites_share_their_boilerplate():
    hosts: dict[str, list[set[str]]] = {}
    for page in PAGES:
        hosts.setdefault(page.url.split("/")[2], []).append({s for s in page.text.split("\n") if len(s) > 200})
    shared = [host for host, texts in hosts.items() if len(texts) >= 4 and set.intersection(*texts)]
    assert len(shared) >= 6


def test_pi_is_right():
    assert make_samples.pi(30) == "3.1415926535897932384626433832"
    assert make_samples.pi(1001).endswith("216420198")


def test_the_url_list_names_pages_of_the_samples():
    listed = {url_key(line) for line in (SAMPLES / "urls.txt").read_text(encoding="utf-8").split()}
    assert len(listed & {url_key(page.url) for page in PAGES}) >= 20


@pytest.mark.parametrize("path", sorted((DATA / "badwords").glob("*.txt")), ids=lambda path: path.stem)
def test_word_lists_are_sorted_and_lower_case(path):
    text = path.read_text(encoding="utf-8")
    entries = text.removesuffix("\n").split("\n")
    assert entries == sorted(set(entries))
    assert text == text.lower()
    assert all(entry == entry.strip() and entry for entry in entries)
    assert 25 <= len(entries) <= 60


def test_news_domains_are_registered_domains():
    from c4pipe.text.urls import domain_of

    domains = json.loads((DATA / "news_domains.json").read_text(encoding="utf-8"))
    assert list(domains) == sorted(domains)
    assert [name for name in domains if domain_of(f"https://{name}/").registered != name] == []
    assert domains["example.net"] is True
    assert domains["example.com"] == ["news"]


def test_members_carry_no_time():
    data = BUILT["news.warc.wet.gz"]
    assert data[4:8] == b"\0\0\0\0"
    assert zlib.decompressobj(31).decompress(data).startswith(b"WARC/1.0\r\nWARC-Type: warcinfo\r\n")
