"""Readers: every file an office may hand in, and what comes out for the rows that cannot be used."""

from __future__ import annotations

import csv
import datetime
import io
import json
import logging
import unicodedata
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from hyeoksin.domain import Document
from hyeoksin.errors import InputError, RowError
from hyeoksin.readers import READERS, Columns, Item, read, read_told
from hyeoksin.readers.columns import Layout, _unique, document, label_field
from hyeoksin.readers.dates import cell_date, iso_date, ordered
from hyeoksin.readers.lines import documents_from_lines

DATA = Path(__file__).parent / "data"


def split(items: list[Item]) -> tuple[list[Document], list[RowError]]:
    good = [item for item in items if isinstance(item, Document)]
    return good, [item for item in items if isinstance(item, RowError)]


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("name", ["tasks_cp949.csv", "tasks_bom.csv"])
def test_csv_of_either_excel_encoding(name: str) -> None:
    good, bad = split(list(read(DATA / name)))
    assert [d.id for d in good] == ["1", "2", "4"]
    assert good[0] == Document(
        id="1",
        title="섬마을 이동 진료버스 운영",
        text="의사와 간호사가 섬을 돌며 진료하고, 약을 지어 준다",
        source=f"{name}#row=2",
        date="2024-03-29",
        region="전라남도 신안군",
        meta={"담당부서": "보건소"},
    )
    assert "똠방각하" in good[2].title  # in cp949, not in euc-kr
    assert [d.date for d in good[1:]] == [None, None]  # a month without a day; 30 February
    assert [e.source for e in bad] == [f"{name}#row=4"]
    assert "비어" in bad[0].reason


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl", "a.txt"])
def test_every_encoding_in_every_text_format(tmp_path: Path, name: str, encoding: str) -> None:
    rows = {
        ".csv": "제목,내용\n이동 진료,섬으로 간다\n예산 투표,주민이 고른다\n",
        ".tsv": "제목\t내용\n이동 진료\t섬으로 간다\n예산 투표\t주민이 고른다\n",
        ".jsonl": '{"title": "이동 진료", "text": "섬으로 간다"}\n{"title": "예산 투표", "text": "주민이 고른다"}\n',
        ".txt": "이동 진료\n섬으로 간다",
    }[Path(name).suffix]
    good, bad = split(list(read(written(tmp_path, name, rows.encode(encoding)))))
    assert bad == []
    bodies = [d.body for d in good]
    assert bodies == ["이동 진료\n섬으로 간다", "예산 투표\n주민이 고른다"][: len(bodies)]
    assert len(bodies) == (1 if name.endswith(".txt") else 2)


def test_xlsx_every_sheet_and_a_header_below_a_merged_title() -> None:
    good, bad = split(list(read(DATA / "tasks.xlsx")))
    assert [(d.id, d.source) for d in good] == [
        ("1", "tasks.xlsx#sheet=상반기&row=4"),
        ("2", "tasks.xlsx#sheet=상반기&row=6"),
        ("tasks.xlsx#sheet=하반기&row=2", "tasks.xlsx#sheet=하반기&row=2"),
    ]
    assert good[0].date == "2024-03-29"
    assert good[0].text == "섬에는 병원이 없다\n의사가 섬을 돌며 진료한다"  # two text columns, in table order
    assert good[1].title == ""
    assert good[1].body == "주민이 예산을 투표로 정한다"
    assert good[2].meta == {"담당부서": "총무과"}
    assert [e.source for e in bad] == ["tasks.xlsx#sheet=상반기&row=7"]


def test_jsonl_bad_lines_do_not_stop_the_good_ones() -> None:
    good, bad = split(list(read(DATA / "tasks.jsonl")))
    assert [d.id for d in good] == ["가-1", "4"]
    assert good[0].meta == {"부서": "보건소"}
    assert good[0].date == "2024-03-29"
    assert [(e.source, e.reason.split()[0]) for e in bad] == [
        ("tasks.jsonl#row=2", "JSON이"),
        ("tasks.jsonl#row=3", "JSON"),
        ("tasks.jsonl#row=5", "'text'"),
        ("tasks.jsonl#row=6", "'text'"),
    ]


WRAPPED = {
    "response": {
        "title": "목록",
        "body": {"items": {"item": [{"title": "버스"}, {"text": "투표"}]}, "totalCount": 2},
    }
}


