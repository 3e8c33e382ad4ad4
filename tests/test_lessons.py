from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import check_grad
from scipy.sparse import csr_array
from typer.testing import CliRunner

from hyeoksin.answers import answer
from hyeoksin.classifier import load_classifier
from hyeoksin.cli import app
from hyeoksin.codes import NONE
from hyeoksin.corpus import read_examples
from hyeoksin.domain import Document
from hyeoksin.errors import InputError, ModelError, RefusedError
from hyeoksin.lessons import (
    Again,
    active_path,
    add_version,
    again_for,
    decided_items,
    doubts,
    follow_shipped,
    learn,
    learnt_items,
    lessons_of,
    preview,
    register_shipped,
    roll_back,
    root_of,
    use,
)
from hyeoksin.lessons.again import answered, beside_of
from hyeoksin.lessons.compare import compare, worse_by_chance
from hyeoksin.lessons.decided import Decided, at_leaves
from hyeoksin.lessons.entrance import judge
from hyeoksin.lessons.full import as_examples, learn_in_full
from hyeoksin.lessons.report import frozen_texts
from hyeoksin.lessons.residual import (
    Beside,
    Hold,
    Signals,
    _Task,
    allowed_leaves,
    fit_residual,
    with_residual,
)
from hyeoksin.lessons.signals import signals_of
from hyeoksin.model import PlanHead, load_model, save_model
from hyeoksin.model.heads import Head, off_log_odds, sigmoid, softmax
from hyeoksin.plan import BUILTIN_PLANS, load_plan
from hyeoksin.resources import answering_id, resource
from hyeoksin.simulate.figures import share
from hyeoksin.store import SHIPPED, open_store
from lesson_cases import HOUSE, drones
from second_cases import written_reading
from web_client import record

PLAN = load_plan("2019")
CORPUS = Path(__file__).parents[1] / "corpus" / "proposals"


def lesson(number, document, code, suggested=NONE, **more):
    values = {
        "family": document.id,
        "by": "kim",
        "at": f"2026-11-02T09:{number % 60:02d}",
        "note": "",
        "weight": 1.0,
    }
    return Decided(item=number, document=document, code=code, suggested=suggested, **{**values, **more})


@pytest.fixture(scope="module")
def house_rule():
    return [lesson(i, document, HOUSE) for i, document in enumerate(drones())]


@pytest.fixture(scope="module")
def learned(classifier, tokenizer, house_rule):
    return learn(classifier.model, PLAN, house_rule, tokenizer, name="office", rounds=("상반기",))


def small_task():
    random = np.random.default_rng(0)
    n, f, k = 12, 9, 4
    zeros = Head(tuple("abcd"), np.zeros((f, k), np.float32), np.zeros(k, np.float32), 0.9)
    head = PlanHead("p", "x", zeros, np.zeros(f, np.float32), 0.0, 0.7, 0.4, 0.1, 1.0, 1.0, 0.6, -0.5)
    net = random.normal(size=(n, k + 1))
    net -= np.logaddexp.reduce(net, axis=1, keepdims=True)
    rows = csr_array(random.random((n, f)) * (random.random((n, f)) < 0.5))
    bodies = [f"글 {i}" for i in range(n)]
    signals = Signals(rows, random.normal(size=(n, k)), random.normal(size=n), net, bodies)
    allowed = random.random((n, k + 1)) < 0.3
    allowed[np.arange(n), random.integers(k + 1, size=n)] = True
    return head, signals, allowed, random.random(n) + 0.5


def small_beside():
    """A second reading of every other of the twelve texts."""
    random, again = np.random.default_rng(2), np.arange(12) % 2 == 0
    slope, leaf = np.where(again, 0.6, 1.0), np.where(again, 0.8, 1.0)
    odds, among = random.normal(size=12) * again, random.normal(size=(12, 4)) * again[:, None]
    return Beside(slope, odds, leaf, among)


@pytest.mark.parametrize("beside", [None, small_beside()])
def test_the_gradient_is_that_of_the_loss(beside):
    task = _Task(*small_task(), Hold(words=0.7, bias=0.2), beside)
    point = np.random.default_rng(1).normal(size=task.size) * 0.3
    assert check_grad(lambda x: task.loss(x)[0], lambda x: task.loss(x)[1], point) < 1e-4


