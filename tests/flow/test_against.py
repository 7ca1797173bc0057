"""Crawl after crawl: a build against earlier corpora drops what a plain loop drops if the older corpus wins."""

import json
from dataclasses import dataclass, field
from hashlib import md5
from types import SimpleNamespace

import pytest
from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from beam_jobs import build_c4, rebalance
from beam_jobs.earlier import compute_keys, notes_on
from c4pipe.corpus.ancestors import Ancestor
from c4pipe.corpus.plan import Plan
from c4pipe.dedup import LineLevel, UrlLevel
from c4pipe.flow import write
from c4pipe.passes import keeping
from c4pipe.presets import EN_NEAR, Preset
from c4pipe.rules import EndMark, MaxChars
from c4pipe.stages import Clean, Dedup, Filter, Read
from c4pipe.stages.text_levels import with_near
from tests.flow.test_linking import Sure, Tokens
from tests.manifests import write_again
from tests.wetfiles import digests, manifest_of, rejected, rows

MOST = 60  # characters of a page
READ, URL = Read(), Dedup("url", UrlLevel())
LINES = Dedup("lines", LineLevel())
LINKED = Preset(
    "linked",
    "URLs, a rule, lines, then pages that share a word",
    (READ, URL, Filter("long", (MaxChars(MOST),)), LINES, Dedup("links", Tokens())),
)
PLAIN = Preset("plain", "URLs and lines", (READ, URL, LINES))
CUT = Preset("cut", "URLs, lines with an end mark, and lines once", (READ, URL, Clean("clean", (EndMark(),)), LINES))
SURE = Preset("sure", "pages that share half of their words", (READ, URL, Dedup("links", Sure())))
WHOLE = Preset("whole", "URLs alone", (READ, URL))


@dataclass(frozen=True)
class Crawled:
    """A page of a history."""

    url: str
    text: str
    date: str

    @property
    def rank(self):
        return md5((self.url or md5(self.text.encode()).hexdigest()).encode()).digest()

    def json(self):
        return json.dumps({"url": self.url, "text": self.text, "timestamp": self.date})


class Padded(Crawled):
    """One that is too large to share a unit of work with another."""

    def json(self):
        return json.dumps(json.loads(super().json()) | {"padding": "x" * (600 << 10)})


@dataclass
class Before:
    """What earlier corpora own."""

    urls: set = field(default_factory=set)
    lines: set = field(default_factory=set)
    words: set = field(default_factory=set)


def plain(pages, before, rule=True, links=True):
    """[(page, text)] of a corpus that comes after others, by the loop that is the law."""
    newest = {}
    for page in pages:
        if page.url and (page.url not in newest or page.date > newest[page.url].date):
            newest[page.url] = page
    came = [p for p in pages if not p.url or (newest[p.url] is p and p.url not in before.urls)]
    before.urls |= newest.keys()
    came = [page for page in came if not rule or len(page.text) <= MOST]
    owner = {}
    for page in came:
        for line in page.text.split("\n"):
            if line not in owner or page.rank < owner[line].rank:
                owner[line] = page
    left = []
    for page in came:
        seen, kept = set(), []
        for line in page.text.split("\n"):
            if owner[line] is page and line not in seen and line not in before.lines:
                kept.append(line)
            seen.add(line)
        if kept:
            left.append((page, "\n".join(kept)))
    before.lines |= owner.keys()
    if not links:
        return left
    sets = []
    for page, text in left:
        words = {*text.split()}
        touched = [each for each in sets if each[1] & words]
        sets = [each for each in sets if each not in touched]
        sets.append(
            ([(page, text), *(one for each in touched for one in each[0])], words.union(*(e[1] for e in touched)))
        )
    stays = [min(pages, key=lambda one: one[0].rank) for pages, words in sets if not words & before.words]
    before.words.update(*(words for _, words in sets))
    return stays


PAGES = st.lists(
    st.builds(
        Crawled,
        st.integers(0, 12).map("http://a.example/{}".format),
        st.lists(
            st.lists(st.integers(0, 60).map("w{}".format), min_size=1, max_size=3).map(" ".join),
            min_size=1,
            max_size=6,
        ).map("\n".join),
        st.sampled_from(["2024-05-01T00:00:00Z", "2024-06-01T00:00:00Z"]),
    ),
    min_size=1,
    max_size=14,
)