@pytest.mark.parametrize(
    "content",
    [
        '[{"title": "버스"}, {"text": "투표"}]',
        '[\n {\n  "title": "버스"\n },\n {"text": "투표"}\n]\n',
        '{"title": "버스"\n}\n{\n"text": "투표"}',
        '\n{"title": "버스"}\n\n{"text": "투표"}\n',
        json.dumps(WRAPPED),
        json.dumps(WRAPPED, indent=1),
        '{"상반기": [{"과제명": "버스", "표": [{"제목": "속"}]}], "하반기": [{"내용": "투표"}], "열": [{"id": "과제명"}]}',
        '{"hits": [{"_source": {"text": "버스"}}, {"_source": {"text": "투표", "files": [{"title": "붙임"}]}}]}',
        '{"channel": {"title": "목록", "description": "소식", "item": [{"title": "버스"}, {"description": "투표"}]}}',
        '{"info": {"title": "목록", "description": "자료"}, "data": [{"title": "버스"}, {"text": "투표"}]}',
        '{"가": {"description": "버스"}, "나": {"description": "투표"}}',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp949", "utf-16"])
def test_json_of_other_systems_is_read_object_by_object(tmp_path: Path, content: str, encoding: str) -> None:
    items = list(read(written(tmp_path, "자료.json", content.encode(encoding))))
    assert [item.body for item in items if isinstance(item, Document)] == ["버스", "투표"]
    assert [item.source for item in items] == ["자료.json#row=1", "자료.json#row=2"]


@pytest.mark.parametrize("orient", ["columns", "split", "index", "records", "table"])
def test_json_of_a_pandas_table_is_read_row_by_row(tmp_path: Path, orient: Any) -> None:
    table = pd.DataFrame({"제목": ["이동 진료", "예산 투표"], "내용": ["섬으로 간다", "주민이 고른다"]})
    table.to_json(tmp_path / "표.json", orient=orient)
    assert [(item.title, item.text) for item in read(tmp_path / "표.json")] == [
        ("이동 진료", "섬으로 간다"),
        ("예산 투표", "주민이 고른다"),
    ]


def test_elements_of_a_json_array_that_are_no_text_are_told(tmp_path: Path) -> None:
    content = '[{"k": "가", "글": "버스"}, 3, {"비고": "없음"}, {"글": "투표"}]'.encode().replace(
        "투".encode(), b"\xff"
    )
    good, bad = split(list(read(written(tmp_path, "a.json", content), Columns(id="k", text="글"))))
    assert [(d.id, d.text) for d in good] == [("가", "버스")]
    assert [(e.source, e.reason.split()[0]) for e in bad] == [
        ("a.json#row=2", "JSON"), ("a.json#row=3", "'글'"), ("a.json#row=4", "깨진"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('[{"title": "버스"},\n {"title": "투표"', "2번째 줄 16번째 글자에서 깨졌습니다"),
        ('[{"a":' * 9_999, "여러 겹"),
    ],
)
def test_json_that_cannot_be_read_says_where(tmp_path: Path, content: str, says: str) -> None:
    with pytest.raises(InputError, match=rf"a\.json: .*{says}"):
        list(read(written(tmp_path, "a.json", content)))


def test_text_file_is_one_document() -> None:
    (story,) = read(DATA / "story.txt")
    assert isinstance(story, Document)
    assert (story.id, story.source) == ("story", "story.txt")
    assert story.text.startswith("이동 진료버스가")
    assert story.text.endswith("밝혔다.")


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (Columns(), Document("7", "본문 글", "이름", "t.csv#row=2", None, None, {"비고": "덧말", "쓴날": "2024-03-29", "어디": "부산"})),
        (
            Columns(id="비고", title="본문", text="제목", date="쓴 날", region="어디"),
            Document("덧말", "이름", "본문 글", "t.csv#row=2", "2024-03-29", "부산", {"번호": "7"}),
        ),
    ],
)  # fmt: skip
def test_columns_guessed_and_told(tmp_path: Path, columns: Columns, expected: Document) -> None:
    path = written(tmp_path, "t.csv", "번호,제목,본문,비고,쓴날,어디\n7,이름,본문 글,덧말,2024-03-29,부산\n")
    assert list(read(path, columns)) == [expected]


@pytest.mark.parametrize(
    ("row", "read"),
    [
        ({"title": "진료", "content": "섬으로 간다"}, ("진료", "섬으로 간다")),
        ({"title": "진료", "본문": "섬으로 간다", "비고": "급함"}, ("진료", "섬으로 간다")),
        ({"title": "진료", "description": "섬으로 간다"}, ("진료", "섬으로 간다")),
        ({"title": "진료", "text": " ", "body": "섬으로", "summary": "간다"}, ("진료", "섬으로\n간다")),
        ({"title": "진료", "text": "섬으로", "summary": "간다"}, ("진료", "섬으로")),
        ({"제목": "진료", "title": "이동 진료", "text": "섬으로 간다"}, ("이동 진료", "섬으로 간다")),
        ({"제목": "진료", "내용": "섬으로 간다", "summary": {"x": 1}}, ("진료", "섬으로 간다")),
        ({"과제명": "진료", "세부과제": "", "내용": "섬으로 간다"}, ("진료", "섬으로 간다")),
        ({"제목": "진료", "내용": ["섬으로", "간다"]}, ("진료", "섬으로\n간다")),
        ({"title": "진료", "text": ["섬으로", "간다"]}, ("진료", "섬으로\n간다")),
    ],
)
def test_jsonl_names_are_found_as_a_tables_are(row: dict[str, object], read: tuple[str, str]) -> None:
    (item,) = documents_from_lines([json.dumps(row)], "t.jsonl", Columns())
    assert isinstance(item, Document)
    assert (item.title, item.text) == read


def test_jsonl_fields_besides_title_and_text_are_found_and_a_lone_one_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    row = {
        "번호": 7,
        "제목": "진료",
        "넋두리": "섬으로",
        "등록일": "2024.3.1",
        "지역": "완도군",
        "표": {"가": 1},
    }
    late = {"제목": "투표", "등록일": "작년 봄", "본문란": ""}
    with caplog.at_level("INFO", "hyeoksin.readers"):
        one, two = documents_from_lines([json.dumps(row), json.dumps(late)], "t.jsonl", Columns())
    assert isinstance(one, Document)
    assert isinstance(two, Document)
    assert (one.id, one.title, one.date, one.region) == ("7", "진료", "2024-03-01", "완도군")
    assert set(one.meta) == {"넋두리", "표"}
    assert two.meta["등록일"] == "작년 봄"
    assert [record.getMessage() for record in caplog.records] == [
        "t.jsonl: '등록일' 열의 날짜 1건을 읽지 못해 비워 두었습니다 (보기: '작년 봄'). 2024-03-29 처럼 적어 주세요.",
        "t.jsonl: 내용 열을 찾지 못해 '제목'만 읽습니다. 쓰지 않은 열: 넋두리. 맞는 열은 --text-column 으로 알려 주세요.",
    ]
    (told,) = documents_from_lines(
        ['{"글": "섬으로", "번호": "7", "region": " "}'], "t.jsonl", Columns(text="글")
    )
    assert isinstance(told, Document)
    assert (told.id, told.text, told.region) == ("7", "섬으로", None)