def test_folded_weights_say_what_the_residual_says():
    head, signals, allowed, weight = small_task()
    residual = fit_residual(head, signals, allowed, weight, Hold(words=0.1))
    moved, folded = residual.moved(signals), with_residual(head, residual)
    assert np.abs(residual.leaf).max() > 0.01
    extra = folded.leaf.logits(signals.rows) - head.leaf.logits(signals.rows)
    np.testing.assert_allclose(signals.leaf + extra, moved.leaf, atol=1e-5)
    np.testing.assert_allclose(signals.gate + folded.gate_logits(signals.rows), moved.gate, atol=1e-5)


def test_a_strong_hold_changes_nothing():
    head, signals, allowed, weight = small_task()
    residual = fit_residual(head, signals, allowed, weight, Hold(words=1e9, bias=1e9))
    np.testing.assert_allclose(residual.moved(signals).leaf, signals.leaf, atol=1e-6)


def test_a_decision_above_the_leaves_agrees_with_all_of_them(classifier):
    head = classifier.model.plans["2019"]
    paths = {leaf.code: frozenset(n.code for n in PLAN.path(leaf.code)) for leaf in PLAN.leaves}
    strategy = PLAN.path("3-1")[0].code
    flags = allowed_leaves(head, paths, ["3-1", strategy, NONE])
    below = [strategy in paths[leaf] for leaf in head.leaf.classes]
    assert flags[0].sum() == 1
    assert flags[1, :-1].tolist() == below
    assert flags[2].tolist() == [False] * len(below) + [True]


def test_a_rule_of_the_house_is_learnt_and_nothing_is_forgotten(learned):
    report = learned.report
    assert report.judgement.accepted, report.judgement.failed
    assert report.past.new_right > report.past.old_right + 20
    assert report.past.lost == 0
    assert abs(report.frozen.new_right - report.frozen.old_right) <= 3
    assert report.to_json()["판정"] == "받아들임"
    assert report.n_corrected == len(drones())


def test_a_decision_for_a_programme_teaches_its_leaf(classifier, tokenizer):
    """3-2-1 and 3-2-2 stand below 3-2: taught as outside the plan, they would close the gate for what they are about."""
    buses = [
        Document(
            f"b{i}", title=f"찾아가는 이동 진료버스 {i}호", text=f"거동이 어려운 어르신의 {i}번째 마을로 간다"
        )
        for i in range(60)
    ]
    codes = ("3-2-1", "3-2-2", "3-2")
    mixed = [lesson(i, document, codes[i % 3]) for i, document in enumerate(buses)]
    plain = [replace(one, code="3-2") for one in mixed]
    one, other = (learn(classifier.model, PLAN, told, tokenizer) for told in (mixed, plain))
    assert one.report == other.report
    assert [found.name for found in one.report.classes] == ["3-2"]
    assert doubts(classifier.model, PLAN, mixed, tokenizer) == doubts(
        classifier.model, PLAN, plain, tokenizer
    )


def test_a_principle_says_nothing_of_where_a_text_belongs():
    plan, documents = load_plan("2024"), drones()[:3]
    told = [lesson(i, d, code) for i, (d, code) in enumerate(zip(documents, ("R1", "K1", NONE), strict=True))]
    assert [one.code for one in at_leaves(plan, told)] == ["K1", NONE]


def test_a_programme_below_the_recommended_leaf_is_no_correction():
    same, also, other = (
        lesson(i, drones()[0], code, suggested="3-2", weight=3.0, family="가")
        for i, code in enumerate(("3-2-1", "3-2", "9-1"))
    )
    above = lesson(4, drones()[1], "S1", suggested="3-2", weight=3.0)
    told = at_leaves(PLAN, [same, also, other, above])
    assert [(one.item, one.code, one.weight, one.corrected) for one in told] == [
        (0, "3-2", 1.0, False),
        (2, "9-1", 3.0, True),
        (4, "S1", 3.0, True),
    ]


