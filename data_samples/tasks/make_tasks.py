"""Writes the task files of this folder, in the shapes that people have them: the same rows every time.

    python data_samples/tasks/make_tasks.py                  # rewrites the folders beside this script
    python data_samples/tasks/make_tasks.py --output /tmp/tasks

Every sentence is put together from the words below, so that a small model can learn the tasks in some hundred steps:
moods from words that occur often, entailment from shared words and negations, names that stand behind a cue, a
translation word for word. Each split has other rows; the test files have no labels. The closed-book questions are made
of the sentences of `data_samples/pages`: whoever has read these pages can answer them.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import random
import sys
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))  # a script finds what lies beside it alone

from model.tasks.salient import MASK, SALIENT_PREFIX, SalientSpans  # noqa: E402

PAGES = HERE.parent / "pages"
SIZES = {"train": 200, "validation": 64, "test": 24}
Row = dict[str, Any]

NAMES = ("Ada", "Bruno", "Carla", "Dario", "Edith", "Felix", "Greta", "Hugo", "Ida", "Jonas", "Klara", "Leo")
SURNAMES = ("Holm", "Berg", "Lund", "Falk", "Dahl", "Roth", "Vogel", "Stein")
THINGS = ("boat", "mill", "garden", "bridge", "tower", "bakery", "library", "market", "harbour", "orchard")
PLACES = ("by the river", "near the church", "behind the station", "on the hill", "at the lake", "in the old town")
ACTS = (("painted", "paint"), ("visited", "visit"), ("sold", "sell"), ("repaired", "repair"), ("opened", "open"))
GOOD = ("lovely", "wonderful", "great", "excellent", "delightful", "charming")
BAD = ("dull", "terrible", "awful", "boring", "dreadful", "poor")
WORKS = ("film", "book", "concert", "meal", "play", "walk", "song", "story")
SIGHTS = ("The morning was quiet.", "A light rain fell.", "Two dogs slept in the sun.", "The bells rang at noon.")
# Neuter nouns and adjectives of one ending, so that every word has one translation.
NOUNS = {"house": "Haus", "boat": "Boot", "horse": "Pferd", "book": "Buch", "child": "Kind", "village": "Dorf"}
TRAITS = {"old": "alte", "red": "rote", "small": "kleine", "quiet": "stille", "young": "junge", "new": "neue"}
VERBS = {"sees": "sieht", "finds": "findet", "loves": "liebt", "knows": "kennt", "needs": "braucht"}
LARGE = ("trunk", "piano", "statue", "sofa", "wardrobe", "barrel")
HOLDS = ("van", "cellar", "crate", "corner", "lift", "shed")


def mood(draw: random.Random) -> Row:
    good = draw.random() < 0.55
    first, second = draw.sample(GOOD if good else BAD, 2)
    work = draw.choice(WORKS)
    sentence = draw.choice(
        (
            f"the {work} was {first} and {second} .",
            f"what a {first} {work} , {draw.choice(NAMES)} said .",
            f"{draw.choice(NAMES)} found the {work} {first} , even {second} .",
            f"a {first} {work} from the first minute to the last .",
        )
    )
    return {"sentence": sentence, "label": int(good)}


def inference(draw: random.Random) -> Row:
    name, other = draw.sample(NAMES, 2)
    (did, do), thing, place = draw.choice(ACTS), draw.choice(THINGS), draw.choice(PLACES)
    follows = draw.random() < 0.5
    if follows:
        hypothesis = draw.choice((f"{name} {did} the {thing}.", f"{name} was {place}.", f"The {thing} is {place}."))
    else:
        false = f"{other} {did} the {thing}."
        hypothesis = draw.choice((f"{name} did not {do} the {thing}.", f"{name} was not {place}.", false))
    premise = f"{name} {did} the {thing} {place}. {draw.choice(SIGHTS)}"
    return {"premise": premise, "hypothesis": hypothesis, "label": "entailment" if follows else "not_entailment"}


def similarity(draw: random.Random) -> Row:
    def sentence(name: str, act: tuple[str, str], thing: str, place: str) -> str:
        return f"{name} {act[0]} the {thing} {place}."

    first = [draw.choice(NAMES), draw.choice(ACTS), draw.choice(THINGS), draw.choice(PLACES)]
    kept = draw.randint(0, 4)
    places = {*draw.sample(range(4), kept)}
    pools: tuple[tuple[Any, ...], ...] = (NAMES, ACTS, THINGS, PLACES)
    others = [draw.choice([word for word in pool if word != told]) for pool, told in zip(pools, first, strict=True)]
    second = [told if place in places else other for place, (told, other) in enumerate(zip(first, others, strict=True))]
    score = 1.25 * kept if kept in (0, 4) else 1.25 * kept + draw.choice((-0.25, 0, 0.15))
    return {"sentence1": sentence(*first), "sentence2": sentence(*second), "score": f"{score:.3f}"}


def question(draw: random.Random) -> Row:
    keeper, guest = (f"{name} {draw.choice(SURNAMES)}" for name in draw.sample(NAMES, 2))
    thing = draw.choice(THINGS)
    sentences = [f"The keeper of the {thing} is {keeper}.", draw.choice(SIGHTS)]
    if draw.random() < 0.4:
        sentences.append(f"A guest, {guest}, came last week.")
    draw.shuffle(sentences)
    context = " ".join(sentences)
    answers = {"text": [keeper], "answer_start": [context.index(keeper)]}
    return {"context": context, "question": f"Who is the keeper of the {thing}?", "answers": answers}


def translation(draw: random.Random) -> Row:
    parts = [draw.choice([*words.items()]) for words in (TRAITS, NOUNS, VERBS, TRAITS, NOUNS)]
    (trait, eigen), (noun, wort), (verb, tut), (trait2, eigen2), (noun2, wort2) = parts
    english = f"The {trait} {noun} {verb} the {trait2} {noun2}."
    return {"translation": {"en": english, "de": f"Das {eigen} {wort} {tut} das {eigen2} {wort2}."}}


def summary(draw: random.Random) -> Row:
    name, surname, thing, place = (draw.choice(words) for words in (NAMES, SURNAMES, THINGS, PLACES))
    did = draw.choice(ACTS)[0]
    news = f"{name} {surname} {did} the {thing} {place} on {draw.choice(('Monday', 'Tuesday', 'Friday', 'Sunday'))}."
    details = f'"It was {draw.choice(GOOD)}," said {draw.choice(NAMES)}, who saw it.'
    article = f"{news} {draw.choice(SIGHTS)} {details} {draw.choice(SIGHTS)}"
    return {"article": article, "highlights": f"{name} {surname} {did} the {thing} ."}


def referent(draw: random.Random) -> Row:
    thing, hold = draw.choice(LARGE), draw.choice(HOLDS)
    large = draw.random() < 0.55
    text = f"{draw.choice(NAMES)} saw that the {thing} did not fit into the {hold} because it was too "
    text += "large." if large else "small."
    right = draw.random() < 0.6
    asked = thing if large == right else hold
    words = text.split(" ")
    target = {"span1_text": f"the {asked}", "span1_index": words.index(asked) - 1}
    return {"text": text, "target": {**target, "span2_text": "it", "span2_index": words.index("it")}, "label": right}


@cache
def facts() -> tuple[Row, ...]:
    """Each date, number and name in the sentences of the English sample pages, asked for by its sentence."""
    found = {}
    for path in sorted({*PAGES.glob("*.txt")} - {*PAGES.glob("world-*.txt")}):
        for line in path.read_text(encoding="utf-8").splitlines():
            german = {*"äöüß"} & {*line}
            if line.endswith((".", '."', "!", "?")) and line[0] not in "@=+#|" and not german:
                for inputs, answer in SalientSpans().pairs(line):
                    asked = inputs.removeprefix(SALIENT_PREFIX).replace(MASK, "what").rstrip(".!?") + "?"
                    found.setdefault(asked, {"question": asked, "answer": [answer]})
    return tuple(found.values())


def fact(draw: random.Random) -> Row:
    return draw.choice(facts())


# Of each language the same: what one is the keeper of, jobs, sights, and the sentences around them.
TALES: dict[str, dict[str, Any]] = {
    "en": {
        "kept": ("the boat", "the mill", "the garden", "the bridge", "the tower", "the library", "the harbour"),
        "jobs": ("baker", "teacher", "doctor", "painter", "farmer", "cook", "singer", "smith"),
        "sights": ("The morning was quiet.", "A light rain fell.", "The bells rang at noon."),
        "keeps": "The keeper of {kept} is {keeper}.",
        "works": "{worker} works as a {job}.",
        "whose": "Who is the keeper of {kept}?",
        "what": "What does {worker} work as?",
    },
    "de": {
        "kept": ("des Bootes", "der Mühle", "des Gartens", "der Brücke", "des Turms", "der Bibliothek", "des Hafens"),
        "jobs": ("Bäcker", "Lehrer", "Arzt", "Maler", "Bauer", "Koch", "Sänger", "Schmied"),
        "sights": ("Der Morgen war still.", "Ein leichter Regen fiel.", "Die Glocken läuteten am Mittag."),
        "keeps": "Der Hüter {kept} ist {keeper}.",
        "works": "{worker} arbeitet als {job}.",
        "whose": "Wer ist der Hüter {kept}?",
        "what": "Als was arbeitet {worker}?",
    },
    "ru": {
        "kept": ("лодки", "мельницы", "сада", "моста", "башни", "библиотеки", "гавани"),
        "jobs": ("пекарем", "учителем", "врачом", "художником", "фермером", "поваром", "певцом", "кузнецом"),
        "sights": ("Утро было тихим.", "Шёл лёгкий дождь.", "В полдень звонили колокола."),
        "keeps": "Хранитель {kept} — {keeper}.",
        "works": "{worker} работает {job}.",
        "whose": "Кто хранитель {kept}?",
        "what": "Кем работает {worker}?",
    },
}
CYRILLIC = dict(zip((*NAMES, *SURNAMES), (
    "Ада", "Бруно", "Карла", "Дарио", "Эдит", "Феликс", "Грета", "Хуго", "Ида", "Йонас", "Клара", "Лео",
    "Хольм", "Берг", "Лунд", "Фальк", "Даль", "Рот", "Фогель", "Штайн",
), strict=True))  # fmt: skip


def tale(draw: random.Random, language: str) -> Row:
    """A question on a context. The same draws give the same tale in each language."""
    told = TALES[language]
    keeper, worker = (
        " ".join(CYRILLIC[word] if language == "ru" else word for word in (name, draw.choice(SURNAMES)))
        for name in draw.sample(NAMES, 2)
    )
    words = {"keeper": keeper, "worker": worker}
    words |= {name: draw.choice(told[several]) for name, several in (("kept", "kept"), ("job", "jobs"))}
    sentences = [told["keeps"].format(**words), told["works"].format(**words), draw.choice(told["sights"])]
    draw.shuffle(sentences)
    context = " ".join(sentences)
    question, answer = draw.choice((("whose", keeper), ("what", words["job"])))
    answers = {"text": [answer], "answer_start": [context.index(answer)]}
    return {"context": context, "question": told[question].format(**words), "answers": answers}


LABELS = {"label", "score", "answer", "answers", "highlights"}


def rows_of(make: Callable[[random.Random], Row], name: str) -> dict[str, list[Row]]:
    """Rows of each split, none of them twice; those of `test` without what they are asked for."""
    draw, seen = random.Random(f"{name.partition('/')[0]} 20"), set()
    found: dict[str, list[Row]] = {}
    assert name != "nq_open" or len(facts()) >= sum(SIZES.values())  # or it would look for more without end
    for split, size in SIZES.items():
        found[split] = []
        # T5 trains on the right referents alone, and there should be as many examples as elsewhere.
        while sum(name != "wsc" or split == "test" or row["label"] for row in found[split]) < size:
            row = make(draw)
            key = json.dumps(row, sort_keys=True)
            if key not in seen:
                seen.add(key)
                found[split].append({**row, "idx": len(found[split])})
    found["test"] = [_without_labels(row) for row in found["test"]]
    return found


def _without_labels(row: Row) -> Row:
    if "translation" in row:
        row = {**row, "translation": {"en": row["translation"]["en"]}}
    return {name: value for name, value in row.items() if name not in LABELS}


def tsv(rows: list[Row]) -> bytes:
    header = [*rows[0]]
    return "".join("\t".join(map(str, line)) + "\n" for line in [header, *(row.values() for row in rows)]).encode()


def json_lines(rows: list[Row]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def squad_json(rows: list[Row]) -> bytes:
    """One paragraph an article, as SQuAD 1.1 nests them."""
    articles = []
    for row in rows:
        asked = {"id": f"sample-{row['idx']}", "question": row["question"]}
        if "answers" in row:
            texts = zip(row["answers"]["text"], row["answers"]["answer_start"], strict=True)
            asked["answers"] = [{"text": text, "answer_start": start} for text, start in texts]
        articles.append({"title": "Keepers", "paragraphs": [{"context": row["context"], "qas": [asked]}]})
    return (json.dumps({"version": "1.1", "data": articles}, ensure_ascii=False) + "\n").encode()


def parquet(rows: list[Row]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([{k: v for k, v in row.items() if k != "idx"} for row in rows]), out)
    return out.getvalue()


KINDS: dict[str, tuple[Callable[[random.Random], Row], Callable[[list[Row]], bytes], tuple[str, str, str]]] = {
    "sst2": (mood, tsv, ("train.tsv", "dev.tsv", "test.tsv")),
    "superglue_rte": (inference, json_lines, ("train.jsonl", "val.jsonl", "test.jsonl")),
    "stsb": (similarity, tsv, ("train.tsv", "dev.tsv", "test.tsv")),
    "squad": (question, squad_json, ("train-v1.1.json", "dev-v1.1.json", "test-v1.1.json")),
    "wmt_ende": (translation, parquet, tuple(f"{split}-00000-of-00001.parquet" for split in SIZES)),  # type: ignore[dict-item]
    "cnn_dailymail": (summary, json_lines, ("train.jsonl", "validation.jsonl", "test.jsonl")),
    "wsc": (referent, json_lines, ("train.jsonl", "val.jsonl", "test.jsonl")),
    "nq_open": (fact, json_lines, ("train.jsonl", "validation.jsonl", "test.jsonl")),
    **{
        f"xquad/{language}": (partial(tale, language=language), squad_json, ("train.json", "dev.json", "test.json"))
        for language in TALES
    },
}


def build() -> dict[str, bytes]:
    """Every file of this folder by its name below it, with the sums of each task."""
    files = {}
    for name, (make, written, names) in KINDS.items():
        contents = {file: written(rows) for file, rows in zip(names, rows_of(make, name).values(), strict=True)}
        sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {file}\n" for file, content in contents.items())
        files |= {f"{name}/{file}": content for file, content in [*contents.items(), ("SHA256SUMS", sums.encode())]}
    return files


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=HERE)
    output = parser.parse_args().output
    for name, content in build().items():
        (output / name).parent.mkdir(parents=True, exist_ok=True)
        (output / name).write_bytes(content)
        print(f"{output / name}: {len(content):,} bytes")


if __name__ == "__main__":
    main()