def test_a_text_of_json_that_is_none_is_told(caplog: pytest.LogCaptureFixture) -> None:
    rows = [
        {"제목": "진료", "내용": 3},
        {"제목": "투표", "내용": {"배경": "섬"}},
        {"제목": "약국", "내용": "밤"},
    ]
    with caplog.at_level("INFO", "hyeoksin.readers"):
        items = list(documents_from_lines(map(json.dumps, rows), "t.jsonl", Columns()))
    assert [item.text for item in items if isinstance(item, Document)] == ["", "", "밤"]
    assert caplog.messages == [
        "t.jsonl: '내용' 값은 글자(문자열)가 아니라서 제목만 읽었습니다 (보기: t.jsonl#row=1). 글자로 바꿔 넣으세요."
    ]


REGIONS = [
    ({"시도": "대구광역시", "시군구": "중구"}, "대구광역시 중구"),
    ({"시군구명": "고성군", "시도명": "경상남도"}, "경상남도 고성군"),
    ({"지역": "강원", "시군구": "강원특별자치도 고성군"}, "강원특별자치도 고성군"),
    ({"지역": "강원 고성군", "시군구": "고성군"}, "강원 고성군"),
    ({"시도": "전남", "시군": "-"}, "전남"),
    ({"시도": "전남", "시군": "전남"}, "전남"),
    ({"기관명": "도로과", "시군구": "고성군"}, "고성군"),
    ({"기관명": "신안군", "시도": "전남"}, "신안군"),
    *(({name: "신안군"}, "신안군") for name in ("시군", "시군명", "자치구", "지역명", "지자체명")),
]


@pytest.mark.parametrize(("cells", "region"), REGIONS)
def test_the_region_may_stand_in_two_columns(cells: dict[str, str], region: str) -> None:
    layout = Layout.of(["제목", *cells], Columns())
    assert layout is not None
    item = document(["진료", *cells.values()], layout, "a#row=2")
    assert isinstance(item, Document)
    assert item.region == region
    (item,) = documents_from_lines([json.dumps({"제목": "진료", **cells})], "t.jsonl", Columns())
    assert isinstance(item, Document)
    assert item.region == region


@pytest.mark.parametrize(
    ("header", "title"),
    [
        ("과제명,세부사업명,내용", "세부사업명"),
        ("사업명,내역사업명,내용", "내역사업명"),
        ("단위과제,세부 실행과제,내용", "세부 실행과제"),
        ("전략과제,실행과제,추진계획", "실행과제"),
        ("실행과제,과제명,내용", "과제명"),
        ("No.,1. 제안명,2. 현황 및 문제점", "1. 제안명"),
    ],
)
def test_the_title_is_the_name_that_tells_tasks_apart(header: str, title: str) -> None:
    layout = Layout.of(header.split(","), Columns())
    assert layout is not None
    assert layout.names("title") == [title]
    assert layout.places["text"] == (2,)


def test_a_told_name_counts_with_and_without_its_number() -> None:
    for told in ("1. 응모작", "응모작"):
        layout = Layout.of(["1. 응모작", "비고"], Columns(title=told))
        assert layout is not None
        assert layout.names("title") == ["1. 응모작"]


def test_what_a_json_object_holds_besides_its_fields_is_shown_as_json() -> None:
    row = {"text": "버스", "비고": None, "점수": 4.5, "공개": True, "담당": {"부서": "보건소", "순": [1]}, "메모": " ", "끝": "급함"}  # fmt: skip
    (item,) = documents_from_lines([json.dumps(row)], "a", Columns())
    assert isinstance(item, Document)
    assert item.meta == {"점수": "4.5", "공개": "true", "담당": '{"부서": "보건소", "순": [1]}', "끝": "급함"}


def test_jsonl_columns_told() -> None:
    line = json.dumps({"k": 3, "글": "진료버스", "제목": "버스"}, ensure_ascii=False)
    (item,) = documents_from_lines([line], "stdin", Columns(id="k", text="글", title="제목"))
    assert item == Document("3", "진료버스", "버스", "stdin#row=1")


@pytest.mark.parametrize("columns", [Columns(title="없는 열"), Columns(region="없는 열")])
def test_a_told_column_that_is_missing_is_not_guessed(columns: Columns) -> None:
    assert Layout.of(["과제명", "내용", "지역"], columns) is None
    with pytest.raises(
        InputError, match=r"-column 으로 준 '없는 열' 열이 없습니다\. 있는 열: 연번, 과제명, "
    ):
        list(read(DATA / "tasks_bom.csv", columns))


