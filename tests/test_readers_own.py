"""What this package wrote is no text where it stands among texts, and is read where it is named."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from hyeoksin.audit.outputs import OUTPUTS, write_audit
from hyeoksin.batch.inputs import items, sources
from hyeoksin.batch.shards import Folder
from hyeoksin.cli.batch import _GROUPS as DUPLICATES
from hyeoksin.cli.classify import _items
from hyeoksin.cli.store import _KEYS as EXPORTED
from hyeoksin.domain import Document
from hyeoksin.drift import find_drift
from hyeoksin.drift.report import write_drift
from hyeoksin.errors import RowError
from hyeoksin.plan import load_plan
from hyeoksin.readers import Columns, read, read_told
from hyeoksin.readers.notes import heard
from hyeoksin.results import Result
from hyeoksin.simulate.report import write_report
from hyeoksin.simulate.year import replay
from hyeoksin.sinks import SINKS, write, write_failed
from hyeoksin.store.rows import DecisionRow
from hyeoksin.tabular import write_rows
from hyeoksin.translate import HEADER, Translated, record, table_row
from hyeoksin.workbook import WRITERS, write_workbook
from report_cases import full_audit
from test_drift import made
from test_simulate import synthetic
from test_sinks import BOTH
from test_workbook import entry, said

TASKS = "번호,제목\n1,진료버스\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A table of one text, and what commands leave beside it."""
    place = tmp_path / "글"
    place.mkdir()
    (place / "가.csv").write_text(TASKS, encoding="utf-8")
    for suffix in SINKS:
        write(BOTH, place / f"나{suffix}")
    write_failed([RowError("가.csv#row=9", "까닭")], place / "나.failed.jsonl")
    run = Folder(place / "묶음" / "결과", ".jsonl")
    run.path.mkdir(parents=True)
    run.start({"plan": "2019"})
    write(BOTH, run.part(0))
    run.write_json("shards/000000.json", {})
    run.write_json("manifest.json", {})
    return place


OWN = ("글/나.csv", "글/나.failed.jsonl", "글/나.jsonl", "글/나.parquet", "글/나.xlsx")


def test_results_in_a_folder_are_passed_over(folder: Path) -> None:
    with heard() as notes:
        assert [item.source for item in read_told(folder, Columns())] == ["글/가.csv#row=2"]
    assert [note.partition(":")[0] for note in notes] == ["글/묶음/결과", ", ".join(OWN)]
    with heard() as told:
        assert [item.source for item in items(sources([folder]), Columns())] == ["글/가.csv#row=2"]
    assert list(told) == list(notes)


def test_results_in_the_present_folder_are_passed_over(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    for found in (read_told(Path(), Columns()), items(sources([Path()]), Columns())):
        assert [item.source for item in found] == ["가.csv#row=2"]


def test_reports_and_lists_in_a_folder_are_passed_over(folder: Path) -> None:
    plan = load_plan("2019")
    drift = find_drift(made(1), made(2, shares=(0.5, 0.05, 0.05, 0.05, 0.35)), 5, n_dealings=19)
    year = replay(synthetic(200), plan, "default@test", hours=(0.1,), precisions=(0.95,))
    entries = [entry("1", said("pick", "3-2")), entry("2")]
    audit = full_audit()
    for suffix in OUTPUTS:
        write_audit(audit, folder / f"감사{suffix}")
    for suffix in (".html", ".json", ".xlsx", ".csv"):
        write_drift(drift, plan, folder / f"변화{suffix}")
    for suffix in (".html", ".json"):
        write_report(year, folder / f"지난해{suffix}")
    for suffix in WRITERS:
        write_workbook(entries, plan, folder / f"결정{suffix}")
    write_workbook([entry(str(n), said("none")) for n in range(99)], plan, folder / "긴결정.hwpx")
    write_rows(
        folder / "중복.csv", DUPLICATES, [("0" * 15 + "a", "가.csv#row=2", "1", "버스", "섬")], "중복 묶음"
    )
    result = Result(Document("1", "섬", "버스", "가.csv#row=2"), "1-1")
    row = Translated(
        result, "carried", "1-1", 0.9, person=False, by_text=None, by_text_probability=None, links=()
    )
    write_rows(folder / "옮긴.csv", HEADER, [table_row(row, plan, plan)], "2019 2024")
    (folder / "옮긴.jsonl").write_text(json.dumps(record(row, plan, plan)), encoding="utf-8")
    (folder / "내보낸.jsonl").write_text(json.dumps(dict.fromkeys(EXPORTED, "섬")), encoding="utf-8")
    (folder / "원장.jsonl").write_text(json.dumps(dict.fromkeys(DecisionRow.__slots__)), encoding="utf-8")
    with heard() as notes:
        assert [item.source for item in read_told(folder, Columns())] == ["글/가.csv#row=2"]
    assert "외 19개" in list(notes)[-1]


def test_tables_and_reports_that_are_not_ours_are_read(tmp_path: Path) -> None:
    (tmp_path / "가.csv").write_text("묶음,출처,제목\n복지,시청,진료버스\n", encoding="utf-8")
    (tmp_path / "나.html").write_text(
        "<title>두 기간의 변화를 읽는 눈</title><p>" + "섬에 버스가 온다. " * 20, encoding="utf-8"
    )
    (tmp_path / "다.json").write_text('{"plan": "2019", "items": [{"title": "버스"}]}', encoding="utf-8")
    (tmp_path / "라.csv").write_text(
        "제목,최종 분류,결정,담당부서\n진료버스,3-1,수용,보건소\n", encoding="utf-8"
    )
    assert [type(item) for item in read_told(tmp_path, Columns())] == [Document] * 4


def test_results_in_a_zip_are_passed_over(folder: Path) -> None:
    path = folder.parent / "글.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*.*")):
            archive.write(file, file.relative_to(folder))
    with heard() as notes:
        assert [item.source for item in read_told(path, Columns())] == ["글.zip/가.csv#row=2"]
    (note,) = notes
    assert all(name in note for name in ("글.zip/묶음/결과", "글.zip/나.csv", "외 1개"))


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".parquet"])
def test_a_result_that_is_named_is_read(folder: Path, suffix: str) -> None:
    for found in (
        read_told(folder / f"나{suffix}", Columns()),
        items(sources([folder / f"나{suffix}"]), Columns()),
    ):
        assert [item.id for item in found if isinstance(item, Document)] == ["가-1", "나"]


