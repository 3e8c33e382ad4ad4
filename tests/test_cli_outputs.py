"""Where commands write: never over an input, never over what people filled in; and all rows that were skipped are listed."""

from __future__ import annotations

import csv
import json
import re
from itertools import combinations
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hyeoksin.cli import app
from hyeoksin.cli.failed import failed_place
from hyeoksin.errors import ModelError
from hyeoksin.sinks import is_result
from test_cli import PLAN, hyeoksin, refused

TABLE = "번호,제목,내용\n1,진료버스,의사가 섬을 돌며 진료한다\n"
TOLD = ("과 같습니다", "와 같습니다", "안에 이미 있는 파일입니다")
DECIDED = "번호,코드,제목,내용\n1,3-1,진료버스,의사가 섬을 돌며 진료한다\n"


def refusal(folder: Path, line: str) -> str:
    """Return what a refused command says; it may not have touched a file."""
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    said = refused(hyeoksin(*line.split(), folder=folder))
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    return said


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of texts, one of decisions, and a plan."""
    (tmp_path / "글").mkdir()
    for name in ("글/가.csv", "글/나.csv"):
        (tmp_path / name).write_text(TABLE, encoding="utf-8")
    for name in ("결정.csv", "결정.xlsx", "글.json", "글.html", "계획.ttl", "계획.jsonld"):
        (tmp_path / name).write_text(DECIDED, encoding="utf-8")
    (tmp_path / "계획.csv").write_text("코드,제목\n1,하나\n", encoding="utf-8")
    (tmp_path / "계획.yaml").write_text(PLAN, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    "line",
    [
        "classify 글 -o 글/나.csv",
        "classify 글/가.csv -o ./글/../글/가.csv",
        "classify 글/가.csv --plan 계획.csv -o 계획.csv",
        "classify 글/가.csv --failed 글/가.csv",
        "classify 글 --failed 글/가.csv",
        "classify 글/가.csv -o 결과.csv --failed 결과.csv",
        "duplicates 글 -o 글/나.csv",
        "duplicates 글/가.csv -o 글/가.csv",
        "translate 결정.csv --from 2019 --to 2024 -o 결정.csv",
        "translate 결정.xlsx --from 2019 --to 2024 --texts 글 -o 글/나.csv",
        "translate 결정.xlsx --from 2019 --to 2024 --links 결정.csv -o 결정.csv",
        "plan impact 계획.yaml --on 결정.csv -o 결정.csv",
        "plan diff 2019 계획.csv -o 계획.csv",
        "plan skos 글.json -o 글.json",
        "drift 결정.csv 글/가.csv -o 결정.csv",
        "drift 글/나.csv 글/가.csv --decisions 결정.csv -o 결정.csv",
        "simulate --decisions 결정.xlsx -o 결정.xlsx",
        "simulate --decisions 결정.csv --records 글.json -o 글.json",
        "audit 글.html -o 글.html",
        "audit 글.html --coded 결정.xlsx -o 결정.xlsx",
        "audit-sample 결정.xlsx -o 결정.xlsx",
        "audit-read 결정.xlsx --from 글 -o 결정.xlsx",
        "plan learn 계획.yaml -o 모델 --on 결정.xlsx --from-plan 2019 --ask 결정.xlsx",
        "plan learn 계획.yaml -o 모델 --on 글/가.csv --from-plan 2019 --decisions 결정.csv --ask 결정.csv",
        "doubts --project 1 --store 결정.csv -o 결정.csv",
        "batch 글 -o 글",
        "train --corpus 글 -o 글",
        "embed --external 글 -o 글",
    ],
)
def test_no_command_writes_over_what_it_reads(folder: Path, line: str) -> None:
    said = refusal(folder, line)
    assert any(words in said for words in TOLD), said


@pytest.mark.parametrize(
    "line",
    [
        "audit-sample 글/가.csv -o 결정.xlsx",
        "plan learn 계획.yaml -o 모델 --on 글/가.csv --from-plan 2019 --ask 결정.xlsx",
        "plan convert 2019 계획.csv",
        "plan convert 2019 계획.yaml",
        "plan template 계획.yaml",
        "plan skos 2019 -o 계획.ttl",
        "plan skos 2019 -o 계획.jsonld",
        "plan from-skos 없음.ttl 계획.yaml",
        "plan from-skos 없음.ttl 새.yaml --links 결정.csv",
        "store backup 결정.csv",
        "store export 결정.csv --project 1",
    ],
)
def test_what_people_fill_in_is_not_overwritten(folder: Path, line: str) -> None:
    assert "이미 있습니다. 다른 이름을 주거나, 필요 없으면 먼저 지우세요." in refusal(folder, line)


@pytest.mark.parametrize(
    "line",
    [
        "classify 없음 -o 글.hwp",
        "duplicates 없음 -o 글.hwp",
        "drift 없음 없음 -o 글.hwp",
        "simulate --decisions 없음 -o 글.hwp",
        "translate 없음 --from 2019 --to 2024 -o 글.hwp",
        "audit 없음 -o 글.hwp",
        "audit-sample 없음 -o 글.hwp",
        "audit-read 없음 --from 없음 -o 글.hwp",
        "plan impact 없음 --on 없음 -o 글.hwp",
        "plan diff 없음 없음 -o 글.hwp",
        "plan skos 없음 -o 글.hwp",
        "plan sankey -o 글.hwp",
        "corpus join --from 없음 -o 글.hwp",
        "plan convert 없음 글.hwp",
        "plan template 글.hwp",
        "plan learn 없음 --on 없음 --from-plan 2019 -o 모델 --ask 글.hwp",
        "doubts --project 1 -o 글.hwp",
        "store export 글.hwp --project 1",
        "store export 글.hwp --ledger",
    ],
)
def test_a_form_that_is_not_written_is_told_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    monkeypatch.chdir(tmp_path)
    run = CliRunner().invoke(app, line.split())
    assert run.exit_code == 2
    assert re.search(
        r"(--output 의|--ask 의|파일의) 형식은 \.\w+.* 입니다 \(지금: '\.hwp'\)", " ".join(run.output.split())
    ), run.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "line",
    [
        "simulate --project 1 --records 글.jsonl",
        "simulate --project 1 --model 모델",
        "simulate --project 1 --code-column 코드",
        "learn --project 1 --external 글",
        "plan learn 계획.yaml -o 모델 --decisions 결정.csv --links 대응.csv",
        "plan learn 계획.yaml -o 모델 --on 결정.csv",
        "plan learn 계획.yaml -o 모델 --decisions 결정.csv --ask 물음.csv",
        "batch 글 -o 결과 --scheduler tcp://127.0.0.1:8786",
    ],
)
def test_an_option_that_would_not_be_used_is_refused(line: str) -> None:
    run = CliRunner().invoke(app, line.split())
    assert run.exit_code == 2
    assert "함께" in run.output


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ("", "--decisions 파일이나 --project 차수 가운데 하나"),
        ("--decisions 없음.csv --project 1", "--decisions 파일이나 --project 차수 가운데 하나"),
        ("--decisions 없음.csv --hours 가", "숫자를 쉼표로"),
        ("--decisions 없음.csv --hours 1,0", "0 보다 크고 200 보다 작은"),
        ("--decisions 없음.csv --precision 0.9,1", "0.5 보다 크고 1 보다 작은"),
    ],
)
def test_what_simulate_cannot_do_is_told_before_any_work(told: str, says: str) -> None:
    run = CliRunner().invoke(app, ["simulate", *told.split()])
    assert run.exit_code == 2
    assert says in " ".join(run.output.split())


@pytest.mark.parametrize("command", ["learn --project 1", "plan learn 계획.yaml --decisions 결정.csv"])
def test_a_new_model_needs_a_new_folder_before_any_work(folder: Path, command: str) -> None:
    run = CliRunner()
    result = run.invoke(app, [*command.split(), "-o", str(folder / "글")])
    assert isinstance(result.exception, ModelError)
    assert "비어 있지 않습니다" in str(result.exception)
    assert "파일입니다" in run.invoke(app, [*command.split(), "-o", str(folder / "글" / "가.csv")]).output


@pytest.mark.parametrize("suffix", [".xlsx", ".csv", ".jsonl", ".parquet"])
def test_the_result_of_a_former_run_is_no_input(folder: Path, suffix: str) -> None:
    (folder / "글" / "나.csv").write_text(f"{TABLE}2,,\n", encoding="utf-8")
    output = folder / "글" / f"결과{suffix}"
    told = ("classify", "글", "-o", f"글/결과{suffix}", "--workers", "1")
    for _ in range(2):
        run = hyeoksin(*told, folder=folder)
        assert (run.code, "2건을" in run.err) == (1, True)
        assert is_result(output)
        (line,) = (folder / "글" / "결과.failed.jsonl").read_text(encoding="utf-8").splitlines()
        assert json.loads(line)["row"] == 3
    assert run.err.count("앞선 실행의 결과여서 입력으로 읽지 않습니다") == 2


def test_the_groups_of_a_former_run_are_no_input(folder: Path) -> None:
    for _ in range(2):
        run = hyeoksin("duplicates", "글", "-o", "글/묶음.csv", folder=folder)
        assert (run.code, "글 2건" in run.err) == (0, True)
    assert "앞선 실행의 결과" in run.err


def test_the_list_of_skipped_rows_never_replaces_an_input(folder: Path) -> None:
    own = folder / "과제.failed.jsonl"
    own.write_text('{"text": "섬을 돌며 진료하는 버스"}\n{}\n', encoding="utf-8")
    before = own.read_bytes()
    run = hyeoksin("classify", own, "-o", "과제.csv", "--workers", "1", folder=folder)
    assert run.code == 1
    assert own.read_bytes() == before
    assert "까닭: 과제-2.failed.jsonl" in run.err
    assert (folder / "과제-2.failed.jsonl").exists()


WORDS = (
    "진료버스",
    "산림 관리",
    "회의 문서",
    "주민 투표",
    "온라인 민원",
    "노인 돌봄",
    "공공 자전거",
    "청년 창업",
    "빈집 정비",
    "하천 청소",
)


def decided(path: Path, n_bad: int) -> None:
    """Write a table of decisions: some that no plan has, then 45 good ones of different texts."""
    rows = [(f"나쁜 {i}", "99-9", "버스", "섬을 돈다") for i in range(n_bad)]
    rows += [(str(i), "3-1", one, other) for i, (one, other) in enumerate(combinations(WORDS, 2))]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("번호", "코드", "제목", "내용"), *rows])


@pytest.mark.parametrize(
    ("line", "output"),
    [
        ("translate 결정.csv --from 2019 --to 2024 -o 옮긴.csv", "옮긴"),
        ("translate 결정.csv --from 2019 --to 2024", "결정"),
        ("plan impact 2024 --on 결정.csv -o 표.json", "표"),
        ("drift 뒤.csv 뒤.csv --decisions 결정.csv -o 변화.json", "변화"),
        ("simulate --decisions 결정.csv -o 보고서.json --hours 0.1", "보고서"),
    ],
)
def test_all_skipped_rows_are_listed_and_end_with_one(tmp_path: Path, line: str, output: str) -> None:
    decided(tmp_path / "결정.csv", 7)
    decided(tmp_path / "뒤.csv", 0)
    run = hyeoksin(*line.split(), folder=tmp_path)
    place = tmp_path / f"{output}.failed.jsonl"
    assert run.code == 1, run.err
    assert run.err.count("건너뜀 ") == 5
    assert f"7건을 건너뛰었습니다. 까닭: {place.name}" in run.err
    rows = [json.loads(text)["row"] for text in place.read_text(encoding="utf-8").splitlines()]
    assert rows == [2, 3, 4, 5, 6, 7, 8]
    if "-o" in line:
        decided(tmp_path / "결정.csv", 0)
        assert hyeoksin(*line.split(), folder=tmp_path).code == 0
        assert not place.exists()


@pytest.mark.parametrize("output", ["결정.csv", "결정.csv/안"])
def test_batch_says_that_its_output_is_a_folder(folder: Path, output: str) -> None:
    said = refused(hyeoksin("batch", "글", "-o", output, folder=folder))
    assert "--output 은 결과 폴더의 이름인데 결정.csv 은(는) 파일입니다" in said


def test_batch_says_that_the_input_lies_in_the_output(folder: Path) -> None:
    assert "입력 글 이(가) 결과 폴더 . 안에 있습니다" in refused(
        hyeoksin("batch", "글", "-o", ".", folder=folder)
    )


def test_drift_names_the_path_that_is_not_there(folder: Path) -> None:
    for line in ("drift 결정.csv 없는것", "drift 없는것 결정.csv", "drift 글 글 --texts 없는것"):
        assert "없는것: 파일도 폴더도 아닙니다" in refused(hyeoksin(*line.split(), folder=folder))


def test_a_store_on_postgresql_is_told_how_to_be_read(folder: Path) -> None:
    url = "postgresql+psycopg://kim:secret@127.0.0.1/db"
    for line in (f"audit {url} --plan 2019", f"drift {url} {url}", f"translate {url} --from 2019 --to 2024"):
        said = refused(hyeoksin(*line.split(), folder=folder))
        assert "store backup" in said
        assert "secret" not in said


def test_the_list_of_the_classified_rows_outlives_a_translation(folder: Path) -> None:
    (folder / "과제.csv").write_text("번호,제목\n1,진료버스\n2,\n", encoding="utf-8")
    hyeoksin("classify", "과제.csv", "-o", "결과.jsonl", folder=folder)
    before = (folder / "결과.failed.jsonl").read_bytes()
    line = [
        "translate",
        "결과.jsonl",
        "--from",
        "2019",
        "--to",
        "2024",
        "--texts",
        "과제.csv",
        "-o",
        "결과.xlsx",
    ]
    assert "까닭: 결과-2.failed.jsonl" in hyeoksin(*line, folder=folder).err
    assert (folder / "결과.xlsx").exists()
    assert (folder / "결과.failed.jsonl").read_bytes() == before


def test_a_former_audit_in_the_folder_of_results_is_written_anew(folder: Path) -> None:
    (folder / "결과").mkdir()
    hyeoksin("classify", "글/가.csv", "-o", "결과/part-000000.parquet", folder=folder)
    for _ in range(2):
        assert hyeoksin("audit", "결과", "-o", "결과/감사.json", folder=folder).code == 0


@pytest.mark.parametrize("folder_name", [".", "..", "/"])
def test_a_folder_without_a_name_is_an_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder_name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert failed_place(Path("결과.csv"), [Path(folder_name)]) == Path("결과.failed.jsonl")
    assert failed_place(None, [Path(folder_name)]).name.endswith(".failed.jsonl")