@pytest.mark.parametrize(
    ("rows", "columns", "reason"),
    [
        ("aa,bb,cc\n버스,섬,하나\n", Columns("aa", "bb", "cc", "등록날짜"), "--date-column 으로 준 '등록날짜' 열이 없습니다. 있는 열: aa, bb, cc."),
        ("과제 목록,,\naa,bb,cc\n1,2,3\n", Columns(title="bb", region="곳"), "--region-column 으로 준 '곳' 열이 없습니다. 있는 열: aa, bb, cc."),
        ("과제 목록,\n과제명,내용\n버스,섬\n", Columns(id="키", text="글"), "--id-column 으로 준 '키', --text-column 으로 준 '글' 열이 없습니다. 있는 열: 과제명, 내용."),
        ("aa,bb\n버스,섬\n", Columns(date="bb"), "머리글 줄이 없거나 제목이나 내용 열을 찾을 수 없습니다. 머리글이 없으면 맨 윗줄에 열 이름(제목, 내용)을 적어 넣으세요. 첫 줄: aa, bb. 이 줄이 머리글이면 --title-column, --text-column 으로 열 이름을 알려 주세요."),
    ],
)  # fmt: skip
def test_a_table_without_a_told_column_says_which(
    tmp_path: Path, rows: str, columns: Columns, reason: str
) -> None:
    with pytest.raises(InputError) as caught:
        list(read(written(tmp_path, "t.csv", rows), columns))
    assert str(caught.value) == f"t.csv: {reason}"


def test_a_parquet_file_without_a_told_column_says_which(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"제목": ["버스"], "내용": ["섬"]}), path)
    with pytest.raises(InputError, match=r"--date-column 으로 준 '날' 열이 없습니다\. 있는 열: 제목, 내용\."):
        list(read(path, Columns(date="날")))


def test_a_column_with_text_that_is_not_read_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "hyeoksin.readers")
    rows = "연번,어떤 과제,주요내용,점수,담당부서\n1,진료버스,섬으로 간다,3,보건소\n2,예산 투표,주민이 고른다,4,총무과\n"
    good, _ = split(list(read(written(tmp_path, "과제.csv", rows))))
    assert [d.title for d in good] == ["", ""]
    assert caplog.messages == [
        "과제.csv: 제목 열을 찾지 못해 '주요내용'만 읽습니다. 쓰지 않은 열: 어떤 과제. 맞는 열은 --title-column 으로 알려 주세요."
    ]
    caplog.clear()
    pq.write_table(pa.table({"과제명": ["버스"], "풀이": ["섬으로 간다"]}), tmp_path / "과제.parquet")
    list(read(tmp_path / "과제.parquet"))
    assert caplog.messages == [
        "과제.parquet: 내용 열을 찾지 못해 '과제명'만 읽습니다. 쓰지 않은 열: 풀이. 맞는 열은 --text-column 으로 알려 주세요."
    ]


@pytest.mark.parametrize(
    "rows",
    ["연번,과제명,담당부서,점수\n1,버스,보건소,3\n", "과제명,내용,까닭\n버스,섬,멀다\n", "과제명\n버스\n"],
)
def test_a_table_that_loses_no_text_says_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, rows: str
) -> None:
    caplog.set_level(logging.INFO, "hyeoksin.readers")
    list(read(written(tmp_path, "과제.csv", rows)))
    assert caplog.messages == []


@pytest.mark.parametrize("title", ["혁신과제", "건명", "과제이름", "과제 명칭", "민원제목", "기사제목"])
@pytest.mark.parametrize("text", ["주요내용", "상세", "상세 내용", "민원내용", "기사본문"])
def test_more_names_of_title_and_text_are_guessed(title: str, text: str) -> None:
    layout = Layout.of(["연번", title, text], Columns())
    assert layout is not None
    assert (layout.names("title"), layout.names("text")) == ([title], [text])


@pytest.mark.parametrize(
    ("cell", "date"),
    [
        ("19.3.5.", "2019-03-05"), ("19/3/5", "2019-03-05"), ("'19. 3. 5.(화)", "2019-03-05"), ("19년 3월 5일", "2019-03-05"),
        ("69-12-31", "2069-12-31"), ("70-01-01", "1970-01-01"), ("43529", "2019-03-05"), ("43529.5", "2019-03-05"),
        ("36526", "2000-01-01"), ("55153", "2050-12-31"), ("2019. 3. 5.", "2019-03-05"), ("20190305", "2019-03-05"),
        ("36525", None), ("55154", None), ("19.13.5.", None), ("19.3.", None), ("2019-13-45", None), ("작년 봄", None), ("03.05.2019", None),
        ("Tue, 05 Mar 2024 07:50:00 +0900", "2024-03-05"), ("5 dec 2024", "2024-12-05"), ("31 Feb 2024", None), ("5 Mai 2024", None),
        ("05/03/24", None), ("'05/03/24", "2005-03-24"), ("05.03.24", "2005-03-24"), ("24/03/05", "2024-03-05"),
    ],
)  # fmt: skip
def test_dates_of_a_date_column(cell: str, date: str | None) -> None:
    assert cell_date(cell) == date


@pytest.mark.parametrize(
    "name",
    ["시행일", "작성일", "게시일", "접수일", "접수일자", "등록일", "신청일", "제출일", "배포일", "보도일자", "등록일시", "타임스탬프"],
)  # fmt: skip
def test_a_date_that_cannot_be_read_stays_in_meta_and_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    caplog.set_level(logging.INFO, "hyeoksin.readers")
    rows = f"과제명,내용,{name}\n버스,섬,19.3.5.\n투표,예산,작년 봄\n약국,밤,2019-13-45\n책,집,\n"
    good, bad = split(list(read(written(tmp_path, "t.csv", rows))))
    assert bad == []
    assert [(d.date, dict(d.meta)) for d in good] == [
        ("2019-03-05", {}),
        (None, {name: "작년 봄"}),
        (None, {name: "2019-13-45"}),
        (None, {}),
    ]
    assert caplog.messages == [
        f"t.csv: '{name}' 열의 날짜 2건을 읽지 못해 비워 두었습니다 (보기: '작년 봄'). 2024-03-29 처럼 적어 주세요."
    ]


