"""``hyeoksin store``: what an officer who keeps the server types."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from hyeoksin.cli import app
from hyeoksin.cli.taught import rounds_of
from hyeoksin.simulate.past import read_past
from hyeoksin.store import Store, Verdict, open_store
from stores import PLAN, address_on, document, opened, record, round_of


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["store", *map(str, arguments)])


def made(folder: Path) -> Path:
    with opened("sqlite", folder) as store:
        project = round_of(store)
        first, second, _ = store.items(project.id, order="id")
        store.decide([first.id], "pick", by="kim", code="8-1", note="까닭")
        store.decide([second.id], "none", by="lee")
        store.undo("lee", second.id)
        store.decide([second.id], "none", by="lee")
    return folder / "store.db"


def test_check_says_what_is_sound(tmp_path: Path) -> None:
    result = run("check", "--store", made(tmp_path))
    assert result.exit_code == 0
    assert "2026 상반기: 문서 3, 결정됨 2" in result.output
    assert "이상 없음: 결정 기록 4줄" in result.output


def test_check_goes_on_where_a_round_is_opened_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, verify = made(tmp_path), Store.verify

    def while_another_opens(store: Store) -> Verdict:
        found = verify(store)
        store.create_project("그 사이", PLAN, "kim")
        return found

    monkeypatch.setattr(Store, "verify", while_another_opens)
    result = run("check", "--store", file)
    assert (result.exit_code, "이상 없음: 결정 기록 4줄" in result.output) == (0, True)


def test_check_fails_where_a_decision_was_changed(tmp_path: Path) -> None:
    file = made(tmp_path)
    with open_store(file) as store, store._write() as connection:
        connection.execute(sa.text("DROP TRIGGER decisions_no_update"))
        connection.execute(sa.text("UPDATE decisions SET code = '3-1' WHERE seq = 1"))
    result = run("check", "--store", file)
    assert result.exit_code == 1
    assert "결정 1번째 줄(id 1, 문서 1)이 쓰인 뒤에 바뀌었습니다" in result.output


def test_backup_and_restore(tmp_path: Path) -> None:
    file = made(tmp_path)
    with address_on("postgresql", tmp_path) as url:
        copy = tmp_path / "copy.jsonl.gz"
        assert "결정 기록 4줄, 사슬 이상 없음" in run("backup", copy, "--store", file).output
        again = run("restore", copy, "--store", url)
        assert again.exit_code == 0, again.output
        assert "결정 기록 4줄" in again.output
        assert "검색 색인에 3건" in again.output
        with open_store(url, create=False) as store:
            assert store.verify().rows == 4
            assert len(store.search(None, ["진료/N"])) == 3
    twice = run("backup", copy, "--store", file)
    assert "이미 있습니다" in str(twice.exception)


def test_migrate_brings_an_older_file_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from test_store_migrate import older

    monkeypatch.setattr("hyeoksin.indexing.search_tokens", lambda _, texts: [text.split() for text in texts])
    older(str(tmp_path / "old.db"))
    first = run("migrate", "--store", tmp_path / "old.db")
    assert "판을 올렸습니다: 0002, 0003" in first.output
    assert "검색 색인에 2건" in first.output
    assert "이미 이 판에 맞습니다" in run("migrate", "--store", tmp_path / "old.db").output


def test_exports_are_read_by_simulate(tmp_path: Path) -> None:
    file = made(tmp_path)
    for suffix in ("jsonl", "csv", "xlsx"):
        output = tmp_path / f"decided.{suffix}"
        result = run("export", output, "--project", "1", "--store", file)
        assert result.exit_code == 0, result.output
        texts, errors = read_past(output, PLAN)
        assert errors == []
        assert [text.code for text in texts] == ["8-1", "NONE"]
        assert texts[0].document.title == "이동 진료 0"
    ledger = tmp_path / "ledger.jsonl"
    assert run("export", ledger, "--ledger", "--project", "1", "--store", file).exit_code == 0
    rows = [json.loads(line) for line in ledger.read_text(encoding="utf-8").splitlines()]
    assert [row["action"] for row in rows] == ["pick", "none", "undo", "none"]
    assert (rows[0]["document"], rows[0]["document_title"]) == ("0", "이동 진료 0")
    assert run("export", tmp_path / "a.pdf", "--project", "1", "--store", file).exit_code == 2


def test_export_takes_the_name_or_the_number_of_a_round(tmp_path: Path) -> None:
    file = made(tmp_path)
    for project in ("2026 상반기", "1"):
        output = tmp_path / f"{project}.csv"
        assert run("export", output, "--project", project, "--store", file).exit_code == 0
    assert (tmp_path / "2026 상반기.csv").read_bytes() == (tmp_path / "1.csv").read_bytes()
    missing = run("export", tmp_path / "a.csv", "--project", "하반기", "--store", file)
    assert "'하반기' 이(가) 없습니다. 있는 차수: 2026 상반기 (1번)" in str(missing.exception)
    assert "--project" in run("export", tmp_path / "a.csv", "--store", file).output
    assert not (tmp_path / "a.csv").exists()


def test_the_name_of_a_round_goes_before_a_number(tmp_path: Path) -> None:
    with opened("sqlite", tmp_path) as store:
        for name in ("2", "가"):
            store.create_project(name, PLAN, "kim")
        assert [one.id for one in rounds_of(store, ["2", "가", "1"])[0]] == [1, 2, 1]


def test_the_whole_ledger_is_exported_without_a_round(tmp_path: Path) -> None:
    file = made(tmp_path)
    with open_store(file) as store:
        other = store.create_project("하반기", PLAN, "kim")
        store.add_items(other.id, [(document(9), record())])
        (item,) = store.items(other.id)
        store.decide([item.id], "accept", by="lee")
    for more, n_rows in (([], 5), (["--project", "하반기"], 1)):
        output = tmp_path / f"{n_rows}.jsonl"
        assert run("export", output, "--ledger", *more, "--store", file).exit_code == 0
        assert len(output.read_text(encoding="utf-8").splitlines()) == n_rows


def test_export_passes_over_many_items(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hyeoksin.store.items._CHUNK", 10)
    with opened("sqlite", tmp_path) as store:
        project = store.create_project("1", PLAN, "kim")
        store.add_items(project.id, [(document(i), record()) for i in range(30)])
        store.decide([item.id for item in store.each(project.id)], "accept", by="kim")
    output = tmp_path / "all.jsonl"
    run("export", output, "--project", "1", "--store", tmp_path / "store.db")
    lines = output.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == [str(i) for i in range(30)]


def test_a_file_that_is_no_store_is_named_as_it_was_typed(tmp_path: Path) -> None:
    file = tmp_path / "과제.csv"
    file.write_text("과제명,내용\n" * 100, encoding="utf-8")
    result = run("check", "--store", file)
    assert str(result.exception).startswith(f"{file}: 저장소 파일이 아니거나 깨졌습니다.")


def test_a_missing_store_is_one_korean_message(tmp_path: Path) -> None:
    for command in ("check", "migrate"):
        done = subprocess.run(
            [sys.executable, "-m", "hyeoksin", "store", command, "--store", str(tmp_path / "none.db")],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 2
        assert "저장소가 없습니다" in done.stderr
        assert "처음이면 hyeoksin serve 를 한 번 켜서 만드세요" in done.stderr
        assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
