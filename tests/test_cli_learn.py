from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from openpyxl import Workbook
from typer.testing import CliRunner, Result

from hyeoksin.cli import app
from hyeoksin.domain import Document
from hyeoksin.lessons import lessons_in
from hyeoksin.model import load_model
from hyeoksin.resources import resource
from hyeoksin.results import Result as Told
from lesson_cases import HOUSE, drones


def run(*told: object) -> Result:
    return CliRunner().invoke(app, [str(one) for one in told])


def corrected(path: Path, codes: list[str], recommended: str = "") -> Path:
    """Write a workbook as ``classify`` leaves it, with the column that a person added."""
    book = Workbook()
    sheet = book.active
    sheet.append(["번호", "제목", "내용", "판정", "전략", "과제", "세부과제", "확정코드"])
    for i, document in enumerate(drones()):
        code = codes[i % len(codes)]
        sheet.append([f"{i}", document.title, "", "사람 확인", "", "", recommended, code])
    for row in sheet.iter_rows(min_col=8, max_col=8):
        row[0].number_format = "@"
    book.save(path)
    return path


def test_a_corrected_workbook_teaches_a_model_without_a_store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table = corrected(tmp_path / "고친 결과.xlsx", [HOUSE] * 9 + [""], "3-1 찾아가는 서비스")
    done = run("learn", "--decisions", table, "-o", "새모델", "--name", "우리")
    assert done.exit_code == 0, done.output
    assert "받아들임" in done.output
    assert "결정되지 않은 7건은 뺐습니다" in done.output
    assert "72건 가운데" in done.output  # the preview has those without a decision too
    assert "classify 파일 --model 새모델 --plan 2019" in done.output
    assert not (tmp_path / "hyeoksin.db").exists()
    model = load_model(tmp_path / "새모델")
    assert (model.name, model.base) == ("우리", load_model(resource("model")).id)
    card = json.loads((tmp_path / "새모델/card.json").read_text(encoding="utf-8"))
    assert card["lessons"]["배운 결정"] == "65건 (고친 것 65건)"
    assert card["lessons"]["차수"] == "고친 결과.xlsx"
    said = run("classify", "--text", "저수지 순찰 드론 투입", "--model", "새모델", "-o", "답.jsonl")
    assert said.exit_code == 0, said.output
    record = json.loads((tmp_path / "답.jsonl").read_text(encoding="utf-8"))
    assert record["candidates"][0]["code"] == HOUSE
    assert record["model"].startswith("우리@")
    assert "+second@" in record["model"]
    seldom = corrected(tmp_path / "드문.xlsx", [HOUSE] * 71 + ["3-1"])  # a single decision of one code
    found = run("doubts", "--decisions", seldom, "-o", "다시.csv")
    assert found.exit_code == 0, found.output
    assert "결정 72건 가운데" in found.output
    assert "건이 다름) " in found.output  # a table names no person
    with (tmp_path / "다시.csv").open(encoding="utf-8-sig", newline="") as file:
        assert next(csv.reader(file))[:3] == ["문서", "제목", "결정"]


def test_a_refused_model_of_a_table_is_not_written(tmp_path):
    table = corrected(tmp_path / "적음.xlsx", [HOUSE, *[""] * 9])
    done = run("learn", "--decisions", table, "-o", tmp_path / "m")
    assert done.exit_code == 1
    assert "거절 까닭" in done.output
    assert "새 모델 (적지 않음)" in done.output
    assert not (tmp_path / "m").exists()


def test_rows_that_teach_nothing_are_listed_and_the_others_teach(tmp_path):
    table = corrected(tmp_path / "고침.xlsx", [HOUSE] * 6 + ["9-9"])
    done = run("learn", "--decisions", table, "-o", tmp_path / "m")
    assert done.exit_code == 1
    assert "10건을 건너뛰었습니다" in done.output
    lines = (tmp_path / "m.failed.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 10
    assert "코드 '9-9' 가 없습니다" in lines[0]


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ((), "하나만"),
        (("--project", "1", "--decisions", "x.xlsx"), "하나만"),
        (("--project", "1", "--plan", "2024"), "--decisions 와 함께"),
        (("--decisions", "x.xlsx", "--use"), "--use 는 --project"),
    ],
)
def test_learning_takes_one_source_of_decisions(tmp_path, monkeypatch, told, says):
    monkeypatch.chdir(tmp_path)
    refused = run("learn", *told)
    assert refused.exit_code == 2
    assert says in " ".join(refused.output.split())


@pytest.mark.parametrize("command", ["learn", "doubts"])
def test_a_table_of_a_plan_of_ones_own_goes_to_plan_learn(tmp_path, command):
    own, table = tmp_path / "우리.yaml", tmp_path / "표.csv"
    run("plan", "template", own)
    table.write_text("번호,코드,제목\n1,가-1,기한을 알려 주기\n", encoding="utf-8")
    refused = run(command, "--decisions", table, "--plan", own, "-o", tmp_path / "m.csv")
    said = str(refused.exception)
    assert "plan learn 계획 --decisions 표나저장소" in said
    assert (
        "저장소의 차수(--project)에만" in said
    )  # so that nobody registers a model that --decisions never reads


def test_a_table_without_texts_asks_for_them(tmp_path):
    table = tmp_path / "코드만.csv"
    table.write_text("번호,코드\n1,3-1\n2,계획 밖\n", encoding="utf-8")
    refused = run("learn", "--decisions", table, "-o", tmp_path / "m")
    assert "--texts" in str(refused.exception)
    texts = tmp_path / "글.csv"
    texts.write_text("번호,제목\n1,찾아가는 진료버스\n2,보도블록이 깨졌어요\n", encoding="utf-8")
    few = run("learn", "--decisions", table, "--texts", texts, "-o", tmp_path / "m")
    assert few.exit_code == 1
    assert "거절 까닭" in few.output


def test_equal_texts_and_groups_of_one_table_are_one_lesson():
    def told(number: str, title: str, code: str = "3-1", group: str | None = None) -> Told:
        return Told(Document(number, title=title), code, True, duplicate_group=group, suggested="NONE")

    first = [
        told("1", "가", group="묶음1"),
        told("2", "나", group="묶음1"),
        told("3", "나  "),
        told("4", "다"),
    ]
    other = [told("1", "라", group="묶음1"), told("2", "다", code="NONE")]
    lessons = lessons_in([first, other], "김", "2026-11-30", 3.0)
    assert [(one.document.body, one.code, one.weight) for one in lessons] == [
        ("가", "3-1", 3.0),
        ("다", "3-1", 3.0),
        ("라", "3-1", 3.0),
        ("다", "NONE", 1.0),
    ]
    assert lessons[1].family == lessons[3].family