@pytest.mark.parametrize(
    ("days", "read"),
    [
        (["05/03/24", "12/25/24 10:30"], ["2024-05-03", "2024-12-25"]),
        (["05/03/24", "", "미정", "24/03/05", "05/04/24"], ["2005-03-24", None, None, "2024-03-05", "2005-04-24"]),
        (["3/5/24", "3/14/24", "2024-03-15", "3/6/24"], ["2024-03-05", "2024-03-14", "2024-03-15", "2024-03-06"]),
        (["03/05/2024", "12/31/2024"], ["2024-03-05", "2024-12-31"]),
        (["03/05/2024", "31/12/2024", "1/2/1999"], ["2024-05-03", "2024-12-31", "1999-02-01"]),
        (["05/03/24", "06/03/24"], [None, None]),
        (["3/5/24", "24/03/05"], [None, "2024-03-05"]),
        (["03/05/2024", "3/5/24"], [None, None]),
        (["12/25/24", "24/03/05", "05/03/24", "12/26/24"], ["2024-12-25", "2024-03-05", None, None]),
        (["'05/03/24", "12/25/24"], ["2005-03-24", "2024-12-25"]),
        (["13/13/2024", "02/30/24"], [None, None]),
    ],
)  # fmt: skip
def test_a_column_tells_what_the_parts_of_its_dates_are(
    tmp_path: Path, days: list[str], read: list[str | None]
) -> None:
    rows = [{"과제명": "버스", "등록일": day} for day in days]
    table = "과제명,등록일\n" + "".join(f"버스,{day}\n" for day in days)
    pq.write_table(pa.table({"과제명": ["버스"] * len(days), "등록일": days}), tmp_path / "c.parquet")
    for path in (
        written(tmp_path, "a.csv", table),
        written(tmp_path, "b.json", json.dumps(rows)),
        tmp_path / "c.parquet",
    ):
        good, _ = split(list(read_told(path, Columns())))
        assert [(d.date, d.meta.get("등록일")) for d in good] == [
            (date, day if day and date is None else None) for day, date in zip(days, read, strict=True)
        ]


def test_rows_do_not_wait_for_ever_for_the_order_of_their_dates() -> None:
    days = iter(["과제", *["05/03/24"] * 1_000, "12/25/24"])
    rows = ordered(days, str, lambda _, date: date)
    assert next(rows) == "과제"
    assert [next(rows) for _ in range(1_000)] == ["05/03/24"] * 1_000
    assert list(rows) == ["12/25/24"]


def test_no_message_names_half_of_a_number(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "hyeoksin.readers")
    long, wide = "지난봄에 접수한 담당자의 집 전화 010-1234-5678", "가" * 190 + " 010-1234-5678"
    list(read(written(tmp_path, "t.csv", f"과제명,내용,등록일\n버스,섬,{long}\n")))
    (failed,) = documents_from_lines([json.dumps({wide: 1}, ensure_ascii=False)], "t.jsonl", Columns())
    assert isinstance(failed, RowError)
    told = [*caplog.messages, failed.reason]
    for name, text in (("b.csv", f"{wide},1\n2,3\n"), ("c.csv", f"과제명,{wide}\n1,2\n")):
        with pytest.raises(InputError) as caught:
            list(read(written(tmp_path, name, text), Columns(text="본문" if name == "c.csv" else None)))
        told.append(str(caught.value))
    assert len(told) == 4
    assert not [said for said in told if "010" in said or "…" not in said]


def test_a_date_of_a_json_line_that_cannot_be_read_stays_in_meta(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "hyeoksin.readers")
    lines = [
        json.dumps({"text": "버스", "날": day}, ensure_ascii=False) for day in ("작년 봄", "19.3.5.", 43529)
    ]
    good, _ = split(list(documents_from_lines(lines, "t.jsonl", Columns(date="날"))))
    assert [(d.date, dict(d.meta)) for d in good] == [
        (None, {"날": "작년 봄"}),
        ("2019-03-05", {}),
        ("2019-03-05", {}),
    ]
    assert [m.split(" (")[0] for m in caplog.messages] == [
        "t.jsonl: '날' 열의 날짜 1건을 읽지 못해 비워 두었습니다"
    ]


def test_columns_without_a_heading_or_with_a_repeated_one_stay_in_meta(tmp_path: Path) -> None:
    rows = "과제명,비고,비고,,비고 (2),과제명\n버스,하나,둘,셋,넷,다섯\n투표,,,,,\n"
    (one, two), bad = split(list(read(written(tmp_path, "t.csv", rows))))
    assert bad == []
    assert one.meta == {
        "비고": "하나",
        "비고 (3)": "둘",
        "열 4": "셋",
        "비고 (2)": "넷",
        "과제명 (2)": "다섯",
    }
    assert two.meta == {}
    with xlsxwriter.Workbook(tmp_path / "t.xlsx") as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["과제명", "내용"])
        page.write_row(1, 0, ["버스", "섬", "덧말"])
    (item,) = read(tmp_path / "t.xlsx")
    assert isinstance(item, Document)
    assert item.meta == {"열 3": "덧말"}


