from __future__ import annotations

import csv
import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from hyeoksin.cli import app
from hyeoksin.cli.simulate import _ledger, _records
from hyeoksin.codes import NONE
from hyeoksin.domain import Document
from hyeoksin.errors import InputError
from hyeoksin.plan import load_plan
from hyeoksin.readers.notes import heard
from hyeoksin.simulate import Answered, PastText, answered, read_past, replay
from hyeoksin.simulate.figures import savings, share, threshold_rows, work_saved
from hyeoksin.simulate.overlap import n_trained_on
from hyeoksin.simulate.page import page
from hyeoksin.simulate.replay import budget_row, by_month, rounds_of
from hyeoksin.simulate.report import write_report
from hyeoksin.store import open_store
from web_client import record as said

PLAN = load_plan("2019")
LEAVES = [leaf.code for leaf in PLAN.leaves]


def synthetic(n=1_200, seed=0, noise=0.0):
    """Return a year of answers that are as likely right as they say, but for a share of ``noise`` decided at random."""
    random = np.random.default_rng(seed)
    rows = []
    for i in range(n):
        leaves = random.dirichlet(np.full(len(LEAVES), 0.04))
        off = float(1 / (1 + np.exp(-random.normal(0, 2.5))))
        leaves *= 1 - off
        code = str(random.choice([*LEAVES, NONE], p=[*leaves, off]))
        if random.random() < noise:
            code = str(random.choice([*LEAVES, NONE]))
        answer = NONE if off >= 0.5 else LEAVES[int(leaves.argmax())]
        chance = off if answer == NONE else float(leaves.max())
        month, region = f"2025-{1 + i * 12 // n:02d}-15", ["대구", "부산", "전남"][i % 3]
        rows.append(
            Answered(f"t{i}", month, region, "과제", code, answer, chance, off, tuple(leaves), code == answer)
        )
    return rows


@pytest.fixture(scope="module")
def year():
    return replay(synthetic(), PLAN, "default@test", 30.0, hours=(0.1, 0.3), precisions=(0.95,))


def test_what_is_settled_keeps_the_promise_and_reading_in_order_leaves_fewer_errors(year):
    for row in year.budgets:
        assert row.settled.n_right > 40
        assert row.right.high >= 0.95
        assert all(group.kept for group in row.groups)
        assert row.errors_left < row.errors_by_arrival
    few, many = year.budgets
    assert many.errors_left < few.errors_left
    assert few.n_rounds == 12


def test_a_node_decided_otherwise_suffers_and_is_named():
    rows = [
        replace(row, code="7-1", right=False) if row.answer == "3-1" and row.probability >= 0.5 else row
        for row in synthetic()
    ]
    code, lost = threshold_rows(rows, [0.5])[0].suffering[0]
    assert code == "7-1"
    assert lost.low > 0.3


def test_decisions_that_contradict_the_model_stop_the_settling():
    noisy = [replace(row, right=False) if row.region == "부산" else row for row in synthetic()]
    row = budget_row(rounds_of(noisy), 0.5, check_share=0.2)
    settled = {group.name: group.settled.n for group in row.groups if group.by == "region"}
    assert settled["부산"] < 0.5 * settled["대구"]


def test_work_saved_over_sampling_by_hand():
    wanted = np.array([True, False, True, False, False, False, False, False, False, False])
    assert work_saved(wanted, np.arange(10, 0, -1.0)) == (3, pytest.approx(0.65))
    assert work_saved(wanted, np.zeros(10)) == (
        10,
        pytest.approx(-0.05),
    )  # a rank that says nothing saves nothing


def test_intervals_hold_the_value_and_shares_are_exact():
    assert share(0, 0).value is None
    assert share(95, 100).low == pytest.approx(0.8872, abs=1e-4)  # Clopper-Pearson, from the published tables
    assert share(100, 100).high == 1.0
    for saving in savings(synthetic(600), PLAN):
        assert saving.low <= saving.saved <= saving.high
        assert saving.n_read <= saving.n


def test_rounds_are_months_or_equal_parts_and_keep_every_text():
    rows = synthetic(100)
    assert [len(part) for part in rounds_of(rows)] == [len(p) for p in rounds_of(list(reversed(rows)))]
    undated = [replace(row, at="") for row in rows]
    assert [len(part) for part in rounds_of(undated, 4)] == [25] * 4
    assert [row for part in rounds_of(undated, 4) for row in part] == undated


