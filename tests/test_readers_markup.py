"""HTML in cells: what it shows is read, and no text that merely looks like it is harmed."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyeoksin.domain import Document
from hyeoksin.errors import RowError
from hyeoksin.readers import Columns, read, read_told
from hyeoksin.readers.markup import shown


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("<p>섬에</p><p>버스가</p>", "섬에\n버스가"),
        ('<P STYLE="margin:0">섬에<BR/>버스가<p>간다', "섬에\n버스가\n간다"),
        ("<b>섬</b>에 <span class='a'>버스</span>", "섬에 버스"),
        ("<table><tr><td>섬</td><td>버스</td></tr></table>", "섬 버스"),
        ("<style>p > b {color:red}</style><!-- 덧 --><div>섬</div>", "섬"),
        ('<style type="text/css"><!-- p {margin:0} --></style><p>섬</p>', "섬"),
        ("<!--[if mso]><xml><w:View>0</w:View></xml><![endif]--><p>섬<![if !x]>&nbsp;<![endif]></p>", "섬"),
        ("<figure><table><colgroup><col></colgroup><tr><td>섬</td></tr></table></figure>", "섬"),
        ("<p>섬</p><p>&nbsp;</p><p>버스</p>", "섬\n버스"),
        ("섬&nbsp;버스 &lt;신규&gt; &#54620;&amp;lt;", "섬\xa0버스 <신규> 한&lt;"),
    ],
)
def test_what_a_cell_shows_is_read(cell: str, text: str) -> None:
    assert shown(cell) == text


@pytest.mark.parametrize(
    "cell", ["", " 섬 ", " 1 < 2\n\n 둘", "R&D 예산", "<신규> 버스", "a<b, b>c", "<br 끝", "S&P; 500", "<주민>과 <p 함께", "1 < 2 & 3 > 2", "&para 단락"]
)  # fmt: skip
def test_other_texts_stay_as_they_are(cell: str) -> None:
    assert shown(cell) == cell


@given(st.text(alphabet="<>/&;!-pbr nst가\n", max_size=40))
def test_no_text_grows(cell: str) -> None:
    assert len(shown(cell)) <= len(cell)


def test_hostile_cells_take_no_time() -> None:
    start = time.process_time()
    for part in (
        "<!--",
        "<style>",
        "<p",
        "<",
        "&",
        " \n",
        "<p " * 9,
        "<p><!--",
        "<p>--><!--",
        "<p></style><style>",
    ):
        shown(part * 100_000)
    assert time.process_time() - start < 5


def test_titles_and_texts_of_every_kind_of_rows_are_shown(tmp_path: Path) -> None:
    rows = [
        {"제목": "<b>버스</b> &quot;섬&quot;", "내용": "<p>섬에</p><p>간다</p>"},
        {"제목": "<br>", "내용": "&nbsp;"},
    ]
    (tmp_path / "a.json").write_text(json.dumps(rows), encoding="utf-8")
    lines = ["제목,내용", *(",".join(f'"{cell}"' for cell in row.values()) for row in rows)]
    (tmp_path / "b.csv").write_text("\n".join(lines), encoding="utf-8")
    for name in ("a.json", "b.csv"):
        good, bad = read_told(tmp_path / name, Columns())
        assert isinstance(good, Document)
        assert (good.title, good.text) == ('버스 "섬"', "섬에\n간다")
        assert isinstance(bad, RowError)
        assert "비어 있" in bad.reason


def test_a_text_file_is_no_cell(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("<b>섬</b>에 버스", encoding="utf-8")
    assert [item.text for item in read(tmp_path / "a.txt") if isinstance(item, Document)] == [
        "<b>섬</b>에 버스"
    ]