@pytest.mark.parametrize("name", ["t.csv", "t.tsv"])
def test_a_row_that_a_comma_made_longer_than_the_header_is_told(tmp_path: Path, name: str) -> None:
    rows = "과제명,내용\n버스,섬으로 간다, 매주\n투표,주민이 고른다,,\n합계,,\n".replace(
        ",", ",\t"[name == "t.tsv"]
    )
    good, bad = split(list(read(written(tmp_path, name, rows))))
    assert [d.title for d in good] == ["투표"]
    assert [e.source for e in bad] == [f"{name}#row=2"]
    assert bad[0].reason.startswith("머리글은 2칸인데 이 줄은 3칸입니다. 쉼표")
    assert "큰따옴표" in bad[0].reason


@pytest.mark.parametrize("sign", [",", ";", "|"])
def test_a_single_column_holds_its_signs(tmp_path: Path, sign: str) -> None:
    titles = [f"우물 청소{sign} 두레박 교체", f"등불{sign}{sign}밤길", "나무 심기"]
    rows = "\n".join(["제목", *titles[:2], f"{titles[2]}{sign} {sign}"])
    good, bad = split(list(read(written(tmp_path, "t.csv", rows))))
    assert ([d.title for d in good], bad) == (titles, [])


def test_formulas_of_a_csv_are_told_as_those_of_a_workbook(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('번호,제목,내용\n1,"=A1&""x""",\n2,=> 추진,\n3,=B1,섬으로 간다\n', encoding="utf-8")
    good, (bad,) = split(list(read(path)))
    assert [(d.id, d.title, d.text) for d in good] == [("2", "=> 추진", ""), ("3", "", "섬으로 간다")]
    assert bad.source == "t.csv#row=2"
    assert "수식" in bad.reason


def test_a_row_of_errors_and_formulas_without_results_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = "과제 & 표"
    rows = [
        ["번호", "과제명", "내용", "부서"],
        [1, "=VLOOKUP(A2,Z:Z,1)", "=B2", "=C2"],
        [2, "버스", "섬으로 간다", "#N/A"],
        [3, "#REF!", "주민이 고른다", "총무과"],
        [4, "#N/A", "#REF!", "보건소"],
        [5, "=B1", "밤에도 연다", ""],
        ["", "", "#REF!", ""],
        ["계", "", "=SUM(C2:C6)", ""],
        ["=A1", "=B1", "=C1", ""],
    ]
    for row in rows:
        page.append(row)
    book.save(tmp_path / "t.xlsx")
    book.create_sheet("덧")
    caplog.set_level(logging.INFO, "hyeoksin.readers")
    good, bad = split(list(read(tmp_path / "t.xlsx")))
    assert [(d.id, d.title, d.text, dict(d.meta)) for d in good] == [
        ("2", "버스", "섬으로 간다", {}),
        ("3", "", "주민이 고른다", {"과제명": "#REF!", "부서": "총무과"}),
        ("5", "", "밤에도 연다", {"과제명": "#수식!"}),
    ]
    assert [e.source for e in bad] == [f"t.xlsx#row={n}" for n in (2, 5, 7, 9)]
    assert all("다시 계산(F9)한 뒤 저장하세요" in e.reason for e in bad)
    (note,) = (m for m in caplog.messages if "오류" in m)
    assert note.startswith(
        "t.xlsx: '과제명' 열의 칸 2개는 엑셀 오류나 계산되지 않은 수식이라 읽지 못했습니다 (보기: t.xlsx#row=4: #REF!)"
    )


def test_rows_of_errors_in_an_ods_are_told(tmp_path: Path) -> None:
    error = '<table:table-cell office:value-type="float" office:value="0" calcext:value-type="error"><text:p>#REF!</text:p></table:table-cell>'
    with (
        zipfile.ZipFile(DATA / "office" / "list.ods") as old,
        zipfile.ZipFile(tmp_path / "t.ods", "w") as new,
    ):
        for member in old.infolist():
            content = old.read(member)
            if member.filename == "content.xml":
                row = f"<table:table-row>{error * 3}</table:table-row></table:table>"
                content = content.replace(b"</table:table>", row.encode(), 1).replace(
                    b"xmlns:text=", b'xmlns:calcext="c" xmlns:text='
                )
            new.writestr(member, content)
    before, _ = split(list(read(DATA / "office" / "list.ods")))
    good, (bad,) = split(list(read(tmp_path / "t.ods")))
    assert [d.title for d in good] == [d.title for d in before]
    assert "다시 계산(F9)한 뒤 저장하세요" in bad.reason


def test_a_formula_with_its_result_is_read_and_an_empty_result_is_an_empty_cell(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "t.xlsx") as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["과제명", "내용", "비고"])
        page.write_formula(1, 0, "=A9", None, "버스")
        page.write_formula(1, 1, "=A9", None, "섬")
        page.write_formula(1, 2, "=A9", None, "#DIV/0!")
    raw = (tmp_path / "t.xlsx").read_bytes()
    (item,) = read(tmp_path / "t.xlsx")
    assert isinstance(item, Document)
    assert (item.title, item.text, item.meta) == ("버스", "섬", {})
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(out, "w") as new:
        for member in old.infolist():
            empty = old.read(member).replace("<v>섬</v>".encode(), b"<v></v>")  # as Excel saves =""
            new.writestr(member, empty)
    (tmp_path / "t.xlsx").write_bytes(out.getvalue())
    (item,) = read(tmp_path / "t.xlsx")
    assert isinstance(item, Document)
    assert (item.title, item.text, item.meta) == ("버스", "", {})