def test_a_round_of_one_day_is_replayed_in_the_order_of_its_decisions(tmp_path):
    texts = [Document(str(i), title=f"글 {i}") for i in range(12)]
    with open_store(tmp_path / "store.db") as store:
        number = store.create_project("상반기", "2019", "kim").id
        store.add_items(number, [(text, said(text)) for text in texts])
        for item in store.items(number, order="id", limit=None):
            store.decide([item.id], "none", by="kim")
            time.sleep(0.002)  # so that no two fall into one millisecond
    plan, told, found = _ledger(str(tmp_path / "store.db"), ["상반기"])
    rows = [row for part in rounds_of(answered(told, found, plan)) for row in part]
    assert [row.id for row in rows] == [str(i) for i in range(1, 13)]


def test_texts_without_a_date_are_no_month_and_come_last():
    dated = [replace(row, at=f"2025-{1 + i % 2:02d}-15") for i, row in enumerate(synthetic(100))]
    two = [replace(row, at="") for row in dated[:2]] + dated[2:]
    assert not by_month(two)
    assert [row.at for row in rounds_of(two, 4)[-1]][-2:] == ["", ""]
    three = [*two, *(replace(row, at="2025-03-15") for row in dated[:2])]
    parts = rounds_of(three)
    assert [part[0].at[:7] for part in parts] == ["2025-01", "2025-02", "2025-03"]
    assert [row.at for row in parts[-1]] == ["2025-03-15"] * 2 + [""] * 2


def test_the_note_says_which_way_the_year_was_cut():
    rows = synthetic(100)
    for at, way in (
        (lambda i: f"2019-{1 + i % 9:02d}-01" if i % 5 else "", "차례대로 똑같이"),
        (lambda i: f"2019-{1 + i % 9:02d}-01", "달마다"),
        (lambda i: "", "차례대로 똑같이"),
    ):
        year = replay([replace(row, at=at(i)) for i, row in enumerate(rows)], PLAN, "m", hours=[1.0])
        assert year.notes[0].startswith(f"{way} 나눈 {year.budgets[0].n_rounds}회차")


def test_decisions_are_read_from_a_table(tmp_path):
    path = tmp_path / "지난해.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(
            [
                ("번호", "과제명", "확정 코드", "유형"),
                ("1", "마을 도서관 야간 개방", "3-1", "과제"),
                ("2", "청사 주차장 도색", "계획 밖", "과제"),
                ("3", "공공데이터 개방", "2-1 정보 공개, 2-2", "제안"),
                ("4", "잘못 적은 과제", "99-9", "과제"),
                ("5", "결정 없는 과제", "", "과제"),
            ]
        )
    texts, errors = read_past(path, PLAN)
    assert [(t.code, sorted(t.accepted), t.kind) for t in texts] == [
        ("3-1", ["3-1"], "과제"),
        (NONE, [NONE], "과제"),
        ("2-1", ["2-1", "2-2"], "제안"),
    ]
    assert ["99-9" in errors[0].reason, "결정 열" in errors[1].reason] == [True, True]


def test_decisions_are_read_from_the_corpus_and_from_coded_texts(tmp_path):
    rows = [
        {
            "id": "a",
            "title": "가",
            "text": "",
            "kind": "task",
            "labels": {"2019": ["3-1", "4-1"], "2024": []},
        },
        {"id": "b", "title": "나", "labels": {"2019": []}, "acceptable": {"2019": ["1-1"]}},
        {"id": "c", "text": "다", "plan2019": "8-1", "plan2019_ok": ["8-2"]},
    ]
    path = tmp_path / "past.jsonl"
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    texts, errors = read_past(path, PLAN)
    assert not errors
    assert [(t.code, t.accepted) for t in texts] == [
        ("3-1", {"3-1", "4-1"}),
        (NONE, {NONE, "1-1"}),
        ("8-1", {"8-1", "8-2"}),
    ]


def test_a_cell_with_nothing_but_commas_is_one_bad_row(tmp_path):
    path = tmp_path / "과제.csv"
    path.write_text('과제명,코드\n도서관,3-1\n박물관,","\n', encoding="utf-8")
    texts, errors = read_past(path, PLAN)
    assert [text.code for text in texts] == ["3-1"]
    assert "쉼표만" in errors[0].reason


OURS = "번호,제목,내용,판정,전략,과제,세부과제,계획 밖 확률,결정,확정코드"
ROWS = (
    "1,골목 등불,밤길을 밝힌다,확정 추천,S1 가,3 나,3-1 다,0.1,,3-1",
    "2,우물 청소,두레박을 바꾼다,확정 추천,S1 가,3 나,3-1 다,0.1,,",
    "3,나무 심기,고갯길에 심는다,사람 확인,S1 가,3 나,3-1 다,0.1,보류,",
)