@pytest.fixture
def crawl(tmp_path):
    """`crawl(pages, "LINKED", earlier folders, ...)`: the folder of a corpus."""

    def call(pages, preset="LINKED", against=(), *options, code=(0, 4)):
        folder = tmp_path / str(len([*tmp_path.iterdir()]))
        (folder / "in").mkdir(parents=True)
        for number in range(2):
            lines = [page.json() for page in pages[number::2]] + ['{"broken'] * number
            (folder / "in" / f"{number}.jsonl").write_text("".join(f"{line}\n" for line in lines))
        named = ",".join(f"{__name__}:{name}" for name in preset.split(","))
        arguments = ["--input", str(folder / "in"), "--input-format", "jsonl", "--output", str(folder / "c4")]
        earlier = ["--against", *map(str, against)] if against else []
        workers = () if "--workers" in options else ("--workers", "1")
        assert build_c4.main([*arguments, "--preset", named, *earlier, *workers, *options]) in code
        return folder / "c4"

    return call


def in_order(pages):
    """The pages as the files of `crawl` have them."""
    return [*pages[::2], *pages[1::2]]


def kept(folder):
    return sorted((row["url"], row["text"]) for row in rows(folder))


def told(found):
    return sorted((page.url, text) for page, text in found)


SLOW = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]}


@settings(max_examples=10, **SLOW)
@given(st.lists(PAGES, min_size=2, max_size=3))
def test_append(crawl, history):
    before, earlier = Before(), []
    for pages in history:
        folder = crawl(pages, "LINKED", earlier)
        assert kept(folder) == told(plain(in_order(pages), before))
        earlier = [folder]  # whose own come along


@settings(max_examples=2, **SLOW)
@given(st.lists(PAGES, min_size=3, max_size=3))
def test_the_order_of_the_list_and_who_builds_it_make_no_difference(crawl, history):
    first, second = crawl(history[0]), crawl(history[1])
    expected = digests(crawl(history[2], "LINKED", [first, second]))
    assert digests(crawl(history[2], "LINKED", [second, first, second])) == expected
    assert digests(crawl(history[2], "LINKED", [second, first], "--workers", "2", "--spill-rows", "1")) == expected


@settings(max_examples=2, **SLOW)
@given(PAGES)
def test_idempotence(crawl, pages):
    folder = crawl(pages)
    assert kept(crawl(pages, "LINKED", [folder])) == []
    assert kept(crawl(pages, "LINKED", [crawl(pages, "LINKED", [folder])])) == []


@settings(max_examples=2, **SLOW)
@given(PAGES, PAGES)
def test_several_presets(crawl, first, second):
    names = "PLAIN", "WHOLE"
    old = crawl(first, ",".join(names))
    for name in names:
        before = Before()
        new = crawl(second, name, [old / name.lower()])
        for pages in (first, second):
            found = plain(in_order(pages), before, rule=False, links=False)
        if name == "PLAIN":
            assert kept(new) == told(found)
        else:
            assert {url for url, _ in kept(new)} == {p.url for p in second} - {p.url for p in first}


OLD = Crawled("http://old.example/1", "the old line\nand more of it", "2024-05-01T00:00:00Z")
NEW = Crawled("http://new.example/1", "The old line\na new one", "2024-06-01T00:00:00Z")
AGAIN = Crawled("http://old.example/1", "a newer copy", "2024-06-01T00:00:00Z")


def test_what_was_old_is_told(crawl):
    old = crawl([OLD], "PLAIN")
    new = crawl([NEW, AGAIN], "PLAIN", [old], "--rejected", "all")
    assert kept(new) == [(NEW.url, "a new one")]
    table = {row["url"]: row for row in rejected(new)}
    assert table[AGAIN.url]["reason"] == "earlier_copy"
    (cut,) = next(row["dropped"] for row in rows(new, "__rejected/*.parquet") if row["url"] == NEW.url)
    assert cut == {"reason": "repeated_line", "line": "The old line", "owner": md5(OLD.url.encode()).hexdigest()[:16]}
    stats = json.loads((new / "stats.json").read_text())
    assert stats["months_came"] == {"2024-06": 2}
    assert stats["months_old"] == {"2024-06": 1}
    assert stats["domains_old"] == {"old.example": 1}
    assert stats["earlier"] == {"lines:parts": 1, "url": 1}
    (row,) = manifest_of(new)["against"]
    assert (row["path"], row["keys"]) == (str(old), "all pages")


def test_pages_that_lost_their_url_are_sampled_however_many_stay(crawl):
    def page(number, month, last="Menu"):
        return Crawled(f"http://a.example/{number}", f"Page {number} of {month}.\n{last}", f"2024-{month}-01T00:00:00Z")

    old = crawl([page(number, "05") for number in range(0, 500, 25)], "CUT")
    newest = [page(number, "06") for number in range(500)]
    older = [page(number, "04") for number in range(1, 500, 25)]
    new = crawl([*newest, *older], "CUT", [old])
    found = {}
    for row in rejected(new):
        found.setdefault(row["reason"], []).append((row["url"], row["text"]))
    assert sorted(found["earlier_copy"]) == sorted((page.url, page.text) for page in newest[::25])
    assert sorted(found["older_copy"]) == sorted((page.url, page.text) for page in older)