@pytest.mark.parametrize(
    "cell",
    [
        "과 제 명",
        "과제명*",
        "(과제명)",
        " 과제명 ",
        "과제_명",
        "과제명（구체적으로）",
        unicodedata.normalize("NFD", "과제명"),
    ],
)
def test_header_cells_are_matched_without_ornaments(cell: str) -> None:
    layout = Layout.of(["연번", cell], Columns())
    assert layout is not None
    assert document(["1", "진료버스"], layout, "a#row=2") == Document("1", "", "진료버스", "a#row=2")


def test_a_decomposed_label_is_known_at_its_full_length() -> None:
    label = unicodedata.normalize("NFD", "추진배경 및 필요성 (구체적으로)")
    assert len(label) > 30
    assert label_field(label) == "text"


def test_a_text_of_signs_without_width_is_none(tmp_path: Path) -> None:
    files = [
        written(tmp_path, "a.csv", "번호,내용\n1,\u200b\u3000\n2,글\n"),
        written(tmp_path, "a.jsonl", '{"id": "1", "text": "\u200b"}\n{"id": "2", "text": "글"}\n'),
    ]
    for path, reason in zip(files, ("모두 비어 있습니다", "보이는 글자가 없습니다"), strict=True):
        (good,), (bad,) = split(list(read(path)))
        assert good.id == "2"
        assert reason in bad.reason
    ((), (bad,)) = split(list(read(written(tmp_path, "a.txt", "\u200b\u200b\n"))))
    assert bad.source == "a.txt"


@pytest.mark.parametrize("sign", [",", "\t", ";", "|"])
def test_delimiter_is_found_although_cells_hold_others(tmp_path: Path, sign: str) -> None:
    others = "·".join({",", "\t", ";", "|"} - {sign}).replace("\t", "")
    cells = [["과제명", "내용"], *([f"진료 {i}", f"가{others * (i % 3 + 2)}나"] for i in range(5))]
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=sign).writerows(cells)
    good, bad = split(list(read(written(tmp_path, "a.csv", out.getvalue()))))
    assert bad == []
    assert [[d.title, d.text] for d in good] == cells[1:]


