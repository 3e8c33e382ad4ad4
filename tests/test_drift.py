"""Drift: what changed is found, and what did not change raises no alarm."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from hyeoksin import pictures
from hyeoksin.classifier import Classifier
from hyeoksin.cli import app
from hyeoksin.codes import NONE
from hyeoksin.corpus import Example
from hyeoksin.domain import Document, Score
from hyeoksin.drift import Drift, Sample, compare, find_drift, thinned
from hyeoksin.drift.build import samples
from hyeoksin.drift.intervals import newcombe, wilson
from hyeoksin.drift.permute import Dealings
from hyeoksin.drift.report import _picture, in_words, write_drift
from hyeoksin.errors import InputError
from hyeoksin.gate import NOTE
from hyeoksin.plan import load_plan
from hyeoksin.readers import read
from hyeoksin.sinks import write
from hyeoksin.store import open_store

PLAN = load_plan("2019")
CODES = np.array([leaf.code for leaf in PLAN.leaves[:4]] + [NONE])
PLAIN = str.maketrans({",": " ", "\n": " ", '"': " "})
WORDS = [f"낱말{i}/N" for i in range(40)]


def made(seed: int, n: int = 200, shares: tuple[float, ...] = (0.1, 0.1, 0.1, 0.1, 0.6)) -> Sample:
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(n, 16))
    sure = rng.uniform(0.3, 1.0, n)
    return Sample(
        ids=tuple(f"{seed}-{i}" for i in range(n)),
        titles=tuple(f"제목 {i}" for i in range(n)),
        vectors=(vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32),
        words=tuple(frozenset(w for w in WORDS if rng.random() < 0.2) for _ in range(n)),
        length=np.exp(rng.normal(5, 1, n)),
        code=rng.choice(CODES, n, p=shares),
        status=rng.choice(["settled", "review", "off_plan"], n),
        sure=sure,
        right=(rng.random(n) < sure).astype(float),
        kind=rng.choice(["task", "press"], n),
        group=tuple(f"{seed}-{i}" for i in range(n)),
    )


class Backwards(frozenset):  # type: ignore[type-arg]
    """Words in an order that is not theirs, as another hash seed would give it."""

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(super().__iter__(), reverse=True))


def alarms(drift: Drift) -> set[str]:
    return {verdict.about for verdict in drift.verdicts if verdict.alarm}


def test_no_wolf_is_cried() -> None:
    raised = [find_drift(made(2 * s), made(2 * s + 1), 0, s, n_dealings=199).alarm for s in range(30)]
    assert sum(raised) <= 5  # of 30 at 5 %: more than 5 has a probability of 0.003


def test_each_planted_change_is_found_by_its_test() -> None:
    old, new = made(1), made(2)
    turned = new.vectors + np.eye(16, dtype=np.float32)[0] * 0.5
    for change, about in (
        ({"vectors": turned / np.linalg.norm(turned, axis=1, keepdims=True)}, "meaning"),
        ({"length": new.length * 2}, "length"),
        ({"words": tuple(w | {"새말/N"} if i % 3 else w for i, w in enumerate(new.words))}, "words"),
        ({"kind": np.full(len(new), "press")}, "kind"),
        ({"code": made(3, shares=(0.4, 0.1, 0.1, 0.1, 0.3)).code}, "nodes"),
        ({"status": np.full(len(new), "review")}, "status"),
        ({"sure": new.sure**3}, "confidence"),
        ({"right": np.zeros(len(new))}, "calibration"),
    ):
        found = find_drift(old, replace(new, **change), 0, n_dealings=199)  # type: ignore[arg-type]
        assert about in alarms(found), about
        assert found.alarm


def test_the_node_and_the_word_that_changed_come_first() -> None:
    new = made(2, shares=(0.5, 0.05, 0.05, 0.05, 0.35))
    new = replace(new, words=tuple(w | {"새말/N"} if i % 2 else w for i, w in enumerate(new.words)))
    found = find_drift(made(1), new, 5, n_dealings=199)
    assert found.nodes[0].name in (CODES[0], NONE)
    assert {m.name for m in found.words} == {"새말/N"}
    word = found.words[0]
    assert (word.before, word.after) == (0.0, 0.5)
    assert word.low < word.difference < word.high
    assert "새말" in in_words(found, PLAN)


def test_intervals_of_shares_and_differences_are_the_published_ones() -> None:
    one = np.array([56 / 70, 9 / 10, 0.0, 1.0])
    low, high = newcombe(np.array([48 / 80, 3 / 10, 0.0, 1.0]), 80, one, 70)
    assert (low[0], high[0]) == pytest.approx((0.0524, 0.3339), abs=1e-4)  # Newcombe (1998), table II, a
    assert (low <= one - np.array([0.6, 0.3, 0, 1])).all()
    assert (low[2:] < 0).all()
    assert (high[2:] > 0).all()
    below, above = wilson(one, 70)
    assert min(below) >= 0
    assert max(above) <= 1
    assert (below < above).all()


def test_bars_have_the_interval_of_the_new_share(monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = made(1, 40), made(2, 400, (0.0, 0.0, 0.0, 0.03, 0.97))
    found = find_drift(old, new, 0, n_dealings=19)
    seen: list[pictures.Bar] = []
    monkeypatch.setattr(pictures, "bars_with_intervals", lambda bars, *_, **__: seen.extend(bars))
    monkeypatch.setattr(pictures, "svg", lambda _: "")
    _picture(found, PLAN)
    assert all(0 <= bar.low <= bar.value <= bar.high <= 1 for bar in seen)
    assert max(bar.high - bar.low for bar in seen) < 0.05


def test_which_words_are_looked_at_does_not_hang_on_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "_MANY", 5)
    words = [f"낱말{i}/N" for i in range(40)]
    old, new = (replace(made(s), words=tuple(Backwards(words) for _ in range(200))) for s in (1, 2))
    monkeypatch.setattr(compare, "_RARE", 0)
    assert compare._presence(old, new)[0] == sorted(words)[:5]


def test_a_text_repeated_a_hundred_times_counts_once() -> None:
    old, new = made(1), made(2)
    copies = new.take([0] * 100)
    many = Sample(
        new.ids + copies.ids, new.titles + copies.titles, np.vstack([new.vectors, copies.vectors]),
        new.words + copies.words, *(np.concatenate([getattr(new, f), getattr(copies, f)]) for f in ("length", "code", "status", "sure", "right", "kind")),
        new.group + copies.group,
    )  # fmt: skip
    assert len(many) == 300
    assert len(thinned(many, 1_000)) == 200
    assert find_drift(old, many, 0, n_dealings=99).verdicts == find_drift(old, new, 0, n_dealings=99).verdicts


def test_new_doubtful_texts_are_proposed() -> None:
    usual = np.tile(np.eye(16, dtype=np.float32)[0], (200, 1))
    vectors, sure = usual.copy(), made(2).sure
    vectors[:5] = np.eye(16, dtype=np.float32)[5]
    sure[:5] = 0.05
    new = replace(made(2), vectors=vectors, sure=sure)
    found = find_drift(replace(made(1), vectors=usual), new, 3, n_dealings=99)
    assert found.next[0].id in new.ids[:5]
    assert len({s.id for s in found.next}) == 3


def test_p_values_of_dealings_are_even_and_hold_together() -> None:
    rng = np.random.default_rng(0)
    ps = []
    for seed in range(60):
        dealings = Dealings(40, 60, 99, seed)
        before, after = dealings.means(rng.normal(size=(100, 1)))
        ps.append(dealings.p_value(np.abs(after - before)[:, 0]))
    assert 0.35 < np.mean(ps) < 0.65
    assert min(ps) >= 0.01
    many = Dealings(40, 60, 99, 0)
    statistics = np.abs(np.subtract(*many.means(rng.normal(size=(100, 30)))))
    single = [many.p_value(statistics[:, k]) for k in range(30)]
    assert all(a >= b for a, b in zip(many.adjusted(statistics), single, strict=True))


def test_too_few_texts_are_refused() -> None:
    with pytest.raises(InputError, match="30"):
        find_drift(made(1, n=20), made(2))


@pytest.mark.parametrize("suffix", [".html", ".json", ".xlsx", ".csv"])
def test_the_report_holds_the_same_in_every_form(tmp_path: Path, suffix: str) -> None:
    found = find_drift(made(1), made(2, shares=(0.5, 0.05, 0.05, 0.05, 0.35)), 5, n_dealings=199)
    path = tmp_path / f"보고{suffix}"
    write_drift(found, PLAN, path)
    if suffix == ".json":
        assert json.loads(path.read_text(encoding="utf-8"))["alarm"]
    elif suffix == ".html":
        text = path.read_text(encoding="utf-8")
        assert "http" not in text.replace("http://www.w3.org", "")
        assert PLAN.leaves[0].title.split()[0] in text
        assert "<script" not in text
        moved = found.nodes[0]
        assert f"<td>{100 * moved.difference:+.1f}%p (" in text  # points, no percentage of a percentage
        assert pictures.strategy_colour(PLAN, moved.name) in text
    assert path.stat().st_size > 500


def test_rows_without_a_probability_are_told_and_the_others_compared(
    tmp_path: Path, classifier: Classifier
) -> None:
    texts = [Document(str(i), f"찾아가는 진료버스 {i}호가 섬 마을 어르신을 찾아간다") for i in range(30)]
    lines = [json.dumps(p.to_record() | {"text": p.document.text}) for p in classifier.classify(texts)]
    path = tmp_path / "결과.jsonl"
    path.write_text("\n".join([*lines, '{"id": "다", "code": "3-1", "text": "글"}', "{"]), encoding="utf-8")
    first, second, errors = samples(path, path, classifier)
    assert len(first) == len(second) == 30
    assert {e.reason[:4] for e in errors} == {"JSON", "확률이 "}


def test_a_batch_run_that_did_not_end_is_refused(tmp_path: Path, classifier: Classifier) -> None:
    (tmp_path / "records").mkdir()
    (tmp_path / "run.json").write_text("{}", encoding="utf-8")
    for part in ("records/part-000000.jsonl", "글.txt"):
        with pytest.raises(InputError, match="끝나지 않은 분류"):
            samples(tmp_path, tmp_path, classifier)
        (tmp_path / part).write_text('{"id": "1", "text": "섬 주민을 찾아간다"}', encoding="utf-8")


def test_a_decision_counts_for_the_one_text_of_its_number(
    tmp_path: Path, classifier: Classifier, caplog: pytest.LogCaptureFixture
) -> None:
    old, new, decided = (tmp_path / name for name in ("앞.csv", "뒤.csv", "결정.csv"))
    old.write_text("번호,제목\n가,찾아가는 진료버스\n나,공공시설 빌려주기\n", encoding="utf-8")
    new.write_text("번호,제목\n가,도로 포장 보수\n다,민원 서류 줄이기\n라,마을 정원\n", encoding="utf-8")
    decided.write_text("번호,최종 분류\n가,3-1\n나,5-3\n다,3-1\n다,5-3\n라,없는코드\n", encoding="utf-8")
    caplog.set_level("INFO", "hyeoksin.readers")
    before, after, errors = samples(old, new, classifier, decisions=decided)
    assert np.isnan(before.right).tolist() == [True, False]
    assert np.isnan(after.right).tolist() == [True, True, True]
    assert "번호 2개" in caplog.text
    assert ["없는코드" in e.reason for e in errors] == [True]


def test_the_command_compares_texts(tmp_path: Path, written: list[Example]) -> None:
    old, new = tmp_path / "앞.csv", tmp_path / "뒤.csv"
    for path, rows in (
        (old, written[::60]),
        (new, [e for e in written if e.labels.get("2019") == ("3-1",)][:60]),
    ):
        lines = ["번호,제목", *(f"{i},{e.document.body[:60].translate(PLAIN)}" for i, e in enumerate(rows))]
        path.write_text("\n".join(lines), encoding="utf-8")
    output = tmp_path / "변화.json"
    result = CliRunner().invoke(app, ["drift", str(old), str(new), "-o", str(output)])
    assert result.exit_code == 0, result.output
    assert "달라진 것이 있습니다" in result.output
    assert "계획 2019: 앞 " in result.output
    assert json.loads(output.read_text(encoding="utf-8"))["nodes"][0]["name"] == "3-1"


def test_results_and_their_texts_are_the_same_sample(
    tmp_path: Path, classifier: Classifier, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [
        {
            "id": str(i),
            "title": f"진료 {i}",
            "text": "섬 주민을 찾아간다. " * n,
            "kind": "제안" if i else "보도",
        }
        for i, n in enumerate((3, 200, 60))
    ]
    texts, results = tmp_path / "글.jsonl", tmp_path / "결과.parquet"
    texts.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    write(list(classifier.classify(item for item in read(texts) if isinstance(item, Document))), results)
    caplog.set_level("INFO", "hyeoksin.readers")
    before, after, _ = samples(texts, results, classifier)
    assert before.kind.tolist() == after.kind.tolist() == ["보도", "제안", "제안"]
    assert before.length.tolist() == after.length.tolist()
    assert before.words == after.words
    np.testing.assert_array_equal(before.vectors, after.vectors)
    assert "700자까지만" in caplog.text
    assert "--texts" in caplog.text
    caplog.clear()
    with texts.open("a", encoding="utf-8") as file:
        file.write('\n{"id": "빈"}')
    before, after, errors = samples(results, results, classifier, texts)
    assert before.length.tolist() == after.length.tolist()
    assert max(after.length) > 700
    assert not caplog.messages
    assert [error.source for error in errors] == ["글.jsonl#row=4"]  # once, though both periods were joined


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl", ".xlsx"])
def test_regions_are_the_same_from_results_and_from_their_texts(
    tmp_path: Path, classifier: Classifier, suffix: str
) -> None:
    texts, results = tmp_path / "글.csv", tmp_path / f"결과{suffix}"
    texts.write_text(
        "번호,내용,지역\n1,섬 주민을 찾아간다,전남 신안군\n2,대구 중구의 축제,\n3,꽃 축제,\n",
        encoding="utf-8",
    )
    write(list(classifier.classify(item for item in read(texts) if isinstance(item, Document))), results)
    told = texts if suffix == ".jsonl" else None  # JSONL holds no texts
    before, after, _ = samples(texts, results, classifier, told)
    assert before.kind.tolist() == after.kind.tolist() == ["전라남도 신안군", "대구광역시 중구", ""]


def test_the_region_column_stands_before_what_the_text_names(tmp_path: Path, classifier: Classifier) -> None:
    paths = [tmp_path / f"{name}.csv" for name in ("앞", "뒤")]
    for path, region in zip(paths, ("강원도", "제주"), strict=True):
        rows = [f"{i},섬 주민을 찾아가는 진료 {i}. 대구 중구의 축제,{region}" for i in range(40)]
        path.write_text("\n".join(["번호,내용,지역", *rows, "40,꽃 축제,"]), encoding="utf-8")
    before, after, _ = samples(*paths, classifier)
    assert before.kind.tolist() == ["강원특별자치도"] * 40 + [""]
    assert set(after.kind) == {"제주특별자치도", ""}
    apart = [replace(one, group=tuple(one.ids)) for one in (before, after)]
    said = in_words(find_drift(*apart, 0, n_dealings=199), PLAN)
    assert "  ! 지역: 가장 크게 달라진 것: 강원특별자치도 97.6% → 0.0%" in said


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
def test_two_models_are_told(
    tmp_path: Path, classifier: Classifier, suffix: str, caplog: pytest.LogCaptureFixture
) -> None:
    documents = [Document(id="1", text="섬 주민을 찾아간다"), Document(id="2", text="꽃 축제")]
    texts = tmp_path / "texts.jsonl"
    texts.write_text("".join(json.dumps({"id": d.id, "text": d.text}) + "\n" for d in documents), "utf-8")
    judged = list(classifier.classify(documents))
    first, second = (tmp_path / f"{name}{suffix}" for name in ("first", "second"))
    write(judged, first)
    write([replace(one, model="other@00000000") for one in judged], second)
    told = texts if suffix == ".jsonl" else None  # JSONL holds no texts
    caplog.set_level("INFO", "hyeoksin.readers")
    samples(first, first, classifier, told)
    assert "다른 모델" not in caplog.text
    samples(first, second, classifier, told)
    assert f"다른 모델이 답했습니다({classifier.id} / other@00000000)" in caplog.text


def test_personal_data_is_masked_before_a_title_is_cut(tmp_path: Path, classifier: Classifier) -> None:
    texts = tmp_path / "글.csv"
    texts.write_text(
        f"번호,제목,내용\n민원 010-1234-5678,,{'가' * 55} 010-1234-5678\n2,02-123-4567 로 답해 주세요,글\n",
        encoding="utf-8",
    )
    first, _, _ = samples(texts, texts, classifier)
    assert first.ids == ("민원 ***-****-****", "2")
    assert first.titles == ("가" * 55 + " ***-", "**-***-**** 로 답해 주세요")


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_the_same_answers_are_the_same_in_every_form_of_results(
    tmp_path: Path, classifier: Classifier, suffix: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A table tells where the path ends, records tell every leaf: the end is what both tell."""
    texts = [Document(str(i), f"찾아가는 진료버스 {i}호가 섬 마을 어르신을 찾아간다") for i in range(4)]
    judged = [
        replace(one, path=one.path[: 1 + i % 3], off_plan=0.1)
        for i, one in enumerate(classifier.classify([*texts, Document("꽃", "꽃 축제")]))
    ]
    records, table, store = (tmp_path / name for name in ("앞.parquet", f"뒤{suffix}", "책상.db"))
    write(judged, records)
    write(judged, table)
    with open_store(store) as desk:
        number = desk.create_project("상반기", "2019", "kim").id
        desk.add_items(number, [(one.document, one) for one in judged])
        desk.decide([desk.items(number, order="id")[0].id], "pick", code="9-1", by="kim")
    caplog.set_level("INFO", "hyeoksin.readers")
    best, _, _ = samples(records, records, classifier)
    assert best.code[0] == judged[0].scores[0].code
    assert not caplog.messages
    for other in (records, store):
        before, after, _ = samples(other, table, classifier)
        first, second = (
            dict(zip(s.ids, zip(s.code, s.sure, strict=True), strict=True)) for s in (before, after)
        )
        assert first == second
        assert first["0"] == (judged[0].path[0].code, judged[0].path[0].probability)
        assert sum("추천이 끝난 항목" in message for message in caplog.messages) == 1
        caplog.clear()


