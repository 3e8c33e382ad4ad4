"""The command line as an officer meets it: exit codes, one Korean message, no traceback."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from hyeoksin import __version__
from hyeoksin.cli import app, main
from hyeoksin.cli.classify import _items
from hyeoksin.domain import Document
from hyeoksin.errors import InputError
from hyeoksin.plan import load_plan
from hyeoksin.readers import Columns
from hyeoksin.resources import resource
from hyeoksin.tabular import read_rows

DATA = Path(__file__).parent / "data"
HEAVY = ("sklearn", "torch", "kiwipiepy", "pandas", "scipy")
COMMANDS = sorted(
    [
        *(
            "classify",
            "explain",
            "batch",
            "duplicates",
            "train",
            "train-second",
            "embed",
            "serve",
            "evaluate",
            "translate",
            "drift",
            "plan",
            "agency",
            "corpus",
        ),
        *(f"plan {name}" for name in ("check", "show", "template", "convert", "links")),
        *(f"plan {name}" for name in ("diff", "impact", "sankey", "skos", "from-skos", "learn")),
        *("keys", "keys add", "keys list", "keys revoke"),
        *("users", "users add", "users list", "users reset"),
        *("audit", "audit-read", "audit-sample", "doubts", "learn", "simulate"),
        *("models", "models add", "models list", "models renew", "models rollback", "models use"),
        *("store", *(f"store {name}" for name in ("backup", "check", "export", "migrate", "restore"))),
        *(f"agency {name}" for name in ("show", "list", "find")),
        *(f"corpus {name}" for name in ("fetch", "join")),
    ]
)
PLAN = """\
id: town
title: 우리 군 계획
year: 2026
nodes:
  - {code: "가", level: strategy, title: 찾아가는 진료, definition: 의사와 간호사가 섬과 마을을 찾아가 주민을 진료하는 일}
  - {code: "나", level: strategy, title: 주민참여예산, definition: 주민이 예산 사업을 제안하고 투표로 정하는 일}
