"""The commands about plans and agencies, as one types them."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import get_args

import pytest

from hyeoksin.agency import load_agencies
from hyeoksin.cli.crosswalks import RELATIONS
from hyeoksin.plan import load_plan
from hyeoksin.plan.crosswalk import Relation
from hyeoksin.resources import resource
from test_cli import hyeoksin, refused


@pytest.mark.parametrize("name", ["2019", "2020", "2022", "2024"])
def test_plan_check_of_the_shipped_plans(name: str) -> None:
    run = hyeoksin("plan", "check", name)
    assert run.code == 0
    assert run.out.startswith(f"이상 없음: {load_plan(name).title}")


def test_plan_show(tmp_path: Path) -> None:
    tree = hyeoksin("plan", "show").out
    assert all(f"{node.code}  {node.title}" in tree for node in load_plan("2019").nodes)
    path = tmp_path / "전략먼저.csv"
    path.write_text("코드,제목,상위코드\n1,하나,\n2,둘,\n1-1,셋,1\n", encoding="utf-8")
    assert [line.split()[0] for line in hyeoksin("plan", "show", str(path)).out.splitlines()[1:]] == [
        "1",
        "1-1",
        "2",
    ]
    one = hyeoksin("plan", "show", "2019", "3-2")
    assert one.out.startswith("S1 ")
    assert re.search("^주관  행안부$", one.out, re.MULTILINE)
    assert "'9-9'" in refused(hyeoksin("plan", "show", "2019", "9-9"))


@pytest.mark.parametrize("suffix", [".yaml", ".csv", ".xlsx"])
def test_plan_template_can_be_checked_and_is_not_overwritten(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / "새 폴더" / f"our-2026{suffix}"
    assert hyeoksin("plan", "template", path).code == 0
    assert load_plan(path).leaves[0].title == "먼저 알려 주는 행정"
    assert hyeoksin("plan", "check", path).code == 0
    assert "이미 있습니다" in refused(hyeoksin("plan", "template", path))


@pytest.mark.parametrize("suffix", [".yaml", ".csv", ".xlsx"])
def test_plan_convert_keeps_the_nodes(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"2019{suffix}"
    assert hyeoksin("plan", "convert", "2019", path).code == 0
    assert load_plan(path).nodes == load_plan("2019").nodes


def test_plan_files_of_other_formats_are_refused(tmp_path: Path) -> None:
    assert ".yaml, .yml, .csv, .tsv, .xlsx" in refused(hyeoksin("plan", "template", "a.hwp", folder=tmp_path))
    (tmp_path / "파일").write_text("글", encoding="utf-8")
    assert "쓸 수 없습니다" in refused(hyeoksin("plan", "template", "파일/a.yaml", folder=tmp_path))
    assert [p.name for p in tmp_path.iterdir()] == ["파일"]


def test_plan_links() -> None:
    with resource("crosswalk.csv").open(encoding="utf-8-sig", newline="") as file:
        row = next(csv.DictReader(file))
    run = hyeoksin("plan", "links", row["from_plan"], row["from_code"], "--to", row["to_plan"])
    assert get_args(Relation) == (*RELATIONS,)
    assert f"{RELATIONS[row['relation']]}  {row['to_plan']} {row['to_code']} " in run.out  # type: ignore[index]
    assert row["reason"] in run.out
    back = hyeoksin("plan", "links", row["to_plan"], row["to_code"])
    assert f"{row['from_plan']} {row['from_code']} " in back.out
    assert "'9-9'" in refused(hyeoksin("plan", "links", "2019", "9-9"))
    assert "'1999'" in refused(hyeoksin("plan", "links", "2019", "1", "--to", "1999"))


def test_agency_show() -> None:
    run = hyeoksin("agency", "show", "행안부")
    assert run.code == 0
    assert run.out.startswith("행정안전부 (")
    assert "소관  " in run.out
    assert "행정자치부" in hyeoksin("agency", "show", "행안부", "--date", "2016-01-01").out
    assert "행정안전부" in refused(hyeoksin("agency", "show", "행정안"))


def test_agency_show_of_what_is_no_agency_names_the_way_out() -> None:
    said = refused(hyeoksin("agency", "show", "춘천시"))
    assert "'춘천시'를 모릅니다. 지역은 기관이 아닙니다." in said
    assert "hyeoksin agency list" in said
    assert 'hyeoksin agency find "글"' in said
    said = refused(hyeoksin("agency", "show", "행정안"))
    assert "'행정안'을 모릅니다." in said
    assert "지역은 기관이 아닙니다" not in said


def test_agency_show_says_where_there_was_none_on_the_day() -> None:
    run = hyeoksin("agency", "show", "환경부", "--date", "1900-01-01")
    assert run.code == 0
    assert "1900-01-01 의 이름  기관 목록에는 그날의 환경부가 없습니다" in run.out
    assert "비고  2008-02-29~2013-03-23" in hyeoksin("agency", "show", "행안부", "--date", "2009-06-01").out
    assert "비고" not in hyeoksin("agency", "show", "행안부", "--date", "2019-06-01").out
    assert (
        "2026-01-01 의 이름  기후에너지환경부"
        in hyeoksin("agency", "show", "환경부", "--date", "2026-01-01").out
    )


def test_agency_list_names_the_kinds() -> None:
    said = refused(hyeoksin("agency", "list", "--kind", "부"))
    assert "모르는 종류 '부'. 쓸 수 있는 종류: ministry(부), office(처·실), administration(청)" in said
    assert all(f"{agency.kind}(" in said for agency in load_agencies().by_id.values())
    run = hyeoksin("agency", "list", "--kind", "ministry", "--date", "1900-01-01")
    assert (run.code, run.out) == (0, "1900-01-01 에는 그런 기관이 없습니다.\n")


def test_agency_find_says_that_nothing_was_found() -> None:
    run = hyeoksin("agency", "find", "아무것도 없는 글")
    assert (run.code, "찾지 못했습니다" in run.out) == (0, True)


@pytest.mark.parametrize(
    ("name", "day", "says"),
    [
        ("환경부", "2026-01-01", "  환경부 → 기후에너지환경부"),
        ("환경부", "2024-01-01", "  환경부"),
        ("행정안전부", "2016-01-01", "  행정안전부 → 행정자치부, 국민안전처"),
        ("환경부", "1900-01-01", "  환경부 → 1900-01-01 에는 없음"),
    ],
)
def test_agency_find_gives_the_name_of_the_day(name: str, day: str, says: str) -> None:
    (line,) = hyeoksin("agency", "find", name, "--date", day).out.splitlines()
    assert line.endswith(f"){says}")


def test_agency_list_follows_the_day() -> None:
    old, new = (hyeoksin("agency", "list", "--date", day).out for day in ("2016-01-01", "2019-01-01"))
    assert "행정자치부" in old
    assert "행정자치부" not in new
    assert "행정안전부" in new
    offices = hyeoksin("agency", "list", "--kind", "ministry").out.splitlines()
    assert offices
    assert all(line.split()[1] == "ministry" for line in offices)


def test_agency_find_gives_the_places_in_the_text() -> None:
    text = "행정안전부는 전라남도 신안군과 협약을 맺었다."
    found = re.findall(r"^(기관|지역)  (\S.*) \((\d+)-(\d+)\)", hyeoksin("agency", "find", text).out, re.M)
    assert {kind for kind, *_ in found} == {"기관", "지역"}
    assert all(text[int(start) : int(end)] == name for _, name, start, end in found)


@pytest.mark.parametrize("command", [["show", "행안부"], ["list"], ["find", "행안부"]])
def test_agency_refuses_a_day_that_is_none(command: list[str]) -> None:
    assert "2024.3.1" in refused(hyeoksin("agency", *command, "--date", "2024.3.1"))