def test_rows_of_our_results_without_a_decision_are_left_out_and_counted(tmp_path):
    path = tmp_path / "결과.csv"
    path.write_text("\n".join([OURS, *ROWS]), encoding="utf-8")
    with heard() as notes:
        texts, errors = read_past(path, PLAN)
    assert ([text.document.id for text in texts], errors) == (["1"], [])
    assert f"{path}: 결정되지 않은 2건은 뺐습니다." in notes
    result = CliRunner().invoke(app, ["simulate", "--decisions", str(path), "--hours", "0.1"])
    assert result.exit_code == 0, result.output
    assert "결정되지 않은 2건은 뺐습니다." in result.output
    path.write_text("\n".join([OURS, *ROWS[1:]]), encoding="utf-8")
    with pytest.raises(InputError, match="code-column"):
        read_past(path, PLAN)


@pytest.mark.parametrize(
    ("cell", "accepted"),
    [
        ("7-2 성희롱·성폭력 걱정 없고, 보복 없는 근무환경", {"7-2"}),
        ("계획 밖(가로등 고장, 문의)", {NONE}),
        ("계획 밖(가로등 고장; 문의), 3-1", {"3-1", NONE}),
        ("3-1; 계획 밖", {"3-1", NONE}),
        ("계획 밖, 3.1 골목", {"3-1", NONE}),
        ("3-1, 99-9", None),
        ("99-9 없는 것, 3-1", None),
    ],
)
def test_a_comma_in_a_title_or_remark_parts_no_codes(tmp_path, cell, accepted):
    path = tmp_path / "과제.csv"
    path.write_text(f'과제명,코드\n골목 등불,"{cell}"\n등대,3-1\n', encoding="utf-8")
    texts, errors = read_past(path, PLAN)
    assert [text.accepted for text in texts[:-1]] == ([accepted] if accepted else [])
    assert ["99-9" in error.reason for error in errors] == ([] if accepted else [True])


def test_the_desks_export_is_read_with_its_columns_of_date_and_kind(tmp_path):
    path = tmp_path / "결정.csv"
    path.write_text(
        "번호,제목,최종 분류,결정,추천 판정,계획 밖 확률,모델,날짜,글의 종류,그 밖의 열\n"
        "1,도서관,3-1,수용,확정 추천,0.1,m@1,2026-03-02,국민 제안,코드: 9; 결정: 보류\n",
        encoding="utf-8",
    )
    ((text,), errors) = read_past(path, PLAN)
    assert (text.code, text.kind, text.document.date, errors) == ("3-1", "국민 제안", "2026-03-02", [])


def test_a_decision_that_became_a_date_is_named(tmp_path):
    path = tmp_path / "과제.csv"
    path.write_text("번호,과제명,확정코드\n1,도서관,3-1\n2,버스,03월 01일\n", encoding="utf-8")
    texts, errors = read_past(path, PLAN)
    assert [text.code for text in texts] == ["3-1"]
    assert "코드가 날짜입니다 ('03월 01일')" in errors[0].reason


def test_a_file_without_decisions_is_refused(tmp_path):
    path = tmp_path / "과제.csv"
    path.write_text("과제명\n도서관\n", encoding="utf-8")
    with pytest.raises(InputError, match="code-column"):
        read_past(path, PLAN)


def record(identity, **chances):
    rest = [code for code in LEAVES if code not in chances]
    candidates = [{"code": c.replace("_", "-"), "probability": p} for c, p in chances.items() if c != "off"]
    known = {c["code"] for c in candidates}
    candidates += [{"code": code, "probability": 0.0} for code in rest if code not in known]
    return {
        "id": identity,
        "plan": "2019",
        "candidates": candidates,
        "off_plan": chances["off"],
        "model": "m",
    }


def test_an_answer_below_the_decided_node_is_right():
    strategy = PLAN.path("3-1")[0].code
    texts = [
        PastText(Document("a", "글"), strategy, frozenset({strategy}), None),
        PastText(Document("b", "글"), NONE, frozenset({NONE}), None),
    ]
    records = [record("b", **{"3-1": 0.3}, off=0.7), record("a", **{"3-1": 0.8}, off=0.2)]
    rows = answered(texts, records, PLAN)
    assert [(row.answer, row.probability, row.right) for row in rows] == [
        ("3-1", 0.8, True),
        (NONE, 0.7, True),
    ]
    records[1]["id"] = "b"
    with pytest.raises(InputError, match="'b' 가 여러 번"):
        answered(texts, records, PLAN)
    with pytest.raises(InputError, match="첫째: a"):
        answered(texts, records[:1], PLAN)


def test_a_programme_is_decided_where_its_leaf_is():
    texts = [
        PastText(Document("a", "글"), "3-2-1", frozenset({"3-2-1"}), None),
        PastText(Document("b", "글"), "3-1", frozenset({"3-1", "8-1-1"}), None),
        PastText(Document("c", "글"), "3-1-1", frozenset({"3-1-1"}), None),
    ]
    chances = ({"3-2": 0.8}, {"8-1": 0.8}, {"3-2": 0.8})
    records = [record(text.document.id, **c, off=0.2) for text, c in zip(texts, chances, strict=True)]
    rows = answered(texts, records, PLAN)
    assert [(row.code, row.right) for row in rows] == [("3-2", True), ("3-1", True), ("3-1", False)]


