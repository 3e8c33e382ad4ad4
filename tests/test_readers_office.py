"""Every sample file of tests/data/office, made by make_samples.py, through the one entry that the command line uses."""

from __future__ import annotations

import logging
from pathlib import Path

import pypdfium2 as pdfium
import pytest

from hyeoksin.domain import Document
from hyeoksin.errors import InputError, RowError
from hyeoksin.readers import read

OFFICE = Path(__file__).parent / "data" / "office"
TITLES = ["섬마을 이동 진료버스 운영", "주민참여예산 온라인 투표", "전력 사용량으로 위기가구 찾기"]
TEXTS = [
    "의사와 간호사가 섬을 돌며 진료하고 약을 지어 준다",
    "주민이 예산 사업을 제안하고 휴대전화로 투표해 고른다",
    "전기와 수도 사용량이 갑자기 줄어든 집을 찾아 읍면동이 방문한다",
]
ROWS = {
    "list_utf8.csv": "#row=", "list_bom.csv": "#row=", "list_cp949.csv": "#row=", "list_utf16.csv": "#row=", "list.tsv": "#row=",
    "list.xls": "#row=", "list.xlsb": "#row=", "list.ods": "#row=", "list.docx": "#table=1&row=", "list.hwp": "#table=1&row=",
    "list.hwpx": "#table=1&row=", "list.html": "#table=1&row=", "really_html.xls": "#table=1&row=",
    "list.pdf": "#page=1&table=1&row=",
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_a_list_of_tasks_is_a_document_a_row_in_every_format(name: str) -> None:
    items = list(read(OFFICE / name))
    documents = [item for item in items if isinstance(item, Document)]
    assert len(items) == len(documents) == 3
    assert [d.id for d in documents] == ["1", "2", "3"]
    assert [d.title for d in documents] == TITLES
    assert [d.text for d in documents] == TEXTS
    assert [d.source for d in documents] == [f"{name}{ROWS[name]}{n}" for n in (2, 3, 4)]
    assert [d.meta["예산(백만원)"] for d in documents] == ["120", "15", "40"]
    merged = "보건소" if name == "list.docx" else "기획예산과"  # merged with the row above
    assert [d.meta["담당부서"] for d in documents] == ["보건소", merged, "복지정책과"]


def test_parquet_rows_count_from_one() -> None:
    assert [(i.id, i.source) for i in read(OFFICE / "list.parquet") if isinstance(i, Document)] == [
        (str(n), f"list.parquet#row={n}") for n in (1, 2, 3)
    ]


def test_a_workbook_of_merged_headers_a_form_and_a_note(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "hyeoksin.readers")
    items = [item for item in read(OFFICE / "list.xlsx") if isinstance(item, Document)]
    assert [item.source for item in items] == [
        *(f"list.xlsx#sheet=혁신과제&row={n}" for n in (5, 7, 8)),
        "list.xlsx#sheet=과제 서식",
    ]
    assert [item.title for item in items] == [*TITLES, "빈집을 고쳐 청년에게 빌려주기"]
    assert items[0].text == "의사와 간호사가 섬을 돌며 진료한다\n섬마다 한 달에 두 번 약을 지어 준다"
    assert items[2].meta == {"담당부서": "기획예산과", "예산 국비": "20", "예산 군비": "20"}
    assert "시트 '안내'" in caplog.text
    assert "합계 줄" in caplog.text


@pytest.mark.parametrize("turns", [1, 2, 3])
@pytest.mark.parametrize("rotation", [0, 90])
def test_a_list_that_stands_on_its_side_is_read_as_it_shows(
    tmp_path: Path, turns: int, rotation: int
) -> None:
    with pdfium.PdfDocument(OFFICE / "list.pdf") as book:
        page = book[0]
        width, height = page.get_size()
        moved = pdfium.PdfMatrix().rotate(90 * turns, ccw=True)
        moved = moved.translate(*((height, 0), (width, height), (0, width))[turns - 1])
        for drawing in page.get_objects():
            drawing.transform(moved)
        page.gen_content()
        page.set_mediabox(0, 0, *((height, width) if turns % 2 else (width, height)))
        page.set_rotation(rotation)
        book.save(tmp_path / "list.pdf")
    documents = [item for item in read(tmp_path / "list.pdf") if isinstance(item, Document)]
    assert [d.id for d in documents] == ["1", "2", "3"]
    for found, texts in (([d.title for d in documents], TITLES), ([d.text for d in documents], TEXTS)):
        bare = [text.replace(" ", "") for text in found]  # pdfium may put a blank where a line of a cell ends
        assert bare == [text.replace(" ", "") for text in texts]


def test_pages_without_letters_are_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "hyeoksin.readers")
    with (
        pdfium.PdfDocument.new() as book,
        pdfium.PdfDocument(OFFICE / "story.pdf") as story,
        pdfium.PdfDocument(OFFICE / "scanned.pdf") as scanned,
    ):
        for source, pages in ((scanned, [0]), (story, None), (scanned, [0, 0])):
            book.import_pages(source, pages)
        book.new_page(595, 842)  # empty, as the back of a leaf
        book.save(tmp_path / "모음.pdf")
    (item,) = read(tmp_path / "모음.pdf")
    (story_item,) = read(OFFICE / "story.pdf")
    assert isinstance(item, Document)
    assert isinstance(story_item, Document)
    assert item.text == story_item.text
    (record,) = caplog.records
    assert record.getMessage().startswith("모음.pdf: 1, 4-5쪽은 글자 층이 없거나")