def test_a_second_lesson_starts_below_the_first_and_compares_on_what_is_new(
    classifier, tokenizer, learned, house_rule
):
    """The model that answers knows the first 40 decisions by heart: they must not speak for it."""
    root = classifier.model
    later = [replace(one, at=f"2026-12-{one.item % 28 + 1:02d}", code="9-1") for one in house_rule[40:]]
    both = [*(replace(one, learnt=True) for one in house_rule[:40]), *later]
    report = learn(root, PLAN, both, tokenizer, against=learned.model).report
    assert (report.n_lessons, report.past.n) == (72, 32)
    assert report.base == root.id
    assert report.past.old_right == 0  # what answers has learnt the other rule


def test_lessons_of_one_plan_leave_those_of_another(classifier, tokenizer, learned, house_rule):
    plan = load_plan("2024")
    rows = [replace(one, code="K3", suggested=NONE) for one in house_rule]
    new = learn(classifier.model, plan, rows, tokenizer, against=learned.model).model
    assert new.plans["2019"] is learned.model.plans["2019"]
    assert new.plans["2024"] is not classifier.model.plans["2024"]


def test_decisions_against_what_it_knew_are_refused(classifier, tokenizer):
    """Everything that the corpus puts under one sub-task is decided for another: the frozen texts say no."""
    plans = {name: load_plan(name) for name in BUILTIN_PLANS}
    examples = read_examples(CORPUS, plans)
    swap = {"3-1": "9-1", "8-2": "2-1", "5-2": "1-2"}
    wrong = [
        lesson(i, e.document, swap[e.labels["2019"][0]])
        for i, e in enumerate(e for e in examples if e.labels["2019"][:1] and e.labels["2019"][0] in swap)
    ][::6]
    report = learn(classifier.model, PLAN, wrong, tokenizer).report
    assert not report.judgement.accepted
    assert any("고정 시험" in line and "잃었습니다" in line for line in report.judgement.failed)


def test_decisions_at_random_teach_nothing(classifier, tokenizer):
    random = np.random.default_rng(0)
    codes = [leaf.code for leaf in PLAN.leaves]
    noise = [lesson(i, d, str(random.choice(codes))) for i, d in enumerate(drones())]
    report = learn(classifier.model, PLAN, noise, tokenizer).report
    assert not report.judgement.accepted
    assert any("나아졌다고 말할 수 없습니다" in line for line in report.judgement.failed)


def test_what_was_learnt_is_read_twice_too(classifier, careful, tokenizer, learned, written, tmp_path):
    """The second reading stands beside every model that learnt from the one that it was weighed with."""
    model = save_model(learned.model, tmp_path / "new", {})
    assert model.base == model.root == classifier.model.id
    office = load_classifier(tmp_path / "new")
    assert office.id == answering_id(tmp_path / "new") != model.id
    assert office.id.endswith(careful.id.removeprefix(classifier.model.id))
    again = again_for(model)
    documents = [*drones()[:4], *(example.document for example in written[::60])]
    signals, _ = signals_of(model, "2019", documents, tokenizer)
    head, leaves, off = answered(model, "2019", signals, again)
    said = list(office.classify(documents))
    assert [p.status for p in said] == [a.status for a in answer(PLAN, head, leaves, off)]
    np.testing.assert_allclose(off, [p.off_plan for p in said], atol=1e-6)
    _, _, once = answered(model, "2019", signals, None)
    assert ((off != once) == again.reading.doubtful(once)).all()
    assert 0 < (off != once).sum() < len(off)


def test_comparisons_read_each_text_once(classifier, tokenizer, house_rule, tmp_path, monkeypatch):
    reading = written_reading(tmp_path, classifier.model.id)
    read = []

    def vectors(self, bodies, workers=1):
        read.extend(bodies)
        return np.zeros((len(bodies), self.dimension), np.float32)

    monkeypatch.setattr(type(reading.transformer), "vectors", vectors)
    again = Again(reading)
    report = learn(classifier.model, PLAN, house_rule, tokenizer, again=again).report
    preview(classifier.model, classifier.model, PLAN, list(enumerate(drones())), tokenizer, again)
    doubts(classifier.model, PLAN, house_rule, tokenizer, again)
    assert len(read) == len({*read}) > 50
    assert report.past.new_right > report.past.old_right
    signals, _ = signals_of(classifier.model, "2019", drones()[:9], tokenizer)
    assert beside_of(classifier.model, "2020", signals, again) is None
    for told in (
        answered(classifier.model, "2019", signals, replace(again, reading=replace(reading, beside="x@1"))),
        answered(classifier.model, "2019", signals, replace(again, reading=replace(reading, plans={}))),
    ):
        np.testing.assert_array_equal(told[2], answered(classifier.model, "2019", signals, None)[2])


