from __future__ import annotations

import random
from dataclasses import replace
from inspect import signature
from pathlib import Path

import numpy as np
import pytest

import hyeoksin
from hyeoksin.answers import answer, decode
from hyeoksin.classifier import Classifier, load_classifier
from hyeoksin.corpus import Example
from hyeoksin.domain import Document
from hyeoksin.errors import ModelError
from hyeoksin.model import Head, PlanHead
from hyeoksin.plan import Plan, load_plan
from hyeoksin.plan.tables import TEMPLATE

TASKS = [
    Document(id="a", title="업무추진비 집행 내역을 누리집에 알기 쉽게 공개", source="x.csv#row=2"),
    Document(id="b", title="이동 진료버스가 섬 마을을 돌며 어르신을 진료", region="전라남도 신안군"),
    Document(
        id="c",
        title="제12회 벚꽃 축제 개최",
        text="축하 공연과 먹거리 장터가 열린다. 가수들의 무대도 이어진다.",
    ),
    Document(
        id="d",
        title="",
        text="전력 사용량이 갑자기 끊긴 집을 찾아 복지 사각지대 위기가구를 돕자. 보건복지부와 협업한다.",
    ),
]


def test_probabilities_sum_to_one_and_parents_are_sums(classifier: Classifier) -> None:
    for prediction in classifier.classify(TASKS):
        for one in (prediction, *prediction.others):
            assert sum(s.probability for s in one.scores) + one.off_plan == pytest.approx(1.0, abs=1e-4)
            plan = load_plan(one.plan)
            assert {s.code for s in one.scores} == {leaf.code for leaf in plan.leaves}
            for step in one.path:
                below = [
                    s.probability for s in one.scores if step.code in {n.code for n in plan.path(s.code)}
                ]
                assert step.probability == pytest.approx(sum(below), abs=1e-4)


def test_candidates_are_ordered_and_the_path_is_a_path(classifier: Classifier) -> None:
    for prediction in classifier.classify(TASKS):
        values = [s.probability for s in prediction.scores]
        assert values == sorted(values, reverse=True)
        for above, below in zip(prediction.path, prediction.path[1:], strict=False):
            assert classifier.plan[below.code].parent == above.code
        assert bool(prediction.path) == (prediction.off_plan < 0.5)


def test_same_text_same_record_alone_shuffled_or_among_many(
    classifier: Classifier, written: list[Example]
) -> None:
    crowd = [e.document for e in written[:300]]
    mixed = [*crowd, *TASKS]
    random.Random(1).shuffle(mixed)
    together = {p.document.id: p.to_record() for p in classifier.classify(mixed)}
    for task in TASKS:
        (alone,) = classifier.classify([task])
        assert together[task.id] == alone.to_record()


def test_evidence_is_true_and_removing_it_lowers_the_probability(
    classifier: Classifier, written: list[Example]
) -> None:
    documents = [e.document for e in written if e.labels["2019"] and len(e.document.text) > 60][::15]
    fell = 0
    kept = [p for p in classifier.classify(documents) if p.path]
    for prediction in kept:
        body = prediction.document.body
        for span in prediction.evidence:
            assert body[span.start : span.end] == span.text
        without = body
        for span in sorted(prediction.evidence, key=lambda s: -s.start):
            without = without[: span.start] + without[span.end :]
        (after,) = classifier.classify([Document(id="x", text=without)])
        first = prediction.scores[0]
        fell += {s.code: s.probability for s in after.scores}[first.code] < first.probability
    assert len(kept) > 30
    assert fell / len(kept) > 0.95


def test_evidence_weights_are_shares(classifier: Classifier) -> None:
    for prediction in classifier.classify(TASKS):
        assert 0 < sum(span.weight for span in prediction.evidence) <= 1.0001


def test_known_answers(classifier: Classifier) -> None:
    by_id = {p.document.id: p for p in classifier.classify(TASKS)}
    assert by_id["a"].scores[0].code == "5-1"
    assert by_id["b"].scores[0].code == "3-2"
    assert by_id["c"].path == ()
    assert by_id["d"].scores[0].code == "3-1"