"""


@dataclass(frozen=True)
class Run:
    code: int
    out: str
    err: str

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


def hyeoksin(*args: str | Path, stdin: str | bytes = b"", folder: Path | None = None) -> Run:
    """Run :func:`hyeoksin.cli.main` here; whatever it does not turn into an exit code fails the test."""
    raw = stdin.encode() if isinstance(stdin, str) else stdin
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    code: Any = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["hyeoksin", *map(str, args)])
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8"))
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        patch.setenv("COLUMNS", "200")
        if folder is not None:
            patch.chdir(folder)
        try:
            main()
        except SystemExit as stop:
            code = stop.code or 0
    texts = [stream.buffer.getvalue().decode() for stream in (out, err)]  # type: ignore[attr-defined]
    return Run(code, *texts)


def process(*args: str, stdin: bytes = b"", **env: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, *args],
        input=stdin,
        capture_output=True,
        env=os.environ | env,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("command", "says", "not_"),
    [
        ("keys add", "365", "끝나지 않음"),
        ("store export", "translate", "audit"),
        ("classify", ".xlsx .ttl", ".xlsx)"),
        ("plan show", ".xlsx .ttl", ".xlsx)"),
        ("plan diff", ".xlsx .ttl", ".xlsx)"),
        ("serve", "hyeoksin.uploads", "끝나지 않음"),
    ],
)
def test_help_says_what_holds(command: str, says: str, not_: str) -> None:
    told = hyeoksin(*command.split(), "--help").out
    assert says in told
    assert not_ not in told


def refused(run: Run) -> str:
    """Check that the run ended with one Korean message, and return it."""
    assert run.code == 2
    assert run.out == ""
    assert "Traceback" not in run.err
    assert len(re.findall(r"오류: |Error: ", run.err)) == 1
    assert re.search("[가-힣]", run.err)
    return run.err


# --- the mixed run: good, bad and unreadable inputs at once


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("일")
    (folder / "그림.csv").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\xff\xfe\x80")
    (folder / "빈 표.csv").write_text("과제명,내용\n", encoding="utf-8")
    (folder / "공고.hwp").write_bytes(b"HWP Document File")
    return folder


@pytest.fixture(scope="module")
def mixed(work: Path) -> Run:
    names = [
        "tasks_cp949.csv",
        "tasks.xlsx",
        "없음.csv",
        "그림.csv",
        "tasks.jsonl",
        "공고.hwp",
        "빈 표.csv",
        "story.txt",
    ]
    paths = [DATA / n if (DATA / n).exists() else work / n for n in names]
    return hyeoksin("classify", *paths, "-o", work / "결과.jsonl", folder=work)


def test_good_rows_beside_bad_ones_are_classified_in_order(mixed: Run, work: Path) -> None:
    records = [json.loads(line) for line in (work / "결과.jsonl").read_text(encoding="utf-8").splitlines()]
    ids = ["1", "2", "4", "1", "2", "tasks.xlsx#sheet=하반기&row=2", "가-1", "4", "story"]
    assert [r["id"] for r in records] == ids
    leaves = {leaf.code for leaf in load_plan("2019").leaves}
    for record in records:
        assert {c["code"] for c in record["candidates"]} == leaves
        assert sum(c["probability"] for c in record["candidates"]) + record["off_plan"] == pytest.approx(
            1, abs=1e-4
        )
        assert set(record["others"]) == {"2020", "2022", "2024"}


def test_what_was_skipped_is_listed_and_ends_with_one(mixed: Run, work: Path) -> None:
    lines = (work / "결과.failed.jsonl").read_text(encoding="utf-8").splitlines()
    failed = [json.loads(line) for line in lines]
    assert all(
        list(f) == ["file", "sheet", "row", "reason"] and re.search("[가-힣]", f["reason"]) for f in failed
    )
    assert [f["sheet"] for f in failed if f["file"] == "tasks.xlsx"] == ["상반기"]
    rows = {(Path(f["file"]).name, f["row"]) for f in failed}
    assert rows == {
        ("tasks_cp949.csv", 4), ("tasks.xlsx", 7), ("없음.csv", None), ("그림.csv", None), ("공고.hwp", None), ("빈 표.csv", None),
        *(("tasks.jsonl", n) for n in (2, 3, 5, 6)),
    }  # fmt: skip
    assert mixed.code == 1
    assert mixed.out == ""
    assert f"9건을 {work / '결과.jsonl'} 에 적었습니다" in mixed.err
    assert f"{len(failed)}건을 건너뛰었습니다" in mixed.err
    assert "Traceback" not in mixed.err


def test_a_folder_of_office_files_is_one_run(tmp_path: Path) -> None:
    folder = tmp_path / "제출"
    folder.mkdir()
    for name in ("list.hwpx", "list.xlsx", "press.pdf", "protected_drm.hwp", "unclosed.csv", "bundle.zip"):
        (folder / name).write_bytes((DATA / "office" / name).read_bytes())
    run = hyeoksin("classify", folder, "-o", tmp_path / "결과.jsonl", folder=tmp_path)
    assert run.code == 1
    assert "Traceback" not in run.err
    assert "알림: 제출/bundle.zip/과제/목록.xlsx: 이름은 .xlsx 이지만 내용은 .xls 입니다." in run.err
    records = [
        json.loads(line) for line in (tmp_path / "결과.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert [r["source"] for r in records] == [
        *(f"제출/bundle.zip/과제/목록.xlsx#row={n}" for n in (2, 3, 4)),
        "제출/bundle.zip/속.zip/press.hwpx", "제출/bundle.zip/보도.txt",
        *(f"제출/list.hwpx#table=1&row={n}" for n in (2, 3, 4)),
        *(f"제출/list.xlsx#sheet=혁신과제&row={n}" for n in (5, 7, 8)), "제출/list.xlsx#sheet=과제 서식",
        "제출/press.pdf", "제출/unclosed.csv#row=2", "제출/unclosed.csv#row=4",
    ]  # fmt: skip
    failed = [
        json.loads(line) for line in (tmp_path / "결과.failed.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert [(f["file"], f["row"]) for f in failed] == [
        ("제출/protected_drm.hwp", None),
        ("제출/unclosed.csv", 3),
    ]


def test_nothing_but_unusable_input_needs_no_model(tmp_path: Path) -> None:
    run = hyeoksin("classify", "없음.csv", "--model", tmp_path, "--failed", "까닭.jsonl", folder=tmp_path)
    assert run.code == 1
    assert json.loads((tmp_path / "까닭.jsonl").read_text(encoding="utf-8"))["file"] == "없음.csv"
    run = hyeoksin("classify", "-", "--model", tmp_path, stdin=" \n\n", folder=tmp_path)
    assert run.code == 1
    assert "읽을 글이" in run.err
    assert (tmp_path / "hyeoksin.failed.jsonl").exists()
    for blank in (" ", "\u200b\u3000"):
        run = hyeoksin("classify", "--text", blank, "--model", tmp_path, folder=tmp_path)
        assert (run.code, "비어 있습니다" in run.err) == (1, True)
    run = hyeoksin(
        "classify", "-", "--model", tmp_path, stdin='{"text": "\\u200b"}\n\u200b\n', folder=tmp_path
    )
    assert (run.code, "보이는 글자가 없습니다" in run.err) == (1, True)


def test_a_run_that_fails_wholly_says_that_the_older_result_stands(tmp_path: Path) -> None:
    (tmp_path / "결과.csv").write_text("앞선 실행", encoding="utf-8")
    run = hyeoksin("classify", "없음.csv", "--model", tmp_path / "빈 모델", "-o", "결과.csv", folder=tmp_path)
    assert run.code == 1
    assert "결과를 새로 적지 않았습니다. 결과.csv 은(는) 앞선 실행의 것 그대로입니다." in run.err
    assert (tmp_path / "결과.csv").read_text(encoding="utf-8") == "앞선 실행"
    run = hyeoksin("classify", "없음.csv", "--model", tmp_path, "-o", "새 결과.csv", folder=tmp_path)
    assert (run.code, "앞선 실행" in run.err) == (1, False)


# --- inputs and outputs that need the model


def test_a_run_without_failures_removes_the_failed_file_of_a_former_one(tmp_path: Path) -> None:
    for name in ("결과.failed.jsonl", "다른.failed.jsonl"):
        (tmp_path / name).write_text("{}\n", encoding="utf-8")
    told = ("classify", "--text", "섬을 돌며 진료하는 버스", "--workers", "1")
    assert hyeoksin(*told, folder=tmp_path).code == 0
    assert (tmp_path / "결과.failed.jsonl").exists()
    assert hyeoksin(*told, "-o", "결과.csv", folder=tmp_path).code == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["결과.csv", "다른.failed.jsonl"]
    own = tmp_path / "과제.failed.jsonl"
    own.write_text('{"text": "섬을 돌며 진료하는 버스"}\n', encoding="utf-8")
    assert hyeoksin("classify", own, "-o", "과제.csv", "--workers", "1", folder=tmp_path).code == 0
    assert own.exists()


def test_jsonl_through_a_pipe_in_a_process_of_its_own() -> None:
    lines = [
        {"id": "a", "text": "의사가\u2028섬을 돌며 진료하는 버스 😀"},
        {"id": "b", "글": "x", "title": "축제"},
    ]
    stdin = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines).encode()
    done = process("-m", "hyeoksin", "classify", "-", stdin=stdin, PYTHONIOENCODING="utf-8")
    assert (done.returncode, done.stderr) == (0, b"")
    records = [json.loads(line) for line in done.stdout.decode().split("\n")[:-1]]
    assert [(r["id"], r["source"]) for r in records] == [("a", "stdin#row=1"), ("b", "stdin#row=2")]
    for span in records[0]["evidence"]:
        assert lines[0]["text"][span["start"] : span["end"]] == span["text"]


@pytest.mark.parametrize(
    ("content", "ids"),
    [
        ('[{"id": "가", "text": "버스"},\n {"id": "나", "title": "투표"}]', ["가", "나"]),
        ('{"items": [{"id": "가", "text": "버스"}]}', ["가"]),
        ('{\n "id": "가",\n "text": "버스"\n}', ["가"]),
        ('\n{"id": "가", "text": "버스"}\n{"id": "나", "title": "투표"}\n', ["가", "나"]),
        ('{"id": "가", "text": "버스"}\n{"id": "나"\n', ["가"]),
        ("[청해군] 버스\n{섬}", ["stdin#row=1", "stdin#row=2"]),
        ('[{"id": "가"', []),
    ],
)
def test_what_standard_input_holds_is_told_by_its_beginning(
    monkeypatch: pytest.MonkeyPatch, content: str, ids: list[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content.encode())))
    assert [item.id for item in _items(["-"], None, Columns()) if isinstance(item, Document)] == ids


def test_a_cp949_terminal_gets_a_table() -> None:
    done = process(
        "-m", "hyeoksin", "classify", "--text", "[속보] 섬마을 진료버스 › 😀", "--format", "table",
        PYTHONIOENCODING="cp949", COLUMNS="160",
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    shown = done.stdout.decode("cp949")
    assert "[속보] 섬마을 진료버스" in shown
    assert "추천이며 결정이 아닙니다" in shown


def test_lines_of_standard_input_to_a_table_file(tmp_path: Path) -> None:
    lines = "섬을 돌며 진료하는 버스\n\n=SUM(A1) 주민참여예산 투표\n"
    run = hyeoksin("classify", "-", "-o", "결과.csv", stdin=lines.encode("cp949"), folder=tmp_path)
    assert run.code == 0
    with (tmp_path / "결과.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [r["번호"] for r in rows] == ["stdin#row=1", "stdin#row=3"]
    assert rows[1]["내용"] == "'=SUM(A1) 주민참여예산 투표"


def test_told_columns_and_an_own_plan(tmp_path: Path) -> None:
    (tmp_path / "계획.yaml").write_text(PLAN, encoding="utf-8")
    (tmp_path / "표.csv").write_text(
        "관리,이름,설명,언제,어디\nㄱ7,버스,중구는 의사가 섬마을을 찾아가 주민을 진료한다,2024-03-29,부산광역시\n",
        encoding="utf-8",
    )
    told = {"id": "관리", "title": "이름", "text": "설명", "date": "언제", "region": "어디"}
    options = [part for key, name in told.items() for part in (f"--{key}-column", name)]
    run = hyeoksin("classify", "표.csv", "--plan", "계획.yaml", *options, folder=tmp_path)
    assert run.code == 0
    assert "학습하지 않은 계획" in run.err
    (record,) = run.records
    assert (record["id"], record["plan"], record["regions"]) == ("ㄱ7", "town", ["부산광역시 중구"])
    assert record["candidates"][0]["code"] == "가"
    assert record["status"] == "review"
    assert record["notes"]


def test_explain_shows_the_parts() -> None:
    run = hyeoksin("explain", "전라남도 신안군은 의사가 섬을 돌며 진료하는 [버스]를 운영한다.")
    assert run.code == 0
    for label in ("판정", "후보", "근거", "기관", "지역", "모델"):
        assert re.search(rf"^{label} ", run.out, re.MULTILINE), label
    assert "[버스]" in run.out
    assert re.search(r"^근거 .*진료.* \(\d+%\)", run.out, re.MULTILINE)
    assert "읽은 것" not in run.out


def test_explain_says_how_much_of_a_long_text_was_read_and_what_speaks_for_none() -> None:
    run = hyeoksin("explain", "여름 축제가 열렸다. 시민들이 공연을 즐겼다. " * 40)
    assert run.code == 0
    assert "읽은 것  앞 700자 (모두 1,040자" in run.out
    assert re.search(r"^계획 밖의 근거  .*축제", run.out, re.MULTILINE)


# --- arguments that cannot be used


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ([], "--text"),
        (["a.csv", "--text", "글"], "가운데 하나"),
        (["--text", "글", "--format", "xml"], "table 또는 jsonl"),
        (["--text", "글", "-o", "결과.hwp"], ".parquet"),
        (["--text", "글", "--workers", "-7"], "workers"),
        (["tasks.csv", "-o", "./tasks.csv"], "입력 파일과 같습니다"),
        (["--text", "글", "--plan", "1999"], "2019, 2020, 2022, 2024"),
        (["--text", "글", "--model", "없는 모델"], "모델 폴더가 아닙니다"),
    ],
)
def test_unusable_arguments(tmp_path: Path, args: list[str], says: str) -> None:
    run = hyeoksin("classify", *args, folder=tmp_path)
    assert says in " ".join(run.err.split())
    assert (run.code, run.out) == (2, "")
    assert "Traceback" not in run.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("계획.yaml", "id: [", r"계획\.yaml:\d+"),
        ("계획.yaml", "", "계획.yaml"),
        ("계획.yaml", PLAN.replace("level: strategy", "level: 부서"), r"계획\.yaml:5"),
        ("계획.csv", "가,나\n1,2\n", "머리글"),
        ("계획.xlsx", "표가 아님", "엑셀"),
    ],
)
def test_a_broken_plan_file(tmp_path: Path, name: str, text: str, says: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    for args in (["plan", "check", name], ["classify", "--text", "글", "--plan", name]):
        assert re.search(says, refused(hyeoksin(*args, folder=tmp_path)))


@pytest.mark.parametrize("part", ["model.json", "vocabulary.txt", "weights.safetensors"])
@pytest.mark.parametrize("damage", ["missing", "cut"])
def test_a_damaged_model_folder(tmp_path: Path, part: str, damage: str) -> None:
    model = tmp_path / "model"
    shutil.copytree(resource("model"), model)
    raw = (model / part).read_bytes()
    (model / part).unlink()
    if damage == "cut":
        (model / part).write_bytes(raw[: len(raw) // 2])
    message = refused(hyeoksin("classify", "--text", "글", "--model", model, folder=tmp_path))
    assert "모델" in message


def test_an_error_of_the_system_is_one_message(tmp_path: Path) -> None:
    assert "없음.jsonl" in refused(hyeoksin("evaluate", "없음.jsonl", folder=tmp_path))
    assert "없는 말뭉치" in refused(hyeoksin("train", "--corpus", "없는 말뭉치", folder=tmp_path))
    (tmp_path / "card.json").write_text("{}", encoding="utf-8")
    assert "교차검증" in refused(hyeoksin("evaluate", "--model", tmp_path))


def test_a_model_that_learnt_from_decisions_tells_of_its_lessons(tmp_path: Path) -> None:
    card = {"lessons": {"판정": "받아들임", "카파": "0.539 -> 0.600", "figures": {}}}
    taught = {"plan": "우리", "decisions": 60, "carried": 0, "held_out_kappa": None}
    (tmp_path / "card.json").write_text(json.dumps({**card, "new_plan": taught}), encoding="utf-8")
    told = hyeoksin("evaluate", "--model", tmp_path)
    assert told.code == 0
    assert "카파: 0.539 -> 0.600" in told.out
    assert "계획 우리: 새 결정 60건" in told.out
    assert "hyeoksin evaluate 분류한글.jsonl --model" in told.out


@pytest.mark.parametrize(
    ("line", "says", "help_of"),
    [
        ("분류", "'분류' 라는 명령은 없습니다.", ""),
        ("classifyy a.csv", "'classifyy' 라는 명령은 없습니다. 혹시 'classify' 인가요?", ""),
        ("plan chek a.yaml", "'chek' 라는 명령은 없습니다. 혹시 'check' 인가요?", " plan"),
        (
            "classify a.csv --outputt b.csv",
            "'--outputt' 라는 옵션은 없습니다. 비슷한 옵션: --output.",
            " classify",
        ),
        ("classify a.csv -x", "'-x' 라는 옵션은 없습니다.", " classify"),
        ("classify a.csv -o", "옵션 '-o' 뒤에 값을 적어야 합니다.", None),
        ("classify a.csv --duplicates=1", "옵션 '--duplicates' 은(는) 값을 받지 않습니다.", None),
        ("classify a.csv --workers 둘", "'--workers': 정수여야 합니다.", " classify"),
        ("classify a.csv --workers -7", "'--workers': -1 이상이어야 합니다.", " classify"),
        ("audit-sample a -o b.xlsx --margin 반", "'--margin': 숫자여야 합니다.", " audit-sample"),
        ("audit-sample a -o b.xlsx --coders 3", "'--coders': 2 이하여야 합니다.", " audit-sample"),
        ("batch a.csv", "옵션 '--output' / '-o' 을(를) 주어야 합니다.", " batch"),
        ("explain", "'text' 을(를) 주어야 합니다.", " explain"),
        ("explain 빈칸이 든 글", "쓰지 않는 말이 더 있습니다: 든 글.", " explain"),
        ("classify", "파일이나 --text 가운데 하나를 주세요.", " classify"),
    ],
)
def test_a_command_typed_wrongly_is_told_in_korean(
    tmp_path: Path, line: str, says: str, help_of: str | None
) -> None:
    said = refused(hyeoksin(*line.split(), folder=tmp_path))
    assert f"오류: {says}" in said
    assert (f"도움말: hyeoksin{help_of} --help\n" in said) == (help_of is not None)
    assert not re.search(r"Usage|Try |Error|Invalid|Input|Missing|No such", said)


@pytest.mark.parametrize("group", ["", "plan", "store"])
def test_a_bare_group_shows_its_help(group: str) -> None:
    run = hyeoksin(*group.split())
    assert run.code == 2
    assert "오류" not in run.err
    assert "--help" in run.err


@pytest.mark.parametrize("command", ["", "classify", "plan learn", "serve", "store backup"])
def test_help_is_in_korean(command: str) -> None:
    run = hyeoksin(*command.split(), "--help")
    assert run.code == 0
    assert run.out.startswith(f"사용법: hyeoksin {command}".rstrip())
    assert "옵션:" in run.out
    assert "이 도움말을 보여 줍니다." in run.out
    assert not re.search(r"Usage|Options|Arguments|Commands|Show this|default:|required|OPTIONS", run.out)


@pytest.mark.parametrize("stop", [KeyboardInterrupt, typer.Abort])
def test_a_stopped_run_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: type[BaseException]
) -> None:
    def stopped(*_: object) -> dict[str, object]:
        raise stop

    (tmp_path / "a.jsonl").write_text('{"text": "섬 주민을 찾아가는 진료"}\n', encoding="utf-8")
    monkeypatch.setattr("hyeoksin.batch.run", stopped)
    run = hyeoksin("batch", "a.jsonl", "-o", "결과", folder=tmp_path)
    assert run.code == 130
    assert run.err.endswith("멈췄습니다. 끝나지 않은 출력 파일은 남기지 않았습니다.\n")
    if stop is KeyboardInterrupt:
        assert "끝난 묶음은 결과 에 있습니다. 같은 명령을 다시 치면 이어서 합니다." in run.err


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("표.xlsx", "엑셀 파일을 열 수 없습니다 (엑셀 꼴이 아님)"),
        ("폴더.csv", "열 수 없습니다 (파일이 아니라 폴더임)"),
    ],
)
def test_what_libraries_and_systems_say_is_told_in_korean(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "표.xlsx").write_text("표가 아님", encoding="utf-8")
    (tmp_path / "폴더.csv").mkdir()
    with pytest.raises(InputError, match=re.escape(says)):
        read_rows(tmp_path / name)


# --- help and start


def commands(group: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    for key, command in group.commands.items():
        full = f"{name} {key}".strip()
        yield full, command
        if hasattr(command, "commands"):
            yield from commands(command, full)


def test_every_command_and_option_has_korean_help() -> None:
    found = dict(commands(typer.main.get_command(app)))
    assert sorted(found) == COMMANDS
    bare = [name for name, command in found.items() if not re.search("[가-힣]", command.help or "")]
    bare += [
        f"{name} {p.name}"
        for name, command in found.items()
        for p in command.params
        if p.name != "help" and not re.search("[가-힣]", getattr(p, "help", None) or "")
    ]
    assert bare == []


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_of_every_command(command: str) -> None:
    result = CliRunner().invoke(app, [*command.split(), "--help"])
    assert result.exit_code == 0
    assert re.search("[가-힣]", result.output)


def test_version() -> None:
    assert hyeoksin("--version").out == f"hyeoksin {__version__}\n"


def test_help_is_quick() -> None:
    times = []  # of the processor: a busy machine is no fault
    for _ in range(3):
        start = os.times()
        assert process("-m", "hyeoksin", "--help").returncode == 0
        end = os.times()
        times.append(end.children_user - start.children_user + end.children_system - start.children_system)
    assert 0 < min(times) < 0.6


@pytest.mark.parametrize(
    "code",
    [
        "import hyeoksin.readers, hyeoksin.plan",
        "import hyeoksin.sinks, hyeoksin.agency",
        "import hyeoksin.cli\ntry: hyeoksin.cli.app(['--help'])\nexcept SystemExit: pass",
        "import hyeoksin.cli\ntry: hyeoksin.cli.app(['plan', 'show'])\nexcept SystemExit: pass",
    ],
)
def test_machine_learning_is_not_loaded_for_it(code: str) -> None:
    done = process("-c", f"import sys\n{code}\nprint('loaded', [m for m in {HEAVY} if m in sys.modules])")
    assert done.stdout.decode().splitlines()[-1] == "loaded []"


# --- plan


# --- agency


def test_a_full_disk_is_named_with_the_file_and_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    source = tmp_path / "a.jsonl"
    source.write_text('{"text": "섬 주민을 찾아가는 진료"}\n', encoding="utf-8")
    monkeypatch.setattr("hyeoksin.batch.shards._flush", full)
    said = refused(hyeoksin("batch", source, "-o", tmp_path / "out"))
    assert f"{tmp_path / 'out' / 'run.json'}: 디스크가 가득 차 쓸 수 없습니다. 자리를 비운 뒤" in said