def test_what_stands_beside_is_what_both_readings_say(classifier, tokenizer, written, tmp_path):
    """Learning sees the answers that are given: joined by the second reading where it reads."""
    model, again = classifier.model, Again(written_reading(tmp_path, classifier.model.id))
    documents = [example.document for example in written[::90]]
    signals, _ = signals_of(model, "2019", documents, tokenizer)
    head, beside = model.plans["2019"], beside_of(model, "2019", signals, again)
    among = signals.leaf / head.leaf.temperature + head.net_leaf * signals.net[:, :-1]
    belongs = head.gate_slope * signals.gate + head.peak_slope * signals.leaf.max(axis=1)
    belongs += head.gate_intercept + head.net_slope * off_log_odds(signals.net)
    shares = softmax(beside.leaf[:, None] * among + beside.among)
    inside = sigmoid(beside.slope * belongs + beside.odds)
    _, leaves, off = answered(model, "2019", signals, again)
    assert 0 < (beside.slope != 1.0).sum() < len(documents)
    np.testing.assert_allclose(
        1.0 - inside, off, atol=1e-4
    )  # the answers joined are taken for no surer than 1e-6
    np.testing.assert_allclose(shares * inside[:, None], leaves, atol=1e-4)


def test_few_decisions_are_not_enough(classifier, tokenizer, house_rule):
    report = learn(classifier.model, PLAN, house_rule[:20], tokenizer).report
    assert "배우지 않은 결정이 20건뿐입니다" in report.judgement.failed[0]
    with pytest.raises(InputError, match="배울 결정이 없습니다"):
        learn(classifier.model, PLAN, [], tokenizer)


def test_a_plan_that_the_model_does_not_know_is_refused(classifier, tokenizer, house_rule):
    with pytest.raises(ModelError, match=r"배우지 않았습니다.*hyeoksin plan learn"):
        learn(classifier.model, replace(PLAN, id="우리"), house_rule, tokenizer)
    with pytest.raises(ModelError, match=r"다른 판.*id를 바꾸어"):
        learn(classifier.model, replace(PLAN, title="고친 계획"), house_rule, tokenizer)


def test_the_gate_refuses_a_lost_class_and_a_broken_promise():
    past = compare("past", ["a"] * 100, ["b"] * 100, ["a"] * 100, [(False, True)] * 100, resample=False)
    same = compare("frozen", ["a"] * 100, ["a"] * 100, ["a"] * 100, [(True, True)] * 100, resample=False)
    lost = compare("3-1", ["3-1"] * 10, ["3-1"] * 10, ["b"] * 10, [(True, False)] * 10, resample=False)
    kept, broken = share(99, 100), share(80, 100)
    assert judge(past, same, [], (kept, kept)).accepted
    assert "'3-1'" in judge(past, same, [lost], (kept, kept)).failed[0]
    assert "95%" in judge(past, same, [], (kept, broken)).failed[0]
    assert "95%" in judge(past, same, [], (share(0, 0), broken)).failed[0]


def test_a_promise_that_was_broken_before_is_no_reason_to_refuse_what_is_better():
    past = compare("past", ["a"] * 100, ["b"] * 100, ["a"] * 100, [(False, True)] * 100, resample=False)
    same = compare("frozen", ["a"] * 100, ["a"] * 100, ["a"] * 100, [(True, True)] * 100, resample=False)
    better = judge(past, same, [], (share(70, 100), share(80, 100)))
    assert better.accepted
    assert "옛 모델도 70.0%" in better.passed[-1]
    assert not judge(past, same, [], (share(81, 100), share(80, 100))).accepted


def test_chances_of_losses_are_binomial():
    assert worse_by_chance(0, 0) == 1.0
    assert worse_by_chance(5, 0) == 1 / 32
    assert worse_by_chance(3, 2) == 0.5


