from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hyeoksin.cli import app
from hyeoksin.errors import InputError
from hyeoksin.resources import model_id, resource

TEXT = "우리 군은 섬 마을 어르신을 위해 이동 진료버스를 운영한다. 의사와 간호사가 매주 두 마을을 찾아간다."


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "과제.jsonl"
    rows = [
        {"id": "1", "text": TEXT},
        {"id": "2", "text": f"{TEXT} (재배포)"},
        {"id": "3", "text": "봄꽃 축제를 연다"},
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n{", encoding="utf-8")
    return path


def test_batch_writes_the_folder_and_reports_failed_rows(tmp_path: Path, source: Path) -> None:
    output = tmp_path / "결과"
    told = ["batch", str(source), "-o", str(output), "--format", "jsonl", "--plan", "2020", "--workers", "1"]
    run = CliRunner().invoke(app, told)
    assert run.exit_code == 1  # one row is no JSON
    assert "4건 가운데 3건 분류" in run.stderr
    assert f"모델 {model_id(resource('model'))} 에는 계획 2020 의 1차 거르기가 없어" in run.stderr
    lines = (output / "records" / "part-000000.jsonl").read_text(encoding="utf-8").splitlines()
    first, second, third = map(json.loads, lines)
    assert first["duplicate_group"] == second["duplicate_group"]
    assert first["candidates"] == second["candidates"]
    assert "duplicate_group" not in third
    assert not (output / "duplicates").exists()
    again = CliRunner().invoke(app, told)
    assert json.loads((output / "manifest.json").read_text(encoding="utf-8"))["timings"]["shards_reused"] == 1
    assert again.exit_code == 1
    with pytest.raises(InputError, match="restart"):
        CliRunner().invoke(app, [*told, "--no-duplicates"], catch_exceptions=False)


@pytest.mark.parametrize(
    "wrong",
    [
        ["--engine", "spark"],
        ["--gate", "x"],
        ["--format", "csv"],
        ["--scheduler", "tcp://a:1"],
        ["--today", "어제"],
    ],
)
def test_wrong_options_are_named(tmp_path: Path, source: Path, wrong: list[str]) -> None:
    run = CliRunner().invoke(app, ["batch", str(source), "-o", str(tmp_path / "out"), *wrong])
    assert run.exit_code == 2
    assert wrong[0] in run.output
    assert not (tmp_path / "out").exists()


def test_duplicates_lists_the_groups(tmp_path: Path, source: Path) -> None:
    output = tmp_path / "묶음.csv"
    run = CliRunner().invoke(app, ["duplicates", str(source), "-o", str(output)])
    assert run.exit_code == 1  # one row is no JSON
    assert "건너뜀 과제.jsonl#row=4" in run.stderr
    (line,) = (tmp_path / "묶음.failed.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["row"] == 4
    with output.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["번호"] for row in rows] == ["1", "2"]
    assert rows[0]["묶음"] == rows[1]["묶음"]


def test_duplicates_tells_files_that_cannot_be_read_and_what_was_noted(tmp_path: Path) -> None:
    folder, output = tmp_path / "글", tmp_path / "묶음.csv"
    folder.mkdir()
    (folder / "가.csv").write_bytes(f"번호,제목,내용\n1,진료버스,{TEXT}\n2,진료버스,{TEXT}\n".encode("cp949"))
    (folder / "나.hwp").write_bytes(b"HWP Document File")
    told = ["duplicates", str(folder), "-o", str(output)]
    run = CliRunner().invoke(app, told)
    assert (run.exit_code, run.stderr.count("CP949")) == (1, 1)
    assert "건너뜀 글/나.hwp" in run.stderr
    assert (tmp_path / "묶음.failed.jsonl").exists()
    (folder / "나.hwp").unlink()
    assert CliRunner().invoke(app, told).exit_code == 0
    assert not (tmp_path / "묶음.failed.jsonl").exists()


def test_classify_can_group_too(tmp_path: Path, source: Path) -> None:
    output = tmp_path / "out.jsonl"
    run = CliRunner().invoke(
        app, ["classify", str(source), "-o", str(output), "--duplicates", "--workers", "1"]
    )
    assert run.exit_code == 1
    first, second, _ = map(json.loads, output.read_text(encoding="utf-8").splitlines())
    assert first["duplicate_group"] == second["duplicate_group"]


def test_batch_tells_what_the_readers_noted_once(tmp_path: Path) -> None:
    path = tmp_path / "과제.csv"
    path.write_bytes(f"번호,제목,내용\n1,이동 진료버스,{TEXT}\n".encode("cp949"))
    run = CliRunner().invoke(app, ["batch", str(path), "-o", str(tmp_path / "결과")])
    assert run.exit_code == 0
    assert run.stderr.count("CP949") == 1