def test_texts_that_share_an_id_get_the_records_of_their_places():
    texts = [PastText(Document("1", "글"), code, frozenset({code}), None) for code in ("3-1", "3-2")]
    records = [record("1", **{"3-1": 0.8}, off=0.2), record("1", **{"3-2": 0.7}, off=0.3)]
    assert [row.right for row in answered(texts, records, PLAN)] == [True, True]


def test_texts_that_share_an_id_do_not_share_a_record():
    texts = [PastText(Document("1", "글"), code, frozenset({code}), None) for code in ("3-1", "3-2")]
    with pytest.raises(InputError, match="글이나 결과 파일에 id '1' 가 여러 번"):
        answered(texts, [record("1", **{"3-1": 0.8}, off=0.2)], PLAN)


def test_records_that_do_not_fit_are_refused():
    texts = [PastText(Document(name, "글"), NONE, frozenset({NONE}), None) for name in "ab"]
    records = [record("b", **{"3-1": 0.3}, off=0.7), record("a", **{"3-1": 0.8}, off=0.2)]
    with pytest.raises(InputError, match="첫째: b"):
        answered(texts, records[1:], PLAN)
    with pytest.raises(InputError, match="--plan"):
        answered(texts, records, load_plan("2024"))


def test_reports_hold_the_figures(year, tmp_path):
    for suffix in (".json", ".xlsx", ".html"):
        write_report(year, tmp_path / f"report{suffix}")
    figures = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert figures["budgets"][0]["settled"]["n_right"] == year.budgets[0].settled.n_right
    book = load_workbook(tmp_path / "report.xlsx")
    assert book.sheetnames[:3] == ["설명", "시간과 정밀도", "한 문턱으로 자르면"]
    assert book["시간과 정밀도"]["C2"].value == year.budgets[0].settled.n_right
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert text.count("<svg") == 3
    assert "<script" not in text
    assert f"{year.n:,}건" in text
    with pytest.raises(InputError, match="html"):
        write_report(year, tmp_path / "report.doc")


def test_hostile_names_stay_text(year):
    text = page(replace(year, model="<script>alert(1)</script>"))
    assert "<script" not in text


def test_overlap_with_the_training_texts_is_counted(tmp_path):
    (tmp_path / "proposals").mkdir()
    row = {"id": "1", "title": "마을 도서관 야간 개방", "text": ""}
    (tmp_path / "proposals" / "3-1.jsonl").write_text(json.dumps(row, ensure_ascii=False), encoding="utf-8")
    texts = [
        PastText(Document("x", title=title), "3-1", frozenset({"3-1"}), None)
        for title in ("마을  도서관 야간 개방", "청사 주차장 도색")
    ]
    assert n_trained_on(texts, tmp_path) == 1
    (tmp_path / "titles.csv").write_text("of,title\nx,청사 주차장 도색\n", encoding="utf-8")
    assert n_trained_on(texts, tmp_path) == 2
    coded = Path("corpus/coded/balance.jsonl").read_text(encoding="utf-8").splitlines()[:3]
    written = [json.loads(line) for line in coded]
    own = [PastText(Document("x", r["text"], r["title"]), "3-1", frozenset({"3-1"}), None) for r in written]
    assert n_trained_on(own, Path("corpus")) == 3


def test_the_command_replays_own_texts_and_says_that_the_model_knows_them(tmp_path):
    output, past = tmp_path / "report.html", tmp_path / "past.jsonl"
    lines = [
        line
        for name in ("3-1", "8-2", "off")
        for line in Path(f"corpus/proposals/{name}.jsonl").read_text(encoding="utf-8").split("\n")[:12]
    ]
    past.write_text("\n".join(lines), encoding="utf-8")
    result = CliRunner().invoke(
        app, ["simulate", "--decisions", str(past), "-o", str(output), "--hours", "0.1"]
    )
    assert result.exit_code == 0, result.output
    assert "36건은 모델이 배운 글이어서 실제보다 좋게 나옵니다" in result.output
    assert output.read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("content", "place"),
    [(b"PK\x03\x04\xff\xfe", "결과.xlsx: "), (b'{"candidates": []}\n{', "결과.xlsx 2번째 줄: ")],
)
def test_records_that_are_no_jsonl_are_told_in_korean(tmp_path, content, place):
    (tmp_path / "결과.xlsx").write_bytes(content)
    with pytest.raises(InputError, match=r"classify -o 결과\.jsonl") as told:
        _records(tmp_path / "결과.xlsx")
    assert str(told.value).startswith(place)
    assert "codec" not in str(told.value)