def test_the_preview_counts_what_moves(classifier, tokenizer, learned):
    items = list(enumerate(drones()[:30]))
    found = preview(classifier.model, learned.model, PLAN, items, tokenizer)
    assert found.n == 30
    assert len(found.moved) > 10
    assert {change.new_code for change in found.moved} >= {HOUSE}
    assert f"30건 가운데 {len(found.moved)}건의 분류가 바뀝니다" in found.sentence
    assert sum(n for *_, n in found.by_status) == len(found.moved) + len(found.restated)
    nothing = preview(classifier.model, classifier.model, PLAN, items, tokenizer)
    assert (nothing.moved, nothing.restated) == ((), ())


def test_doubts_find_planted_errors(classifier, tokenizer, house_rule):
    planted = {7, 23, 41, 60}
    lessons = [replace(one, code="9-1") if one.item in planted else one for one in house_rule]
    found = doubts(classifier.model, PLAN, lessons, tokenizer)
    assert {doubt.item for doubt in found[:4]} == planted
    assert all(d.suggested == HOUSE and d.decided == "9-1" for d in found[:4])
    assert len(found) <= 8
    assert doubts(classifier.model, PLAN, [], tokenizer) == []


def test_frozen_texts_stand_in_the_written_corpus():
    plans = {name: load_plan(name) for name in BUILTIN_PLANS}
    known = {e.document.id: e for e in read_examples(CORPUS, plans)}
    texts = frozen_texts("2019")
    assert len(texts) == 340
    for document, codes in texts:
        example = known[document.id]
        assert (document.body, codes) == (example.document.body, example.labels["2019"] or (NONE,))


def test_full_training_takes_the_lessons_as_real_texts(house_rule):
    one, other = as_examples(PLAN, [house_rule[0], replace(house_rule[1], code=NONE, weight=2.0)])
    assert (one.labels, one.origin, one.weight) == ({"2019": (HOUSE,)}, "real", 3.0)
    assert (other.labels, other.weight) == ({"2019": ()}, 6.0)


# -- with a store ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def office(tmp_path_factory, careful):
    """A round whose officer puts every drone under one sub-task; two texts are duplicates, one is put off."""
    path = tmp_path_factory.mktemp("office") / "store.db"
    store = open_store(path)
    project = store.create_project("상반기", "2019", "kim")
    records = [prediction.to_record() for prediction in careful.classify(drones())]
    for twin in (0, 1):
        records[twin]["duplicate_group"] = "twins"
    store.add_items(project.id, zip(drones(), records, strict=True))
    items = store.items(project.id, order="id", limit=None)
    for item in items[:-1]:
        if item.code == HOUSE:
            store.decide([item.id], "accept", by="kim")
        else:
            store.decide([item.id], "pick", code=HOUSE, by="kim")
    store.decide([items[-1].id], "undecided", by="kim", note="담당자 확인")
    return path, store, project


def test_full_training_knows_a_plan_of_ones_own(house_rule, classifier, monkeypatch):
    own = replace(PLAN, id="우리")
    base = replace(
        classifier.model,
        plans={"우리": replace(classifier.model.plans["2019"], plan="우리", sha256=own.sha256)},
    )
    asked = {}

    def stop(examples, plans, settings):
        asked.update(plans, examples=examples)
        raise InterruptedError

    monkeypatch.setattr("hyeoksin.lessons.full.gather", lambda corpus, external, plans: [])
    monkeypatch.setattr("hyeoksin.lessons.full.train", stop)
    lessons = [replace(house_rule[0], code="3-2-1"), *house_rule[1:]]
    with pytest.raises(InterruptedError):
        learn_in_full(base, own, lessons, CORPUS.parent, None, name="x")
    assert asked["우리"] == own
    assert [one.labels["우리"] for one in asked["examples"][:2]] == [("3-2",), (HOUSE,)]


def test_lessons_come_from_the_ledger_once_a_group(office):
    _, store, project = office
    lessons = lessons_of(decided_items(store, project), correction_weight=3.0)
    assert len(lessons) == len(drones()) - 2  # the twins count once, what was put off does not
    assert {one.code for one in lessons} == {HOUSE}
    assert {one.weight for one in lessons if one.corrected} == {3.0}
    assert [one.at for one in lessons] == sorted(one.at for one in lessons)


