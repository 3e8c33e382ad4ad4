"""HTML: tables in tables."""

from __future__ import annotations

from pathlib import Path

from hyeoksin.domain import Document
from hyeoksin.readers.columns import Columns
from hyeoksin.readers.web import read_html

HEAD = "<tr><th>과제명</th><th>추진내용</th></tr>"
ROW = "<tr><td>이동 진료버스</td><td>섬으로 간다</td></tr>"
BUDGET = "<table><tr><td>예산</td><td>100</td></tr></table>"


def read(folder: Path, body: str) -> list[tuple[str, str]]:
    path = folder / "과제.html"
    path.write_text(f"<html><body>{body}</body></html>", encoding="utf-8")
    return [(item.title, item.text) for item in read_html(path, Columns()) if isinstance(item, Document)]


def test_a_list_with_a_table_in_a_cell_is_read_with_what_the_table_holds(tmp_path: Path) -> None:
    more = f"<tr><td>온라인 투표</td><td>주민이 고른다{BUDGET}매년</td></tr>"
    assert read(tmp_path, f"<table>{HEAD}{ROW}{more}</table>") == [
        ("이동 진료버스", "섬으로 간다"),
        ("온라인 투표", "주민이 고른다\n예산\n100\n매년"),
    ]


def test_a_list_in_a_frame_is_read_and_a_frame_is_no_list(tmp_path: Path) -> None:
    inner = f"<table>{HEAD}{ROW}</table>"
    assert read(tmp_path, f"<table><tr><td>차림</td><td>{inner}</td></tr></table>") == [
        ("이동 진료버스", "섬으로 간다")
    ]
    rows = f"<table>{ROW * 3}</table>"
    (page,) = read(tmp_path, f'<table>{HEAD}<tr><td colspan="2">{rows}</td></tr></table>')
    assert page[1].count("이동 진료버스") == 3


def test_the_article_below_a_form_is_its_text(tmp_path: Path) -> None:
    menu = "<nav><a href='#'>공지 사항</a> <a href='#'>병원</a></nav>"
    form = "<table><tr><th>제목<td>{}<tr><th>담당부서<td>보건소<th>등록일<td>2026-03-02</table>"
    body = "<div>{}<p>섬에는 <b>병원</b>이 없어<!-- 쉼 --> 배를 타고 나가야 한다.</p><p>진료버스가 두 번 찾아간다.</p></div>"
    text = "섬에는 병원이 없어 배를 타고 나가야 한다.\n진료버스가 두 번 찾아간다."
    page = menu + form.format("이동 진료") + body.format("")
    assert read(tmp_path, page) == [("이동 진료", text)]
    page += form.format("약국") + body.format("<p>약국은 밤에 열지 않는다.</p>")
    assert read(tmp_path, page) == [("이동 진료", text), ("약국", f"약국은 밤에 열지 않는다.\n{text}")]


def test_the_words_of_the_site_below_a_form_with_a_text_are_not_its_own(tmp_path: Path) -> None:
    page = (
        "<table><tr><th>제목<td>온열의자<tr><th>작성일<td>2026-03-02<tr><th>내용"
        "<td>겨울철 버스를 기다리는 주민이 추위를 피하도록 정류장에 온열의자를 놓았다.</table>"
        "<p>다음글 공공데이터포털 개방 데이터 품질관리와 데이터 기반 행정 활성화 계획을 알려 드립니다.</p>"
    )
    ((title, text),) = read(tmp_path, page)
    assert title == "온열의자"
    assert "공공데이터" not in text
