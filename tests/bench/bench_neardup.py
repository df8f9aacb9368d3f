"""Near-duplicates side by side: `python tests/bench/bench_neardup.py [LABELLED.jsonl[.gz]]` clusters the same texts
with the code that clusters articles and, where `pip install -e .[bench]` brought them, with rensa, datasketch, SimHash.

Without a file: invented stories with edited reprints, and notices of a template; and the shared labelled texts where
they are. Prints precision, recall and F1 over pairs, false pairs among notices of templates, and microseconds of CPU a
text. The rivals get the same normalised text, and of all thresholds the one that suits them best on these very texts.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

from crawler.text.clean import clean_line, clean_text
from crawler.text.fingerprint import fingerprint, normalise
from crawler.text.restore import restore_fields
from crawler.text.similarity import Clusterer

SHARED = Path(__file__).resolve().parents[2] / "../shared/neardup/open.jsonl.gz"
TEMPLATES = {"template", "notice", "personnel"}
PERMUTATIONS, GRAM, LEAST, FURTHEST = 128, 5, 0.3, 12
THRESHOLDS = [step / 64 for step in range(19, 65)]
Texts = list[dict[str, Any]]
Links = Iterator[tuple[float, int, int]]
"""Likeness, and the numbers of two texts."""


def made(stories: int = 400) -> Texts:
    """Invented texts: half of the stories reprinted up to three times with edits, and as many notices of templates."""
    pick = random.Random(5)
    common = [chr(code) for code in range(0x4E00, 0x5E00)]

    def words(least: int, most: int) -> str:
        return "".join(pick.choices(common, k=pick.randint(least, most)))

    texts: Texts = []
    for number in range(stories):
        body = [f"{words(20, 45)}。" for _ in range(pick.randint(4, 20))]
        title = words(10, 20)
        texts.append({"cluster": f"s{number}", "kind": "news", "title": title, "text": "\n".join(body)})
        for _ in range(pick.choice((0, 0, 1, 2, 3))):
            texts.append({"cluster": f"s{number}", "kind": "news", "title": title, "text": edited(pick, body)})
        texts.append({"cluster": f"n{number}", "kind": "notice", **notice(pick, words)})
    pick.shuffle(texts)
    return texts


def edited(pick: random.Random, body: list[str]) -> str:
    """A reprint: a new head, a cut tail, dropped or moved sentences, replaced words, as it comes."""
    lines = list(body)
    if pick.random() < 0.4:
        lines = lines[: max(3, len(lines) * 2 // 3)]
    if pick.random() < 0.4:
        lines = [line for line in lines if pick.random() < 0.8] or lines
    if pick.random() < 0.3:
        pick.shuffle(lines)
    if pick.random() < 0.4:
        lines = [line[:9] + "日前" + line[11:] if pick.random() < 0.4 else line for line in lines]
    head = pick.choice(("", "本报讯（记者 古月）", f"发布时间：2026-03-0{pick.randint(1, 9)} 来源：虚构日报\n"))
    return head + "\n".join(lines) + pick.choice(("", "……", "\n（责任编辑：古月）", "\n声明：本网转载此文。"))


def notice(pick: random.Random, words: Callable[[int, int], str]) -> dict[str, str]:
    """A notice of a sampling: a template with numbers and names of its own."""
    items = "".join(
        f"（{at}）{words(3, 5)}超市销售的标称{words(2, 4)}公司生产的{words(2, 3)}（生产日期2026年{pick.randint(1, 9)}月"
        f"{pick.randint(1, 28)}日），不符合食品安全国家标准规定，检出值为{pick.randint(1, 99) / 10}g/kg。\n"
        for at in range(1, pick.randint(2, 5))
    )
    text = (
        f"近期，我局组织抽检食用农产品、饮料等食品{pick.randint(90, 900)}批次样品，根据食品安全国家标准，"
        f"个别项目不合格，其产品即判定为不合格产品。具体情况通告如下：\n{items}对上述抽检中发现的不合格产品，我局已依法予以查处，特此通告。"
    )
    return {
        "title": f"关于{pick.randint(1, 9)}批次食品不合格情况的通告（2026年第{pick.randint(1, 52)}期）",
        "text": text,
    }


def labelled(path: Path) -> Texts:
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        texts = [json.loads(line) for line in lines]
    for text in texts:
        fields, _ = restore_fields({"title": text["title"], "body": text["text"]})
        text["title"], text["text"] = clean_line(fields["title"] or ""), clean_text(fields["body"] or "")
    return texts


def ours(texts: Texts) -> list[int]:
    clusterer = Clusterer()
    for text in texts:
        clusterer.add(text["title"], text["text"])
    return clusterer.clusters()


def grams(text: dict[str, Any]) -> list[str]:
    letters = normalise(text["text"])
    return list({letters[at : at + GRAM] for at in range(max(1, len(letters) - GRAM + 1))})


def rensa(texts: Texts) -> Links:
    from rensa import RMinHash, RMinHashLSH

    index, sketches = RMinHashLSH(threshold=LEAST, num_perm=PERMUTATIONS, num_bands=32), []
    for number, text in enumerate(texts):
        sketch = RMinHash(num_perm=PERMUTATIONS, seed=1)
        sketch.update(grams(text))
        sketches.append(sketch)
        yield from ((sketch.jaccard(sketches[other]), other, number) for other in index.query(sketch))
        index.insert(number, sketch)


def datasketch(texts: Texts) -> Links:
    from datasketch import MinHash, MinHashLSH

    index, sketches = MinHashLSH(threshold=LEAST, num_perm=PERMUTATIONS), []
    for number, text in enumerate(texts):
        sketch = MinHash(num_perm=PERMUTATIONS)
        sketch.update_batch([gram.encode() for gram in grams(text)])
        sketches.append(sketch)
        yield from ((sketch.jaccard(sketches[other]), other, number) for other in index.query(sketch))
        index.insert(number, sketch)


def simhash(texts: Texts) -> Links:
    from simhash import Simhash

    sketches: list[int] = []
    for number, text in enumerate(texts):
        sketch = Simhash(grams(text)).value
        for other, known in enumerate(sketches):
            if (distance := (sketch ^ known).bit_count()) <= FURTHEST:
                yield 1 - distance / 64, other, number
        sketches.append(sketch)


def joined(number: int, links: Iterable[tuple[int, int]]) -> list[int]:
    parents = list(range(number))

    def root(at: int) -> int:
        while parents[at] != at:
            at = parents[at]
        return at

    for one, other in links:
        parents[max(root(one), root(other))] = min(root(one), root(other))
    return [root(at) for at in range(number)]


def pairs(texts: Texts, clusters: Iterable[Any]) -> set[tuple[int, int]]:
    groups = defaultdict(list)
    for number, (text, cluster) in enumerate(zip(texts, clusters, strict=True)):
        if text["kind"] != "merge":
            groups[cluster].append(number)
    return {pair for group in groups.values() for pair in combinations(group, 2)}


def compare(name: str, texts: Texts) -> None:
    print(f"\n{name}: {len(texts)} texts")
    want = pairs(texts, (text["cluster"] for text in texts))
    began = time.process_time()
    clusters = ours(texts)
    show("ours", texts, want, pairs(texts, clusters), time.process_time() - began)
    for method in (rensa, datasketch, simhash):
        if importlib.util.find_spec(method.__name__) is None:
            print(f"  {method.__name__:17}  not installed: pip install -e .[bench]")
            continue
        began = time.process_time()
        links = list(method(texts))
        cpu = time.process_time() - began
        found = {
            least: pairs(texts, joined(len(texts), (pair for likeness, *pair in links if likeness >= least)))
            for least in THRESHOLDS
        }
        best = max(found, key=lambda least: f1(want, found[least]))
        show(f"{method.__name__} from {best:.2f}", texts, want, found[best], cpu)


def f1(want: set[Any], got: set[Any]) -> float:
    return 2 * len(want & got) / max(1, len(want) + len(got))


def show(label: str, texts: Texts, want: set[Any], got: set[Any], cpu: float) -> None:
    right = len(want & got)
    false = sum(texts[one]["kind"] in TEMPLATES and texts[other]["kind"] in TEMPLATES for one, other in got - want)
    print(
        f"  {label:20}  P {right / max(1, len(got)):.4f}  R {right / max(1, len(want)):.4f}  F1 {f1(want, got):.4f}  "
        f"{false / max(1, len(got)):6.2%} false among templates  {cpu / len(texts) * 1e6:5.0f} µs a text"
    )


def main() -> None:
    files = [Path(name) for name in sys.argv[1:]] or ([SHARED] if SHARED.exists() else [])
    texts = made()
    began = time.process_time()
    for text in texts:
        fingerprint(text["title"], text["text"])
    print(f"fingerprint: {(time.process_time() - began) / len(texts) * 1e6:.0f} µs a text")
    compare("invented", texts)
    for path in files:
        compare(path.name, labelled(path))


if __name__ == "__main__":
    main()