def test_a_group_counts_from_its_first_decision(office):
    _, store, project = office
    first, second, *_ = decided_items(store, project)
    assert first.decision is not None
    assert second.decision is not None
    late = replace(first, decision=replace(first.decision, at="2026-03-01T00:00:00+00:00"))
    early = replace(second, decision=replace(second.decision, at="2026-01-01T00:00:00+00:00"))
    assert [one.item for one in lessons_of([late, early])] == [second.id]


def test_a_text_of_two_rounds_is_one_lesson_and_links_their_groups(office):
    _, store, project = office
    items = list(decided_items(store, project))
    n_lessons = len(lessons_of(items))
    twin, other = items[0], items[5]
    assert twin.group == "twins"
    assert other.group is None
    alone = replace(twin, id=901, group=None)
    assert len(lessons_of([*items, alone])) == n_lessons
    linked = [replace(twin, id=901, group="b"), replace(other, id=902, group="b")]
    assert len(lessons_of([*items, *linked])) == n_lessons - 1


def test_only_what_the_head_of_the_plan_has_learnt_is_left_out_of_a_comparison(tmp_path):
    """Of two rounds and two plans, decided before any model learnt."""
    with open_store(tmp_path / "store.db") as store:
        for name, plan, start in (("상반기", "2019", 0), ("하반기", "2019", 2), ("다른 계획", "2024", 0)):
            number = store.create_project(name, plan, "kim").id
            store.add_items(number, [(text, record(text, plan)) for text in drones()[start : start + 4]])
            for item in store.items(number, limit=None):
                store.decide([item.id], "none", by="kim")

        def version(name, plan, rounds, against):
            figures = {"plan": plan, "rounds": rounds, "against": against, "base": "root@0"}
            store.add_model(name, "/gone", "kim", report={"figures": figures}, state="active")

        def learnt(plan):
            return [(item.project, item.document.id) for item in learnt_items(store, plan)]

        assert learnt("2019") == []
        store.add_model("root@0", "/gone", "kim", state="active")
        assert learnt("2019") == []
        version("one@1", "2019", ["상반기"], "root@0")
        assert learnt("2019") == [(1, f"d{i}") for i in range(4)]
        assert learnt("2024") == []
        version("two@2", "2024", ["다른 계획"], "one@1")
        assert (len(learnt("2019")), len(learnt("2024"))) == (4, 4)
        told = lessons_of(store.items(2, order="id", limit=None), learnt=learnt_items(store, "2019"))
        assert [one.learnt for one in told] == [
            True,
            True,
            False,
            False,
        ]  # two texts stood in the first round too
        again = store.items(1, order="id", limit=1)[0]
        store.decide([again.id], "pick", code="3-1", by="kim")
        assert learnt("2019") == [(1, f"d{i}") for i in range(1, 4)]
        version("three@3", "2019", ["고친결과.xlsx"], "root@0")  # whose decisions may be those of any round
        assert len(learnt("2019")) == 8


def test_versions_are_registered_used_and_rolled_back(office, learned, tmp_path):
    _, store, _ = office
    shipped = register_shipped(store, "kim")
    assert shipped.state == "active"
    model, row = add_version(store, learned, tmp_path / "new", "kim")
    assert row.state == "candidate"
    assert load_model(tmp_path / "new").id == model.id == row.id
    use(store, row.id, "kim")
    assert active_path(store) == (tmp_path / "new").resolve()
    assert roll_back(store, "kim").id == shipped.id
    with pytest.raises(ModelError, match="비어 있지 않습니다"):
        add_version(store, learned, tmp_path / "new", "kim")
    (tmp_path / "new" / "vocabulary.txt").write_text("깨짐", encoding="utf-8")
    with pytest.raises(ModelError, match="지문"):
        use(store, row.id, "kim")
    assert store.active_model().id == shipped.id