def test_what_a_result_recommends_or_people_decided_is_no_title(tmp_path: Path) -> None:
    document = Document("가", "비가 오면 골목이 잠긴다", "", "가.txt")
    desk = replace(entry("가", said("pick", "5-1")), document=document)
    for suffix in (".csv", ".xlsx", ".parquet"):
        write([replace(BOTH[0], document=document)], tmp_path / f"나{suffix}")
    for suffix in (".csv", ".xlsx"):
        write_workbook([desk], load_plan("2019"), tmp_path / f"책상{suffix}")
    for path in tmp_path.iterdir():
        *_, item = read(path)
        assert isinstance(item, Document)
        assert (item.title, item.text) == ("", "비가 오면 골목이 잠긴다")
        assert {"전략", "과제", "세부과제"} <= item.meta.keys()


def test_decided_results_in_a_folder_are_a_past_year(tmp_path: Path) -> None:
    decided = replace(BOTH[0], document=replace(BOTH[0].document, id="1"))
    write([decided], tmp_path / "결정.csv")
    assert [item.id for item in read(tmp_path) if isinstance(item, Document)] == ["1"]


def test_a_table_with_some_of_our_columns_is_read(tmp_path: Path) -> None:
    write_rows(tmp_path / "가.csv", ["제목", "판정", "모델"], [["진료버스", "적합", "A형"]], sheet="표")
    assert [type(item) for item in read_told(tmp_path, Columns())] == [Document]


def test_notes_name_a_file_as_it_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    paths = [Path(name) / "과제.csv" for name in ("가", "나")]
    for path in paths:
        path.parent.mkdir()
        path.write_bytes(TASKS.encode("cp949"))
    for found in (items(sources(paths), Columns()), _items(map(str, paths), None, Columns())):
        with heard() as notes:
            assert [item.source for item in found] == ["과제.csv#row=2"] * 2
        named = [note.partition(":")[0] for note in notes if "인코딩" in note]
        assert named == ["가/과제.csv", "나/과제.csv"]


def test_every_result_of_a_zip_in_a_folder_is_named_with_the_folder(tmp_path: Path) -> None:
    (tmp_path / "글").mkdir()
    write(BOTH, tmp_path / "가.csv")
    with zipfile.ZipFile(tmp_path / "글" / "묶음.zip", "w") as archive:
        archive.writestr("글.csv", TASKS)
        for name in ("가.csv", "나.csv"):
            archive.write(tmp_path / "가.csv", name)
    with heard() as notes:
        list(read_told(tmp_path / "글", Columns()))
    assert [note.partition(":")[0] for note in notes] == ["글/묶음.zip/가.csv, 글/묶음.zip/나.csv"]


def test_notes_name_the_folder_of_a_file(tmp_path: Path) -> None:
    for name in ("가", "나"):
        (tmp_path / "글" / name).mkdir(parents=True)
        (tmp_path / "글" / name / "과제.csv").write_bytes(TASKS.encode("cp949"))
    with zipfile.ZipFile(tmp_path / "글" / "다.zip", "w") as archive:
        archive.writestr("속/과제.csv", TASKS.encode("cp949"))
    names = ["글/가/과제.csv", "글/나/과제.csv", "글/다.zip/속/과제.csv"]
    for found in (read_told(tmp_path / "글", Columns()), items(sources([tmp_path / "글"]), Columns())):
        with heard() as notes:
            assert len(list(found)) == 3
        assert [note.partition(":")[0] for note in notes if "인코딩" in note] == names
