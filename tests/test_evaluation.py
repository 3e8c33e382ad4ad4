from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audit_cases import prediction
from hyeoksin.assess import _answered, wrong
from hyeoksin.classifier import Classifier
from hyeoksin.codes import NONE
from hyeoksin.errors import InputError
from hyeoksin.evaluation import Coded, calibration_error, mean_score, plan_scores, proportion, read_coded
from hyeoksin.plan import load_plan

PLAN = load_plan("2022")  # F1, F2, F3


def scores(
    leaves: list[list[float]], off: list[float], codes: list[str], ok: list[set[str]]
) -> dict[str, float]:
    found = plan_scores(PLAN, np.array(leaves), np.array(off), codes, [frozenset(o) for o in ok])
    return {name: value for name, (value, _, _) in found.items()}


def test_figures_by_hand() -> None:
    found = scores(
        [[0.8, 0.1, 0.0], [0.2, 0.5, 0.1], [0.1, 0.1, 0.1], [0.6, 0.1, 0.1]],
        [0.1, 0.2, 0.7, 0.2],
        ["F1", "F1", "NONE", "NONE"],
        [{"F1"}, {"F1", "F2"}, {"NONE"}, {"NONE"}],
    )
    assert found["top1"] == 0.5
    assert found["top1_acceptable"] == 1.0
    assert found["top3"] == 1.0
    assert found["false_tag_rate"] == 0.5
    assert found["in_plan_found"] == 1.0
    assert found["off_plan_auroc"] == 0.875  # of four pairs three are ordered and one is a tie
    assert found["acceptable"] == 0.75


def test_perfect_answers() -> None:
    found = scores(np.eye(3).tolist(), [0.0] * 3, ["F1", "F2", "F3"], [{"F1"}, {"F2"}, {"F3"}])
    assert found["kappa"] == found["macro_f1"] == found["strategy"] == 1.0
    assert found["brier"] == found["ece"] == 0.0


def test_few_texts_that_are_all_right_or_all_wrong_keep_an_honest_interval() -> None:
    codes = ["F1", "F2", "NONE", "NONE", "NONE"]
    leaves = np.array([[0.9, 0.0, 0.0], [0.0, 0.9, 0.0], *[[0.05, 0.0, 0.0]] * 3])
    found = plan_scores(
        PLAN, leaves, np.array([0.1, 0.1, *[0.95] * 3]), codes, [frozenset([c]) for c in codes]
    )
    assert found["false_tag_rate"] == pytest.approx((0.0, 0.0, 0.5615), abs=1e-3)  # Wilson, 0 of 3
    assert found["acceptable"] == pytest.approx((1.0, 0.5655, 1.0), abs=1e-3)
    assert found["kappa"] == found["macro_f1"] == (1.0, None, None)
    assert mean_score([True]) == pytest.approx((1.0, 0.2065, 1.0), abs=1e-3)
    nothing = plan_scores(PLAN, leaves[2:], np.full(3, 0.95), codes[2:], [frozenset(["NONE"])] * 3)
    assert "kappa" not in nothing


def test_intervals_hold_the_value() -> None:
    rng = np.random.default_rng(0)
    leaves = rng.dirichlet([1, 1, 1], 60)
    codes = [f"F{i}" for i in rng.integers(1, 4, 60)]
    for value, low, high in plan_scores(
        PLAN, leaves, np.zeros(60), codes, [frozenset([c]) for c in codes]
    ).values():
        assert low <= value <= high or value == pytest.approx(low, abs=0.05)


def test_calibration_error_of_a_known_case() -> None:
    assert calibration_error(np.array([0.9, 0.9]), np.array([1.0, 0.0])) == pytest.approx(0.4)


def test_coded_texts_are_read_with_old_and_short_agency_names(tmp_path: Path) -> None:
    row = {
        "id": "1",
        "text": "글",
        "plan2019": "3-1",
        "plan2019_ok": ["NONE"],
        "agency": "기재부",
        "agency_ok": ["지자체"],
    }
    path = tmp_path / "coded.jsonl"
    path.write_text(json.dumps(row, ensure_ascii=False), encoding="utf-8")
    (coded,) = read_coded(path)
    assert coded.codes == {"2019": "3-1"}
    assert coded.acceptable["2019"] == {"3-1", "NONE"}
    assert coded.agencies == {"moef", "local"}