def test_a_folder_is_registered_once_and_used(office, learned, tmp_path):
    path, _, _ = office
    model = save_model(replace(learned.model, name="우리 기관"), tmp_path / "m", {})
    run, told = CliRunner(), ["--store", str(path)]
    with open_store(path) as store:
        added = run.invoke(app, ["models", "add", str(tmp_path / "m"), *told])
        assert f'hyeoksin models use "{model.id}"' in added.output
        assert store.model(model.id).state == "candidate"
        assert isinstance(
            run.invoke(app, ["models", "add", str(tmp_path / "m"), *told]).exception, RefusedError
        )
        assert isinstance(run.invoke(app, ["models", "add", str(tmp_path), *told]).exception, ModelError)
        assert run.invoke(app, ["models", "use", model.id, *told]).exit_code == 0
        assert active_path(store) == tmp_path / "m"
        roll_back(store, "kim")


def test_a_folder_brings_the_report_of_its_card(learned, tmp_path):
    """What the gate refused stays refused in another store, and what learnt from tables is known to have learnt."""
    run, told = CliRunner(), ["--store", str(tmp_path / "store.db")]
    judgement = replace(learned.report.judgement, accepted=False, failed=("고정 시험을 잃었습니다.",))
    reports = {
        "bad": replace(learned.report, judgement=judgement),
        "good": learned.report,
        "strange": replace(learned.report, base="gone@0"),
    }
    with open_store(tmp_path / "store.db") as store:
        rows = {}
        for name, report in reports.items():
            model = replace(learned.model, name=name)
            row = save_model(model, tmp_path / name, {"model": name, "lessons": report.to_json()}).id
            added = run.invoke(app, ["models", "add", str(tmp_path / name), *told, "--by", "kim"])
            assert added.exit_code == 0, added.output
            assert ("거절된 모델로 등록" in added.output) == (name == "bad")
            rows[name] = store.model(row)
        assert [row.state for row in rows.values()] == ["refused", "candidate", "candidate"]
        with pytest.raises(RefusedError, match="고정 시험을 잃었습니다"):
            use(store, rows["bad"].id, "kim")
        use(store, rows["good"].id, "kim")
        assert root_of(store) == (resource("model"), store.active_model())
        use(store, rows["strange"].id, "kim")
        with pytest.raises(ModelError, match="바탕 모델 gone@0"):
            root_of(store)


def test_a_refused_model_is_used_only_by_force(office, learned, tmp_path):
    _, store, _ = office
    judgement = replace(learned.report.judgement, accepted=False, failed=("고정 시험을 잃었습니다.",))
    refused = replace(
        learned, model=replace(learned.model, name="bad"), report=replace(learned.report, judgement=judgement)
    )
    _, row = add_version(store, refused, tmp_path / "bad", "kim")
    assert row.state == "refused"
    with pytest.raises(RefusedError, match="고정 시험을 잃었습니다"):
        use(store, row.id, "kim")
    assert use(store, row.id, "kim", force=True).state == "active"
    before = roll_back(store, "kim")
    assert store.model(row.id).state == "refused"
    with suppress(RefusedError):  # there may be an older one
        assert roll_back(store, "kim").id != row.id
    use(store, before.id, "kim")


def test_an_upgrade_takes_the_place_of_the_shipped_model(learned, tmp_path):
    installed = load_model(resource("model")).id
    path, told = tmp_path / "store.db", ["--store", str(tmp_path / "store.db")]
    with open_store(path) as store:
        old = store.add_model("default@00000000", "/gone", "kim", report={"판정": SHIPPED}, state="active")
        assert active_path(store) == resource("model")
        follow_shipped(store)
        assert (store.active_model().id, store.model(old.id).state) == (installed, "retired")
        with pytest.raises(RefusedError, match="앞 모델이 없습니다"):  # the former one is gone
            roll_back(store, "kim")
        with pytest.raises(ModelError, match=f"models use {installed}"):
            use(store, old.id, "kim")
        _, row = add_version(store, learned, tmp_path / "new", "kim")
        use(store, row.id, "kim")
        store.set_model_state(old.id, "candidate")
        store.set_model_state(old.id, "retired")  # the last one that answered, before the upgrade
        result = CliRunner().invoke(app, ["models", "rollback", *told])
        assert result.output.startswith(f"{installed} 로 되돌렸습니다")
        assert "models renew" in result.output
        assert store.active_model().id == installed
        assert f"{installed}  쓰는 중" in CliRunner().invoke(app, ["models", "list", *told]).output