def test_clause_stands_below_the_leaf_and_the_rival_is_explained(classifier: Classifier) -> None:
    clauses = 0
    for prediction in classifier.classify(TASKS):
        if not prediction.path:
            assert prediction.clause is None
            continue
        clauses += prediction.clause is not None
        if prediction.clause is not None:
            assert prediction.scores[0].code in {n.code for n in classifier.plan.path(prediction.clause.code)}
        assert prediction.rival is not None
        assert prediction.rival.code == prediction.scores[1].code
        assert prediction.rival.why
    assert clauses > 0


def test_no_clause_is_given_where_none_is_near(classifier: Classifier) -> None:
    nothing = np.zeros(len(classifier._clauses._vectors.toarray()[0]))
    assert classifier._clauses.nearest(nothing, "3-1") is None
    assert classifier._clauses.nearest(nothing + 0.02, "3-1") is not None


def test_a_text_in_another_language_keeps_its_status_and_is_noted(classifier: Classifier) -> None:
    (english,) = classifier.classify([Document(id="1", title="Open data portal launched by the ministry")])
    assert english.status == "off_plan"
    assert "한글이 거의 없는 글" in english.notes[0]
    assert not any("한글" in note for p in classifier.classify(TASKS) for note in p.notes)


def test_agencies_and_regions(classifier: Classifier) -> None:
    by_id = {p.document.id: p for p in classifier.classify(TASKS)}
    flags = by_id["d"].agencies
    assert flags[0].name == "보건복지부"
    assert flags[0].role == "lead"
    assert any("보건복지부" in reason for reason in flags[0].reasons)
    assert by_id["b"].regions == ("전라남도 신안군",)
    assert any("신안군" in flag.name for flag in by_id["b"].agencies)


def test_agency_names_are_those_of_the_day(classifier: Classifier) -> None:
    text = "환경부는 미세먼지 측정 자료를 열어 누구나 쓰게 한다고 밝혔다."
    old, new = (
        next(iter(classifier.classify([Document(id="1", text=text, date=day)]))).agencies[0].name
        for day in ("2021-03-01", "2026-03-01")
    )
    assert (old, new) == ("환경부", "기후에너지환경부")


def test_a_plan_with_another_hash_is_refused(classifier: Classifier) -> None:
    plan = classifier.plan
    changed = replace(plan, nodes=(replace(plan.nodes[0], title="다른 제목"), *plan.nodes[1:]))
    with pytest.raises(ModelError) as error:
        Classifier(classifier.model, changed)
    assert plan.sha256[:8] in str(error.value)
    assert changed.sha256[:8] in str(error.value)


def test_an_own_plan_works_at_once_and_says_that_it_is_untrained(tmp_path: Path) -> None:
    path = tmp_path / "our.yaml"
    path.write_text(TEMPLATE, encoding="utf-8")
    classifier = load_classifier(plan=path)
    one, two = classifier.classify(
        [
            Document(id="1", title="여권 만료일을 문자로 먼저 알려 주는 알림 서비스"),
            Document(id="2", title="거동이 어려운 어르신 집으로 찾아가 민원을 처리"),
        ]
    )
    assert one.scores[0].code == "가-1"
    assert two.scores[0].code == "가-2"
    assert one.status == two.status == "review"
    assert "학습하지 않은" in one.notes[0]
    assert {other.plan for other in one.others} == {"2019", "2020", "2022", "2024"}


def test_untrained_head_is_far_better_than_chance(
    classifier: Classifier, written: list[Example], plans: dict[str, Plan]
) -> None:
    plan = replace(plans["2019"], id="new-2019")
    inside = [e for e in written if e.labels["2019"]][::6]
    unknown = Classifier(classifier.model, plan)
    hits = [
        p.scores[0].code == e.labels["2019"][0]
        for p, e in zip(unknown.classify(e.document for e in inside), inside, strict=True)
    ]
    assert sum(hits) / len(hits) > 0.4  # 20 leaves: chance is 0.05