@pytest.mark.parametrize("suffix", ["docx", "hwp", "hwpx", "html", "pdf", "txt"])
def test_a_press_release_keeps_title_date_and_body(suffix: str) -> None:
    (item,) = read(OFFICE / f"press.{suffix}")
    assert isinstance(item, Document)
    assert item.title == "청해군, 섬마을 찾아가는 이동 진료버스 운영"
    assert (item.date, item.region, item.meta["기관"]) == ("2024-03-29", "청해군", "청해군")
    assert item.text.startswith("청해군은 다음 달부터")
    assert item.text.endswith("하겠다”고 말했다.")
    assert not any(word in item.text for word in ("061-", "민원안내", "개인정보처리방침", "보도시점"))
    assert suffix == "html" or item.meta["담당부서"] == "보건소 건강증진과"


@pytest.mark.parametrize("suffix", ["docx", "hwp", "hwpx"])
def test_a_form_is_one_document(suffix: str) -> None:
    (item,) = read(OFFICE / f"form.{suffix}")
    assert item == Document(
        id=f"form.{suffix}",
        title="빈집을 고쳐 청년에게 빌려주기",
        text="원도심에 빈집이 늘어 밤길이 어둡다\n빈집 20채를 고쳐 청년에게 시세의 절반으로 빌려준다",
        source=f"form.{suffix}",
        meta={"담당부서": "도시재생과", "예산": "300백만원"},
    )


@pytest.mark.parametrize("suffix", ["docx", "hwp", "hwpx", "pdf"])
def test_a_narrative_is_one_document(suffix: str) -> None:
    (item,) = read(OFFICE / f"story.{suffix}")
    assert isinstance(item, Document)
    assert (item.id, item.source, item.title) == ("story", f"story.{suffix}", "")
    assert item.text.split("\n")[0] == "이동 진료버스가 섬에 왔다"
    assert item.text.endswith("다음 방문은 보름 뒤다.")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("protected_password.hwp", "암호가 걸린 한글 문서"),
        ("protected_distribution.hwp", "배포용 문서"),
        ("protected_drm.hwp", "문서보안"),
        ("placeholder.hwp", "배포용 문서"),
        ("placeholder.hwpx", "배포용 문서"),
        ("scanned.pdf", "글자 층.*없는 스캔 PDF"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(name: str, says: str) -> None:
    with pytest.raises(InputError, match=rf"{name}: .*{says}"):
        list(read(OFFICE / name))


@pytest.mark.parametrize("name", ["bad_byte.csv", "unclosed.csv"])
def test_a_broken_row_costs_itself(name: str) -> None:
    items = list(read(OFFICE / name))
    assert [(type(item), item.source) for item in items] == [
        (Document, f"{name}#row=2"), (RowError, f"{name}#row=3"), (Document, f"{name}#row=4"),
    ]  # fmt: skip


def test_the_encoding_and_a_wrong_suffix_are_reported(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "hyeoksin.readers")
    for name in ("list_cp949.csv", "press.txt", "really_html.xls", "list_utf8.csv"):
        list(read(OFFICE / name))
    assert [record.getMessage() for record in caplog.records] == [
        "list_cp949.csv: 인코딩은 CP949 입니다.",
        "press.txt: 인코딩은 UTF-16 입니다.",
        "really_html.xls: 이름은 .xls 이지만 내용은 .html 입니다.",
    ]