def test_listing_models_reads_no_weights(tmp_path, monkeypatch):
    with open_store(tmp_path / "store.db") as store:
        register_shipped(store, "kim")
    monkeypatch.setattr("hyeoksin.model.store._build", None)
    listed = CliRunner().invoke(app, ["models", "list", "--store", str(tmp_path / "store.db")])
    assert listed.exit_code == 0, listed.output
    assert "쓰는 중" in listed.output


def test_a_user_without_a_login_name_is_asked_for_one(tmp_path, monkeypatch):
    def unknown():
        raise KeyError("getpwuid(): uid not found: 1000")

    path = tmp_path / "store.db"
    open_store(path).close()
    monkeypatch.setattr("getpass.getuser", unknown)
    told = ["models", "add", str(resource("model")), "--store", str(path)]
    refused = CliRunner().invoke(app, told)
    assert refused.exit_code == 2
    assert "--by 이름" in refused.output
    assert CliRunner().invoke(app, [*told, "--by", "김"]).exit_code == 0


def test_the_commands_learn_list_use_and_roll_back(office, tmp_path):
    path, store, _ = office
    run = CliRunner()
    told = ["--store", str(path)]
    other = store.create_project("지난해", "2019", "kim")
    store.add_items(
        other.id, [(d, r.record) for d, r in zip(drones()[:1], store.items(1, limit=1), strict=True)]
    )
    store.decide([store.items(other.id)[0].id], "none", by="kim")
    result = run.invoke(
        app, ["learn", "--project", "상반기", *told, "-o", str(tmp_path / "m"), "--name", "cli", "--use"]
    )
    assert result.exit_code == 0, result.output
    assert "받아들임" in result.output
    assert "72건 가운데" in result.output
    assert "차수 지난해 의 결정은 이번에 배우지 않습니다" in result.output
    assert store.active_model().id.startswith("cli@")
    assert root_of(store) == (resource("model"), store.active_model())
    before = {item.id: item for item in store.items(1, limit=None)}
    renewed = run.invoke(app, ["models", "renew", "--project", "상반기", *told])
    assert "정하지 않은 1건을 cli@" in renewed.output
    changed = [item for item in store.items(1, limit=None) if item != before[item.id]]
    assert [(item.standing, item.record["model"]) for item in changed] == [
        ("undecided", answering_id(tmp_path / "m"))
    ]
    assert "+second@" in changed[0].record["model"]
    listed = run.invoke(app, ["models", "list", *told])
    assert "쓰는 중" in listed.output
    assert run.invoke(app, ["models", "rollback", *told]).exit_code == 0
    assert not store.active_model().id.startswith("cli@")
    assert root_of(store)[1] is None
    assert "(새 답 1건)" in run.invoke(app, ["models", "renew", "--project", "상반기", *told]).output
    assert store.item(changed[0].id).record["model"] == before[changed[0].id].record["model"]
    assert len(store.records(changed[0].id)) == 2
    found = run.invoke(app, ["doubts", "--project", "상반기", *told, "-o", str(tmp_path / "doubts.csv")])
    assert found.exit_code == 0, found.output
    assert "다시 볼 것" in found.output
    assert (tmp_path / "doubts.csv").exists()
    replayed = run.invoke(app, ["simulate", "--project", "상반기", *told, "--hours", "0.1"])
    assert replayed.exit_code == 0, replayed.output
    assert "결정된 글 71건" in replayed.output
    missing = run.invoke(app, ["doubts", "--project", "하반기", *told])
    assert isinstance(missing.exception, InputError)
    assert "상반기 (1번)" in str(missing.exception)


def test_signals_are_what_the_classifier_says(classifier, tokenizer):
    documents = drones()[:4]
    signals, vectors = signals_of(classifier.model, "2019", documents, tokenizer)
    head = classifier.model.plans["2019"]
    _, off = head.join(signals.leaf, signals.gate, signals.net)
    said = [prediction.off_plan for prediction in classifier.classify(documents)]
    np.testing.assert_allclose(off, said, atol=1e-6)
    assert vectors.shape[0] == 4