def test_decode_backs_off_to_the_parent() -> None:
    plan = load_plan("2019")
    leaves = np.zeros(20)
    codes = [leaf.code for leaf in plan.leaves]
    leaves[codes.index("3-1")] = 0.45
    leaves[codes.index("3-2")] = 0.40
    leaves[codes.index("8-1")] = 0.05
    likely, outside, even = decode(
        plan, np.array([leaves, leaves / 2, leaves / 2]), np.array([0.10, 0.55, 0.5])
    )
    assert [step.code for step in likely] == ["S1", "3"]
    assert outside == even == ()
    (unlikely,) = decode(plan, np.full((1, 20), 0.03), np.array([0.4]))
    assert len(unlikely) == 1  # the first step is given in any case


def test_what_settles_is_safe_and_likelier_than_not() -> None:
    plan = load_plan("2019")
    nothing = Head((), np.zeros((0, 0), np.float32), np.zeros(0, np.float32))

    def told(leaf: float, off: float, settle: float, above: float, settle_off: float) -> tuple[str, int]:
        safe = {"task": above, "strategy": above}
        head = PlanHead(
            "2019", "", nothing, nothing.bias, 0.0, 0.0, 0.0, 0.0, settle, settle_off, settle_above=safe
        )
        leaves = np.full((1, 20), (1.0 - leaf - off) / 19)
        leaves[0, [node.code for node in plan.leaves].index("3-1")] = leaf
        (found,) = answer(plan, head, leaves, np.array([off]))
        return found.status, len(found.path)

    assert told(0.9, 0.05, 0.8, 1.0, 0.6) == ("settled", 3)
    assert told(0.9, 0.05, 0.95, 0.9, 0.6) == ("settled", 2)
    assert told(0.9, 0.05, 0.95, 0.95, 0.6) == ("review", 3)
    assert told(0.45, 0.45, 0.3, 0.3, 0.3) == ("review", 1)  # a low threshold makes nothing likely
    assert told(0.05, 0.7, 0.3, 0.3, 0.6) == ("off_plan", 0)
    assert told(0.05, 0.7, 0.3, 0.3, 0.8) == ("review", 0)


def test_empty_text_is_answered_not_crashed(classifier: Classifier) -> None:
    (prediction,) = classifier.classify([Document(id="1", text="∎")])
    assert prediction.evidence == ()
    assert prediction.status in ("review", "off_plan")


@pytest.mark.parametrize(
    "text",
    [
        "The quick brown fox jumps over the lazy dog while the committee adjourns.",
        "ㅁㄴㅇㄹ ㅋㅋㅋㅋ asdf 1234 !!! ㅎㅎ",
        "| | | |\n|---|---|---|\n| | | |",
        "저 산 너머 물들던 노을이 강물에 내려앉아 오래도록 흔들리고 있었다.",
        "1 2 3 4 5 6 7 8 9 10",
    ],
)
def test_foreign_input_belongs_to_no_category(classifier: Classifier, text: str) -> None:
    prediction = next(classifier.classify([Document(id="x", text=text)]))
    assert prediction.off_plan >= 0.5
    assert prediction.path == ()


def test_what_is_unsafe_at_the_leaf_may_stand_above_it(classifier: Classifier) -> None:
    """A settled path ends at the deepest step whose probability keeps the promise."""
    plan, head = classifier.plan, classifier.model.plans["2019"]
    leaves = {leaf.code for leaf in plan.leaves}
    texts = [
        Document(id=str(i), text=t)
        for i, t in enumerate(
            [
                "보이지 않던 위기가구를 찾아가서 돕는 일",
                "주민이 예산을 정하고 마을 문제도 함께 푸는 자리",
                "공무원 보고와 회의를 줄이고 전자결재로",
                "행정정보를 쉽게 공개",
            ]
        )
    ]
    for prediction in classifier.classify(texts):
        if prediction.status == "settled":
            last = prediction.path[-1]
            at = head.settle if last.code in leaves else head.settle_above[plan[last.code].level]
            assert last.probability >= at


def test_the_public_call_takes_what_the_inner_one_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    public, own = signature(hyeoksin.load_classifier), signature(load_classifier)
    assert public.parameters == own.parameters
    monkeypatch.setattr("hyeoksin.classifier.load_classifier", lambda *given: given)
    given = ("모델", "2024", 2, False, "2026-01-31", False)
    assert tuple(hyeoksin.load_classifier(*given)) == given  # type: ignore[arg-type, var-annotated]