def test_without_keys_the_law_holds_against_kept_pages(crawl, capsys):
    long = Crawled("http://long.example/", "the old line is long " * 5, "")
    old = crawl([OLD, long], "LINKED", (), "--no-keys")
    assert not (old / "keys").exists()
    new = crawl([NEW, AGAIN, long], "LINKED", [old])
    assert kept(new) == [("http://new.example/1", "a new one")]
    assert "has no keys" in capsys.readouterr().err
    assert manifest_of(new)["against"][0]["keys"] == "kept pages"


def test_keys_that_are_exchanged_while_a_build_runs_are_told(crawl, capsys, monkeypatch):
    old, other = crawl([OLD], "PLAIN"), crawl([AGAIN], "PLAIN")

    def exchange(*arguments):
        (old / "keys/lines.keys").write_bytes((other / "keys/lines.keys").read_bytes())
        compute_keys(*arguments)

    monkeypatch.setattr(build_c4, "compute_keys", exchange)
    crawl([NEW], "PLAIN", [old], code=(1,))
    assert f"{old}/keys/lines.keys was replaced while in use. Run the command again" in capsys.readouterr().err


def test_a_dry_run_computes_the_keys_that_are_not_there(crawl, capsys, monkeypatch):
    turns = iter((True, False))  # one line, however quick the pages are read
    monkeypatch.setattr(keeping._Telling, "waited", lambda *_: next(turns))
    old = crawl([OLD], "PLAIN", (), "--no-keys")
    keyed = crawl([OLD], "PLAIN")
    told = []
    for earlier in (old, keyed):
        capsys.readouterr()
        new = crawl([NEW, AGAIN], "PLAIN", [earlier], "--dry-run")
        captured = capsys.readouterr()
        told.append([line for line in captured.out.splitlines() if "kept  " in line])
        assert (f"keys of {old} from its pages: " in captured.err) == (earlier is old)
        assert not new.exists()
    assert told[0] == told[1]
    assert len(told[0]) == 1


def test_pages_of_another_corpus_are_no_keys_of_this_one(crawl, capsys):
    old, other = crawl([OLD], "PLAIN", (), "--no-keys"), crawl([AGAIN], "PLAIN", (), "--no-keys")
    name = next(path.relative_to(old) for path in old.glob("*/train-*.parquet"))
    (old / name).write_bytes((other / name).read_bytes())
    capsys.readouterr()
    new = crawl([NEW], "PLAIN", [old], code=(2,))
    assert f"{old / name} is damaged, or belongs to another corpus: its sha256 is " in capsys.readouterr().err
    assert not (new / "manifest.json").exists()


def test_wrong_use_is_a_line(crawl, capsys):
    plain_one, linked = crawl([OLD], "PLAIN"), crawl([OLD], "LINKED")
    crawl([NEW], "LINKED", [plain_one], code=(2,))
    assert "differs from preset 'linked' here (stages only here: long, links)" in capsys.readouterr().err
    child = crawl([NEW], "LINKED", [linked])
    linked.parent.rename(linked.parent.with_name("moved"))
    crawl([NEW], "LINKED", [child], code=(2,))
    assert "Add the folder where it is now to --against." in capsys.readouterr().err
    moved = linked.parent.with_name("moved") / "c4"
    assert kept(crawl([NEW], "LINKED", [child, moved])) == []


def test_a_corpus_does_not_take_the_place_of_one_that_it_is_built_against(crawl, capsys, tmp_path):
    first = crawl([OLD], "PLAIN")
    second = crawl([AGAIN], "PLAIN", [first])
    before = digests(first), digests(second)
    link = tmp_path / "link"
    link.symlink_to(second)
    arguments = ["--input", str(second.parent / "in"), "--input-format", "jsonl", "--preset", f"{__name__}:PLAIN"]
    for output in (first, second, link):
        capsys.readouterr()
        assert build_c4.main([*arguments, "--output", str(output), "--against", str(second), "--overwrite"]) == 2
        told = capsys.readouterr().err
        assert f"--output {output} holds one of the corpora that this build would be deduplicated against" in told
        assert told.count("\n") == 1
    assert (digests(first), digests(second)) == before


@pytest.mark.parametrize("option", ["--against", "--output", "--staging"])
@pytest.mark.parametrize(
    ("folder", "told"),
    [
        ("", "is empty; expected a folder."),
        ("https://a.example/c4", "https://a.example/c4: expected a folder on this machine, as a plain path, or in a"),
        ("file:///data/c4", "file:///data/c4: expected a folder on this machine, as a plain path, or in a bucket"),
        ("s3://", "s3://: expected a folder on this machine, as a plain path, or in a bucket, such as gs://bucket/"),
    ],
)
def test_a_folder_that_can_be_none_is_a_line(tmp_path, capsys, option, folder, told):
    (tmp_path / "in.jsonl").write_text("{}\n")
    arguments = ["--input", str(tmp_path / "in.jsonl"), "--input-format", "jsonl", "--output", str(tmp_path / "c4")]
    assert build_c4.main([*arguments, option, folder]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"build_c4: {option} {told}")
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


