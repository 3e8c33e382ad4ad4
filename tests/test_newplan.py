"""A first model for a new plan: few decisions teach it, and it says off-plan honestly."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from hyeoksin.classifier import Classifier
from hyeoksin.cli import app
from hyeoksin.codes import NONE
from hyeoksin.corpus import Example
from hyeoksin.domain import Document
from hyeoksin.errors import InputError, ModelError
from hyeoksin.model import load_model
from hyeoksin.model.heads import softmax
from hyeoksin.newplan import Learnt, learn_plan, save_learnt, teach
from hyeoksin.newplan.softmax import fit_softmax
from hyeoksin.plan import BUILTIN_PLANS, Plan, load_crosswalk, load_plan
from hyeoksin.plan.compare import links_between
from hyeoksin.plan.routes import routes
from hyeoksin.resources import model_id, resource
from hyeoksin.results import Result
from hyeoksin.selection import doubt, spread

PLAIN = str.maketrans({",": " ", "\n": " ", '"': " "})


@pytest.fixture(scope="module")
def new() -> Plan:
    return replace(load_plan("2024"), id="next-2024")


@pytest.fixture(scope="module")
def texts(written: list[Example]) -> list[Example]:
    return [e for e in written if "2024" in e.labels and "2019" in e.labels][::25]


def result(example: Example, plan: str) -> Result:
    return Result(example.document, (example.labels[plan] or (NONE,))[0], decided=True)


def told(code: str, n: int) -> list[Result]:
    return [Result(Document(id=f"{code}{i}", title=f"{code} {i}"), code, decided=True) for i in range(n)]


@pytest.fixture(scope="module")
def learnt(classifier: Classifier, texts: list[Example], new: Plan) -> Learnt:
    old = load_plan("2019")
    plans = {name: load_plan(name) for name in BUILTIN_PLANS}
    found, _ = links_between(old, plans["2024"], load_crosswalk(plans))
    table = routes(old, new, [replace(link, to_plan=new.id) for link in found])
    decided = [result(e, "2024") for e in texts[:100]] + told("G1", 3) + told("R1", 2)
    carried = [result(e, "2019") for e in texts[90:]]
    return learn_plan(new, classifier.model, decided, carried, table, old, n_wanted=10)


def test_decided_texts_are_not_carried_too(learnt: Learnt, texts: list[Example]) -> None:
    assert learnt.n_decided == 100
    assert learnt.n_carried == len(texts) - 100
    assert sum(learnt.by_code.values()) == 100


def test_decisions_that_teach_nothing_are_counted(learnt: Learnt) -> None:
    assert (learnt.above, learnt.unplaced) == ({"G1": 3}, {"R1": 2})


def test_a_saved_model_answers_for_the_new_plan(
    learnt: Learnt, new: Plan, texts: list[Example], tmp_path: Path
) -> None:
    saved = save_learnt(learnt, resource("model"), tmp_path / "새모델")
    assert load_model(tmp_path / "새모델").id == saved.id
    assert saved.root == model_id(resource("model")) != saved.id  # so the second reading stands beside it
    with pytest.raises(ModelError, match="비어 있지 않습니다"):  # it may be registered
        save_learnt(learnt, resource("model"), tmp_path / "새모델")
    old, known = Classifier(load_model(resource("model")), new), Classifier(saved, new)
    assert not old.trained
    assert known.trained
    asked = [e.document for e in texts[:60]]
    gold = [(e.labels["2024"] or (NONE,))[0] for e in texts[:60]]

    def right(classifier: Classifier) -> float:
        said = [p.scores[0].code if p.off_plan < 0.5 else NONE for p in classifier.classify(asked)]
        return float(np.mean([a == b for a, b in zip(said, gold, strict=True)]))

    assert right(known) > right(old) + 0.1
    for prediction in known.classify(asked[:20]):
        assert sum(s.probability for s in prediction.scores) + prediction.off_plan == pytest.approx(
            1, abs=1e-4
        )


def test_the_other_plans_answer_as_before(
    learnt: Learnt, classifier: Classifier, texts: list[Example]
) -> None:
    other = Classifier(learnt.model, load_plan("2019"))
    for a, b in zip(
        other.classify([e.document for e in texts[:5]]),
        classifier.classify([e.document for e in texts[:5]]),
        strict=True,
    ):
        assert a.scores == b.scores


def test_texts_to_decide_next_differ_and_are_doubtful(learnt: Learnt) -> None:
    ids = [r.document.id for r, _, _ in learnt.waiting]
    assert len(set(ids)) == 10
    assert np.mean([share for _, _, share in learnt.waiting]) < 0.6


def test_too_little_and_what_is_known_are_refused(
    classifier: Classifier, new: Plan, texts: list[Example]
) -> None:
    few = [result(e, "2024") for e in texts[:5]]
    with pytest.raises(InputError, match="모자랍니다"):
        learn_plan(new, classifier.model, few)
    with pytest.raises(ModelError, match="hyeoksin learn"):
        learn_plan(load_plan("2024"), classifier.model, few)
    with pytest.raises(ModelError, match=r"다른 판.*id를 바꾸어.*plan learn"):
        learn_plan(replace(load_plan("2024"), title="고친 계획"), classifier.model, few)
    with pytest.raises(InputError, match=r"5건.*결정 30건은 배울 수 없습니다"):
        learn_plan(new, classifier.model, few + told("G1", 30))
    with pytest.raises(InputError, match=r"5건[^항]*\. 글을 분류해 넣지 않는 코드의 결정 30건은"):
        learn_plan(new, classifier.model, few + told("R1", 30))
    bare = [Result(Document(id=str(i), source="표.csv#row=2"), NONE) for i in range(30)]
    with pytest.raises(InputError, match="--texts"):
        learn_plan(new, classifier.model, bare)


def answers(rows: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    return softmax(rows @ coefficients[:-1] + coefficients[-1])


def test_soft_labels_are_learnt_and_held() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(400, 3))
    truth = np.array([[2.0, -1.0], [0.0, 1.0], [-1.0, 0.0], [0.5, 0.0]])
    shares = answers(rows, truth)
    assert np.abs(answers(rows, fit_softmax(rows, shares, 1e-6)) - shares).max() < 0.01
    start = np.zeros((4, 2))
    assert np.abs(fit_softmax(rows, shares, 1e6, start)[:-1]).max() < 1e-3


def test_decisions_correct_a_wrong_start_and_calibrate_it() -> None:
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(600, 4))
    truth = np.vstack([rng.normal(size=(4, 3)), [0.0, 0.0, 2.0]])
    classes = np.array([rng.choice(3, p=p) for p in answers(rows, truth)])
    start = truth.copy()
    start[-1, -1] -= 4.0  # believes too much in the plan
    before, after = teach(start, None, None), teach(start, None, (rows[:200], classes[:200]))
    off = (classes[200:] == 2).mean()
    assert abs(before.shares(rows[200:])[:, -1].mean() - off) > 0.2
    assert abs(after.shares(rows[200:])[:, -1].mean() - off) < 0.07


def test_no_fold_divides_equal_texts() -> None:
    rng = np.random.default_rng(2)
    rows, classes = 6.0 * rng.normal(size=(60, 30)), rng.integers(0, 3, 60)
    start = np.zeros((31, 3))
    copies = np.repeat(np.arange(60), 4)

    def right(groups: NDArray[np.uint64] | None) -> float:
        taught = teach(start, None, (rows[copies], classes[copies]), groups)
        assert taught.held_out is not None
        return float((taught.held_out.argmax(axis=1) == classes[copies]).mean())

    assert right(None) > 0.7  # copies in other folds give the answers away
    assert right(copies.astype(np.uint64)) < 0.55


def test_texts_of_another_file_with_the_same_ids_are_carried(
    classifier: Classifier, texts: list[Example], new: Plan
) -> None:
    old = load_plan("2019")
    decided = [
        Result(replace(e.document, id=str(i)), (e.labels["2024"] or (NONE,))[0], decided=True)
        for i, e in enumerate(texts[:25])
    ]
    carried = [
        Result(replace(e.document, id=str(i)), (e.labels["2019"] or (NONE,))[0])
        for i, e in enumerate(texts[20:60])
    ]
    assert learn_plan(new, classifier.model, decided, carried, {}, old).n_carried == 35


def test_spread_takes_the_worthiest_of_each_kind() -> None:
    vectors = np.array([[1.0, 0], [1, 0], [0, 1], [0, 1]])
    assert spread(np.array([0.9, 0.8, 0.5, 0.4]), vectors, 2) == [0, 2]
    assert spread(np.array([0.0, 0.0, 0.5, 0.0]), vectors, 3) == [2]
    assert doubt(np.array([[0.5, 0.5, 0.0], [0.9, 0.1, 0.0]])) == pytest.approx([1.0, 0.2])


def test_the_command_asks_and_learns(texts: list[Example], tmp_path: Path) -> None:
    own, on, ask = tmp_path / "새.yaml", tmp_path / "옛.csv", tmp_path / "물음.csv"
    CliRunner().invoke(app, ["plan", "template", str(own)])
    lines = ["번호,코드,제목"]
    lines += [
        f"{i},{(e.labels['2019'] or ('계획 밖',))[0]},{e.document.body[:60].translate(PLAIN)}"
        for i, e in enumerate(texts[:60])
    ]
    on.write_text("\n".join(lines), encoding="utf-8")
    result = CliRunner().invoke(
        app,
        ["plan", "learn", str(own), "-o", str(tmp_path / "모델"), "--on", str(on), "--from-plan", "2019", "--ask", str(ask), "--count", "5"],
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "사람 확인" in result.output
    assert len(ask.read_text(encoding="utf-8-sig").splitlines()) >= 6
    assert "our-2026" in load_model(tmp_path / "모델").plans


def test_decisions_of_several_sheets_teach_and_bad_rows_are_listed_once(tmp_path: Path) -> None:
    own, texts, model = tmp_path / "새.yaml", tmp_path / "글.csv", tmp_path / "모델"
    CliRunner().invoke(app, ["plan", "template", str(own)])
    bad, rows = ["나쁜,"], [f"{i},{i}번 마을을 찾아가 {'묻기' if i % 2 else '알리기'}" for i in range(30)]
    texts.write_text("\n".join(["번호,제목", *rows, *bad]), encoding="utf-8")
    sheets = [tmp_path / "첫째.csv", tmp_path / "둘째.csv"]
    for start, sheet in zip((0, 15), sheets, strict=True):
        coded = [f"{i},가-{1 + i % 2}" for i in range(start, start + 15)]
        sheet.write_text("\n".join(["번호,코드", *coded, *(["40,하-9"] if start else [])]), encoding="utf-8")
    told = ["--texts", str(texts), *(f"--decisions={sheet}" for sheet in sheets)]
    result = CliRunner().invoke(app, ["plan", "learn", str(own), "-o", str(model), *told])
    assert result.exit_code == 1, result.output
    assert "새 결정 30건" in result.output
    assert "2건을 건너뛰었습니다" in result.output
    listed = (tmp_path / "모델.failed.jsonl").read_text(encoding="utf-8").splitlines()
    assert [(row["file"], row["row"]) for row in map(json.loads, listed)] == [
        ("글.csv", 32),
        ("둘째.csv", 17),
    ]
    sheets[0].write_text("번호,코드\n1,하-9\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["plan", "learn", str(own), "-o", str(tmp_path / "또"), *told])
    assert "첫째.csv: 계획 our-2026 의 결정이 한 건도 없습니다" in str(result.exception)
    assert "건너뜀 첫째.csv#row=2: 계획 our-2026 에 코드 '하-9' 가 없습니다" in result.output


def test_a_models_own_recommendations_are_no_decisions(
    classifier: Classifier, texts: list[Example], tmp_path: Path
) -> None:
    own, path = tmp_path / "새.yaml", tmp_path / "결과.jsonl"
    CliRunner().invoke(app, ["plan", "template", str(own)])
    aside = '  - {code: "나", level: principle, title: 함께}\n  - {code: "가-p", level: programme, parent: "가", title: 앱}\n'
    own.write_text(own.read_text(encoding="utf-8") + aside, encoding="utf-8")
    new = Classifier(classifier.model, load_plan(own), tokenizer=classifier.tokenizer)
    written = [p.to_record() for p in new.classify([e.document for e in texts[:30]])]
    for record, example in zip(written, texts[:30], strict=True):
        record["title"] = example.document.body[:60]
    path.write_text("\n".join(map(json.dumps, written)), encoding="utf-8")
    learn = ["plan", "learn", str(own), "-o", str(tmp_path / "모델"), "--decisions", str(path)]
    result = CliRunner().invoke(app, learn)
    assert result.exit_code != 0
    assert "결정이 한 건도 없습니다 (추천만 30건)" in str(result.exception)
    for i, record in enumerate(written[:25]):
        record |= {
            "decision": {"action": "pick"},
            "final": {"code": ("가", "나", "가-p")[i] if i < 3 else ("가-1", "가-2")[i % 2]},
        }
    path.write_text("\n".join(map(json.dumps, written)), encoding="utf-8")
    result = CliRunner().invoke(app, learn)
    assert result.exit_code == 0, result.output
    assert "결정되지 않은 5건은 뺐습니다" in result.output
    assert "아래 항목이 있는 코드의 결정은 배우지 않았습니다 (가: 1건)" in result.output
    assert "딸리지 않은 사업의 결정은 배우지 않았습니다 (나: 1건, 가-p: 1건)" in result.output
    assert "새 결정 22건" in result.output