def test_a_decision_for_a_programme_is_right_with_its_leaf(tmp_path: Path, classifier: Classifier) -> None:
    texts = [Document(str(i), f"찾아가는 진료버스 {i}호가 섬 마을 어르신을 찾아간다") for i in range(5)]
    path = tuple(Score(node.code, node.title, 0.9) for node in PLAN.path("3-2"))
    judged = [replace(one, path=path) for one in classifier.classify(texts)]
    judged[3] = replace(judged[3], path=path[:-1])
    first, second, decided = (tmp_path / name for name in ("앞.csv", "뒤.csv", "결정.csv"))
    write(judged, first)
    second.write_text("번호,제목\n가,꽃 축제\n", encoding="utf-8")
    decided.write_text("번호,코드\n0,3-2-1\n1,9-1\n2,3\n3,3-2\n4,3-2-1\n4,3-2\n", encoding="utf-8")
    before, _, _ = samples(first, second, classifier, decisions=decided)
    assert before.right.tolist() == [1.0, 0.0, 1.0, 1.0, 1.0]


def test_a_gate_before_one_period_only_is_told(
    tmp_path: Path, classifier: Classifier, caplog: pytest.LogCaptureFixture
) -> None:
    judged = list(
        classifier.classify([Document(id="1", text="섬 주민을 찾아간다"), Document(id="2", text="꽃 축제")])
    )
    off, safe = tmp_path / "off.parquet", tmp_path / "safe.parquet"
    write(judged, off)
    write([replace(one, notes=(NOTE,)) for one in judged], safe)
    caplog.set_level("INFO", "hyeoksin.readers")
    samples(safe, safe, classifier)
    assert not caplog.messages
    samples(off, safe, classifier)
    assert "1차 거르기" in caplog.text
    assert "--gate" in caplog.text