def test_a_bucket_that_cannot_be_reached_is_a_line(tmp_path, capsys, monkeypatch):
    def fail(path):
        raise BeamIOError("no way in", {})

    monkeypatch.setattr(FileSystems, "exists", fail)
    (tmp_path / "in.jsonl").write_text("{}\n")
    arguments = ["--input", str(tmp_path / "in.jsonl"), "--input-format", "jsonl", "--output", str(tmp_path / "c4")]
    assert build_c4.main([*arguments, "--against", "gs://bucket/c4"]) == 2
    assert rebalance.main(["--corpus", "gs://bucket/c4", "--output", str(tmp_path / "mixture")]) == 2
    for line, job in zip(capsys.readouterr().err.splitlines(), ("build_c4", "rebalance"), strict=True):
        assert line.startswith(f"{job}: gs://bucket/c4/manifest.json cannot be read: no way in")


def test_a_corpus_that_was_built_against_others_is_another_one(crawl, capsys, tmp_path):
    first, second = crawl([OLD], "PLAIN"), crawl([AGAIN], "PLAIN")
    new = crawl([NEW], "PLAIN", [first])
    arguments = ["--input", str(new.parent / "in"), "--input-format", "jsonl", "--output", str(new), "--workers", "1"]
    arguments += ["--preset", f"{__name__}:PLAIN"]
    assert build_c4.main([*arguments, "--against", str(first)]) == 0
    assert "it was already built" in capsys.readouterr().out
    assert build_c4.main([*arguments, "--against", str(first), str(second)]) == 2
    assert f"against ({second})" in capsys.readouterr().err


@pytest.mark.parametrize("layout", ["alone", "in one file", "far apart"])
def test_confirmed_links_to_earlier_pages_do_not_hang_on_the_layout(crawl, layout):
    """Both share a key with the old page, and not half of their words with each other."""
    old = crawl([Crawled("http://old.example/1", "a o p q", "")], "SURE")
    first, second = sorted(
        (Crawled("http://new.example/1", "a b c d", ""), Crawled("http://new.example/2", "a x y z", "")),
        key=lambda page: page.rank,
    )
    pages = [second] if layout == "alone" else [first, second]
    if layout == "in one file":
        pages.insert(1, Crawled("http://new.example/3", "e f", ""))  # `crawl` deals them out over two
    elif layout == "far apart":
        pages = [Padded(page.url, page.text, page.date) for page in pages]
    left = kept(crawl(pages, "SURE", [old]))
    assert {first.url, second.url}.isdisjoint(url for url, _ in left)


def test_an_earlier_corpus_of_other_code_is_told(crawl, capsys):
    old = crawl([OLD], "PLAIN")
    crawl([NEW], "PLAIN", [old])
    assert "different code" not in capsys.readouterr().err
    manifest = manifest_of(old)
    manifest["code"]["c4pipe.dedup.lines:LineLevel"] = "0" * 16
    write_again(old, manifest)
    crawl([NEW], "PLAIN", [old])
    assert f"note: {old} was built by different code: level LineLevel." in capsys.readouterr().err


def test_what_does_not_hold_for_near_duplicates_of_earlier_corpora_is_told():
    def told(**fields):
        preset = with_near(EN_NEAR, fields.get("verify"), fields.get("stays"))
        corpus = SimpleNamespace(preset=preset, plan=Plan(preset, None), description={"code": {}})
        return notes_on([Ancestor("out/a", "0" * 64, {"keys": [{}]})], [corpus, corpus])

    assert told() == []
    (line,) = told(stays="newest")
    assert line.endswith(
        "near duplicates: Pages linked to a page of an earlier corpus are dropped in its favour, whatever their dates."
    )
    (line,) = told(verify=0.8)
    assert "without this comparison, since only the keys of those corpora are read." in line


def test_a_build_that_was_killed_goes_on(crawl, monkeypatch, tmp_path):
    old = crawl([OLD])
    expected = digests(crawl([NEW, AGAIN], "LINKED", [old]))

    def die(*_):
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(write, "write_corpus_files", die)
        with pytest.raises(RuntimeError):
            crawl([NEW, AGAIN], "LINKED", [old])
    dead = max((folder for folder in tmp_path.iterdir()), key=lambda folder: int(folder.name))
    arguments = ["--input", str(dead / "in"), "--input-format", "jsonl", "--output", str(dead / "c4")]
    assert build_c4.main([*arguments, "--preset", f"{__name__}:LINKED", "--against", str(old), "--workers", "1"]) == 0
    assert digests(dead / "c4") == expected