def test_row_numbers_of_a_csv_are_those_of_a_spreadsheet(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", '과제명,내용\r\n버스,"첫 줄\r\n둘째 줄"\r\n\r\n, \r\n투표,셋\r\n')
    assert [i.source for i in read(path)] == ["a.csv#row=2", "a.csv#row=5"]
    path = written(tmp_path, "b.csv", "과제명,부서\n버스,가\n,나\n")
    assert [(type(i), i.source) for i in read(path)] == [(Document, "b.csv#row=2"), (RowError, "b.csv#row=3")]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", b"", "빈 파일"),
        ("a.txt", b" \n", "빈 파일"),
        ("a.csv", b"\x89PNG\r\n\x1a\n\x00\x00\xff\xfe\x80", "그림"),
        ("a.csv", b"a,b\0,c\n", "이진"),
        ("a.txt", b"a\0b", "이진"),
        ("a.jsonl", b"\xff\xff\xff\n", "인코딩"),
        ("a.csv", "가,나\n다,라\n".encode(), "열을 찾을 수 없습니다.*가, 나"),
        ("a.csv", '번호,"제목,내용\n1,가,나\n'.encode(), "머리글을 찾을 수 없습니다. 1번째 줄.*큰따옴표"),
        ("a.csv", "번호,제\ufffd".encode("utf-8")[:-1] + ",내용\n1,가,나\n".encode(), "1번째 줄.*깨진 글자"),
        (
            "a.csv",
            '과제 목록\n번호,"제목,내용\n1,가,나\n'.encode(),
            "과제 목록.*2번째 줄은 읽을 수 없습니다: 큰",
        ),
        ("a.csv", '번호,"제목'.encode(), "1번째 줄은 읽을 수 없습니다: 큰따옴표"),
        ("a.xlsx", b"PK\x03\x04 broken", "깨진"),
        ("a.xls", b"\xd0\xcf\x11\xe0" + bytes(600), "다시 저장"),
        ("a.hwp", b"HWP Document File", "확장자와 다르거나"),
    ],
)
def test_a_file_that_cannot_be_read_names_itself(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    with pytest.raises(InputError, match=says) as caught:
        list(read(written(tmp_path, name, content)))
    assert name in str(caught.value)


@pytest.mark.parametrize("suffix", sorted(READERS))
def test_missing_files_and_empty_folders(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"폴더{suffix}").mkdir()
    assert list(read(tmp_path / f"폴더{suffix}")) == []
    with pytest.raises(InputError, match="파일이 없습니다"):
        list(read(tmp_path / f"없음{suffix}"))
    with pytest.raises(InputError, match="열 수 없습니다"):
        list(read(tmp_path / f"{'긴이름' * 60}{suffix}"))


def test_truncated_workbook(tmp_path: Path) -> None:
    whole = (DATA / "tasks.xlsx").read_bytes()
    with pytest.raises(InputError, match=r"잘림\.xlsx"):
        list(read(written(tmp_path, "잘림.xlsx", whole[: len(whole) // 2])))


def test_workbook_cells_are_read_as_they_show(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["번호", "과제명", "예산", "비율"])
        page.write_row(1, 0, [3.0, "  버스 \n 운영 ", 1200.0, 0.5])
    (item,) = read(tmp_path / "a.xlsx")
    assert item == Document(
        "3", "", "버스 운영", "a.xlsx#row=2", meta={"예산": "1200", "비율": "0.5"}
    )  # whole numbers lose their ".0", a title its line break


@pytest.mark.parametrize("hide", ["hide", "very_hidden"])
@pytest.mark.parametrize(
    ("visible", "titles", "told"),
    [
        (["과제명", "버스"], ["버스"], "숨긴 시트 '목록'은(는) 읽지 않습니다. 읽으려면"),
        (["안내"], ["사회적 가치"], "숨긴 시트 '목록'은(는) 읽습니다."),
        (["과제명"], ["사회적 가치"], "숨긴 시트 '목록'은(는) 읽습니다."),
    ],
)
def test_a_hidden_sheet_is_read_only_where_it_alone_holds_tasks(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    hide: str,
    visible: list[str],
    titles: list[str],
    told: str,
) -> None:
    caplog.set_level(logging.INFO, "hyeoksin.readers")
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        book.add_worksheet("제출").write_column(0, 0, visible)
        page = book.add_worksheet("목록")
        page.write_column(0, 0, ["과제", "사회적 가치"])
        getattr(page, hide)()
    documents, _ = split(list(read(tmp_path / "a.xlsx")))
    assert [item.title for item in documents] == titles
    assert told in caplog.text


def test_too_deep_json_is_a_row_error() -> None:
    (item,) = documents_from_lines(["[" * 200_000], "a.jsonl", Columns())
    assert isinstance(item, RowError)


def test_half_an_emoji_becomes_text_that_can_be_written() -> None:
    (item,) = documents_from_lines([r'{"text": "버스\ud83d 운영", "비고": "\udc00"}'], "a", Columns())
    assert isinstance(item, Document)
    assert item.text == "버스\ufffd 운영"
    assert dict(item.meta) == {"비고": "\ufffd"}


@pytest.mark.parametrize(
    ("cell", "date"),
    [
        ("2024. 3. 29.(금)", "2024-03-29"),
        ("2024년 3월 29일", "2024-03-29"),
        ("20240329", "2024-03-29"),
        ("2024-03-29 10:20:30", "2024-03-29"),
        ("등록 2024/3/9", "2024-03-09"),
        ("2024-12", None),
        ("2024년 11월", None),
        ("2020.1~2021.12", None),
        ("2023-02-29", None),
        ("24.3.29", None),
        ("120240329", None),
        ("", None),
    ],
)
def test_iso_date(cell: str, date: str | None) -> None:
    assert iso_date(cell) == date


@given(
    st.dates(datetime.date(1900, 1, 1), datetime.date(2099, 12, 31)),
    st.sampled_from(["{:%Y-%m-%d}", "{:%Y%m%d}", "{0.year}. {0.month}. {0.day}.", "{0.year}년 {0.month}월 {0.day}일"]),
)  # fmt: skip
def test_every_written_day_is_read_back(day: datetime.date, form: str) -> None:
    assert iso_date(form.format(day)) == day.isoformat()


@given(st.text(alphabet="0123456789.-년월일 ", max_size=20))
def test_a_date_is_a_real_day_or_none(cell: str) -> None:
    found = iso_date(cell)
    assert found is None or datetime.date.fromisoformat(found).isoformat() == found


WORDS = st.text(  # without markup, which is read away
    st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"), exclude_characters="<&"), max_size=20
)


@given(st.lists(st.tuples(WORDS, WORDS), max_size=8))
def test_every_json_line_comes_out_once_and_in_order(rows: list[tuple[str, str]]) -> None:
    lines = [json.dumps({"title": title, "text": text}, ensure_ascii=False) for title, text in rows]
    items = list(documents_from_lines(lines, "a.jsonl", Columns()))
    assert [i.source for i in items] == [f"a.jsonl#row={n}" for n in range(1, len(rows) + 1)]
    for (title, text), item in zip(rows, items, strict=True):
        if title.strip() or text.strip():
            assert isinstance(item, Document)
            assert (item.title, item.text) == (title, text)
        else:
            assert isinstance(item, RowError)


@given(st.text(max_size=200))
def test_any_line_is_a_document_or_a_row_error(line: str) -> None:
    items = list(documents_from_lines([line], "a.jsonl", Columns()))
    assert len(items) == (1 if line.strip() else 0)


def test_sample_tasks_hold_thirty_whole_rows() -> None:
    good, bad = split(list(read(DATA / "sample_tasks.csv")))
    assert bad == []
    assert [d.id for d in good] == [str(n) for n in range(1, 31)]
    assert all(d.title and d.text and d.region for d in good)
    assert len({d.region for d in good}) == 30
    assert set(good[0].meta) == {"담당부서", "예산(백만원)"}


def test_formulas_filled_down_below_the_tasks_are_no_tasks(tmp_path: Path) -> None:
    path = tmp_path / "과제.csv"
    path.write_text("제목,담당부서\n진료버스,보건소\n,#N/A\n,#N/A\n", encoding="utf-8")
    assert [item.title for item in read(path) if isinstance(item, Document)] == ["진료버스"]
    assert len(list(read(path))) == 1


def test_columns_get_names_of_their_own() -> None:
    header = ("비고", "비고", "", "비고", "열 3", "비고 (2)")
    assert _unique(header, 7) == ("비고", "비고 (3)", "열 3 (2)", "비고 (4)", "열 3", "비고 (2)", "열 7")