def test_a_bad_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "coded.jsonl"
    path.write_text('{"id": "1", "text": "글"}\nnonsense\n', encoding="utf-8")
    with pytest.raises(InputError, match="row=2"):
        read_coded(path)


def test_an_id_that_stands_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "coded.jsonl"
    path.write_text('{"id": "1", "text": "글", "plan2019": "3-1"}\n' * 2, encoding="utf-8")
    with pytest.raises(InputError, match=r"coded\.jsonl#row=2: id '1' 가 두 번 .*먼저: 1번째 줄"):
        read_coded(path)


@pytest.mark.parametrize("row", ['"plan2019": "3-9"', '"plan2019": "3-1", "plan2019_ok": ["3-9"]'])
def test_a_code_that_is_no_leaf_is_told_with_its_line(
    tmp_path: Path, row: str, classifier: Classifier
) -> None:
    path = tmp_path / "coded.jsonl"
    lines = ['{"id": "1", "text": "글", "plan2019": "3-1"}', f'{{"id": "2", "text": "글", {row}}}']
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(InputError, match=r"coded\.jsonl#row=2: 계획 2019 의 맨 아래 항목이 아닌 코드: 3-9"):
        _answered(read_coded(path), "2019", classifier.model)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"PK\x03\x04\x9d\xbe", "UTF-8"),
        (b"id,text\n1,a\n", "JSONL"),
        (b'{"id": "1", "text": null, "plan2019": "3-1"}', "text"),
        (b'{"text": "a", "plan2019": "3-1"}', "id"),
        (b'["a"]', "row=1"),
        (b'{"id": "1", "text": "a", "plan2019": ["3-1"]}', "plan2019 는"),
    ],
)
def test_what_cannot_be_scored_is_told_with_the_remedy(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "coded.jsonl"
    path.write_bytes(content)
    with pytest.raises(InputError, match=what) as caught:
        read_coded(path)
    assert "plan2019" in str(caught.value)


def test_off_plan_in_words_a_list_in_one_cell_and_an_unknown_agency(tmp_path: Path) -> None:
    row = {"id": "1", "text": "글", "plan2019": "계획밖(민원)", "plan2019_ok": "3-1, 4-2", "agency": "행안처"}
    row |= {"plan2024": "K2", "plan2024_ok": "계획 밖"}
    path = tmp_path / "coded.jsonl"
    path.write_text(json.dumps(row, ensure_ascii=False), encoding="utf-8")
    (coded,) = read_coded(path)
    assert coded.codes == {"2019": "NONE", "2024": "K2"}
    assert coded.acceptable["2019"] == {"NONE", "3-1", "4-2"}
    assert coded.acceptable["2024"] == {"K2", "NONE"}
    assert (coded.agency, coded.unknown) == (None, ("행안처",))


def test_texts_without_any_answer_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "coded.jsonl"
    path.write_text('{"id": "1", "text": "글"}\n', encoding="utf-8")
    with pytest.raises(InputError, match="plan2019"):
        read_coded(path)


def test_a_proportion_near_one_keeps_an_honest_interval() -> None:
    value, low, high = proportion([True] * 12)
    assert (value, round(low, 3), round(high, 3)) == (1.0, 0.758, 1.0)
    value, low, high = proportion(np.array([True, False] * 50))
    assert (value, round(low, 3), round(high, 3)) == (0.5, 0.404, 0.596)


def test_mistakes_are_listed_for_every_plan_of_the_file() -> None:
    plans = [load_plan("2019"), load_plan("2024")]
    one, other = (prediction(plan, 1, {plan.leaves[0].code: 0.9 - i / 10}) for i, plan in enumerate(plans))
    said = replace(one, others=(other,))
    right, mistaken = plans[0].leaves[0].code, plans[1].leaves[1].code
    codes = {"2019": right, "2024": mistaken}
    text = Coded(said.document, codes, {p: frozenset([c]) for p, c in codes.items()}, None, frozenset())
    (line,) = wrong([text], [said])
    assert f"2024: {mistaken} -> {plans[1].leaves[0].code} (0.80)" in line
    both = replace(
        text, codes={"2019": NONE, "2024": NONE}, acceptable=dict.fromkeys(codes, frozenset([NONE]))
    )
    assert ["2019: " in line for line in wrong([both], [said])] == [True, False]
