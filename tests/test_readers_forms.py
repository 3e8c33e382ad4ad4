"""Lists, forms, press releases and narrative: which of them a file is, and what comes out."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyeoksin.delimited import Row
from hyeoksin.domain import Document
from hyeoksin.errors import InputError, RowError
from hyeoksin.readers.columns import Columns
from hyeoksin.readers.forms import Content, documents, is_form
from hyeoksin.readers.merged import Merge
from hyeoksin.readers.tables import Table


def table(*rows: str, place: str = "table=1") -> Table:
    cells = [tuple(cell.strip() for cell in row.split("|")) for row in rows]
    return Table(tuple(Row(n, row) for n, row in enumerate(cells, start=1)), place)


def read(*blocks: str | Table, columns: Columns = Columns()) -> list[Document | RowError]:  # noqa: B008
    return list(documents(Content(blocks), Path("과제.docx"), columns))


LIST = table("과제명 | 추진내용 | 부서", "버스 | 섬으로 간다 | 보건소", "투표 | 주민이 고른다 | 기획과")
FORM = table(
    "과제명 | 이동 진료버스 | 부서 | 보건소", "추진배경 | 섬에 병원이 없다", "우수성 | 전국에서 처음이다"
)


def test_a_list_is_a_document_a_row() -> None:
    assert read("제출 서식", LIST) == [
        Document("과제.docx#table=1&row=2", "섬으로 간다", "버스", "과제.docx#table=1&row=2", meta={"부서": "보건소"}),
        Document("과제.docx#table=1&row=3", "주민이 고른다", "투표", "과제.docx#table=1&row=3", meta={"부서": "기획과"}),
    ]  # fmt: skip


def test_a_list_goes_on_in_a_table_without_a_header() -> None:
    more = table("약국 | 밤에 연다 | 보건소", place="table=2")
    other = table("주소 | 전화", place="table=3")
    titles = [item.title for item in read(LIST, more, other) if isinstance(item, Document)]
    assert titles == ["버스", "투표", "약국"]


def test_a_small_list_inside_a_long_text_stays_in_it() -> None:
    (item,) = read("이동 진료버스가 섬에 왔다. " * 30, LIST)
    assert isinstance(item, Document)
    assert item.source == "과제.docx"
    assert "버스\t섬으로 간다\t보건소" in item.text


def test_a_form_is_one_document_with_its_labels_understood() -> None:
    assert is_form(FORM)
    assert not is_form(LIST)
    (item,) = read("혁신과제 제출 서식", FORM)
    assert item == Document(
        "과제.docx",
        "섬에 병원이 없다",
        "이동 진료버스",
        "과제.docx",
        meta={"부서": "보건소", "우수성": "전국에서 처음이다"},
    )


@pytest.mark.parametrize(
    "who",
    [
        ("제안자 | 성명 | 김 | 소속 | 교통과",),
        ("신청인 | 성명 | 김", " | 주소 | 섬"),
        ("소속 | 성명", "교통과 | 김"),
    ],
)
def test_who_a_form_names_above_its_title_makes_no_list_of_it(who: tuple[str, ...]) -> None:
    found = table(*who, "제안제목 | 진료버스", "제안내용 | 섬에 병원이 없다", "기대효과 | 오래 산다")
    assert is_form(found)
    (item,) = read("국민제안서", found)
    assert isinstance(item, Document)
    assert (item.title, item.text) == ("진료버스", "섬에 병원이 없다\n오래 산다")


def test_labels_above_a_list_make_no_form_of_it() -> None:
    above = ("제목 | 2026년 혁신과제", "작성일 | 2026-01-02", "담당부서 | 기획예산과", "")
    found = table(
        *above, "연번 | 과제명 | 추진내용 | 예산", "1 | 버스 | 섬으로 | 10", "2 | 투표 | 주민이 | 20"
    )
    assert not is_form(found)
    assert [item.title for item in read(found) if isinstance(item, Document)] == ["버스", "투표"]


def test_a_small_list_inside_a_form_stays_in_it() -> None:
    steps = ("연번 | 세부과제 | 내용 | 기간", "1 | 버스 | 산다 | 3월")
    assert is_form(table("과제명 | 진료버스", "담당부서 | 보건소", *steps, "기대효과 | 섬이 건강하다"))
    assert is_form(table("과제명 | 진료버스", "추진배경 | 섬에 병원이 없다", *steps))


def test_what_a_form_holds_in_place_of_a_value_is_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "hyeoksin.readers")
    (item,) = read(table("과제명 | 이동 진료버스", "추진배경 | 섬에 병원이 없다", "지역 | #N/A"))
    assert isinstance(item, Document)
    assert item.region is None
    assert ["'지역' 칸" in message for message in caplog.messages] == [True]
    (item,) = read(table("과제명 | #REF!", "추진배경 | #수식!"))
    assert isinstance(item, RowError)
    assert "다시 계산(F9)" in item.reason


def test_forms_one_after_another_are_told_apart_by_their_title() -> None:
    second = table("과제명 | 온라인 투표", "주요내용 | 주민이 고른다", place="table=2")
    stacked = table("과제명 | 하나", "내용 | 첫째", "과제명 | 둘", "내용 | 둘째")
    assert [(i.title, i.source) for i in read(FORM, second) if isinstance(i, Document)] == [
        ("이동 진료버스", "과제.docx#table=1"),
        ("온라인 투표", "과제.docx#table=2&form=2"),
    ]
    assert [(i.title, i.text) for i in read(stacked) if isinstance(i, Document)] == [
        ("하나", "첫째"),
        ("둘", "둘째"),
    ]


HEAD = table("과제명 | 빈집 장터", "담당부서 | 건축과", "추진기간 | 2월부터")
LONG = "빈집을 가진 사람과 살 집을 찾는 사람이 만나는 자리를 군청 누리집에 열고 달마다 새로 고친다."


def test_the_body_below_the_head_of_a_form_is_its_text() -> None:
    (item,) = read("2024년 제출 서식", HEAD, "□ 추진배경", " ○ 빈집이 늘어남 ", "□ 추진내용", LONG)
    assert isinstance(item, Document)
    assert (item.title, item.text) == (
        "빈집 장터",
        f"□ 추진배경\n○ 빈집이 늘어남\n□ 추진내용\n{LONG}",
    )


def test_each_form_has_the_paragraphs_below_it() -> None:
    second = table("과제명 | 마을 택시", "주요내용 | 버스가 없는 곳에 간다", place="table=3")
    notes = table("국비 | 10", place="table=2")
    items = read(LONG, HEAD, "○ 빈집이 늘어남", notes, "○ 장터를 연다", second, "○ 100원", LONG)
    assert [(item.title, item.text) for item in items if isinstance(item, Document)] == [
        ("빈집 장터", "○ 빈집이 늘어남\n○ 장터를 연다"),
        ("마을 택시", f"버스가 없는 곳에 간다\n{LONG}"),
    ]


def test_short_lines_below_a_form_left_empty_make_no_task_of_it() -> None:
    (item,) = read(table("과제명 | ", "주요내용 | ", "부서 | 보건소", "예산 | 10"), "끝.")
    assert isinstance(item, RowError)


def test_what_is_left_out_beside_forms_is_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "hyeoksin.readers")
    read(FORM, *["○ 짧은 줄"] * 70, LONG)
    read(HEAD, *["○ 짧은 줄"] * 90)
    assert caplog.messages == []
    read(FORM, *["○ 짧은 줄"] * 90, LONG)
    assert caplog.messages == ["과제.docx: 과제 서식만 읽고, 서식 밖의 글 360자는 읽지 않습니다."]


STEPS = table(
    "단계 | 내용 | 기간",
    "1 | 군에 있는 빈집을 모두 찾아 주인에게 뜻을 묻고 사진을 찍는다 | 2월",
    "2 | 고쳐 쓸 집을 골라 값을 매기고 장터에 올릴 글을 함께 쓴다 | 4월",
    place="table=2",
)
MORE = table("3 | 장터를 열고 찾아온 사람마다 집을 보여 준다 | 6월", place="table=3")


def test_a_schedule_belongs_to_the_task_of_a_form_or_narrative() -> None:
    (item,) = read(HEAD, "□ 추진일정", STEPS, MORE)
    assert item.source == "과제.docx"
    assert isinstance(item, Document)
    assert item.title == "빈집 장터"
    (item,) = read(LONG, STEPS)
    assert isinstance(item, Document)
    assert "4월" in item.text
    assert len(read("빈집 장터 추진일정", STEPS, MORE)) == 3
    assert len(read(LONG, STEPS, columns=Columns(text="내용"))) == 2


@pytest.mark.parametrize("header", ["과제명 | 내용 | 기간", "연번 | 내용 | 기간"])
def test_a_list_with_titles_or_numbers_counts_beside_a_form(
    header: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "hyeoksin.readers")
    rows = (" | ".join(row.cells) for row in STEPS.rows[1:])
    assert len(read(HEAD, table(header, *rows))) == 2
    assert ["표 밖의 글" in note and "(과제 서식 1개 포함)" in note for note in caplog.messages] == [True]


def test_a_value_over_several_rows_is_one() -> None:
    (item,) = read(table("과제명 | 버스", "주요내용 | 하나를 한다", " | 둘을 한다", "추진계획 | 셋을 한다"))
    assert isinstance(item, Document)
    assert item.text == "하나를 한다\n둘을 한다\n셋을 한다"


def test_a_date_of_a_form_that_cannot_be_read_stays_in_meta(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "hyeoksin.readers")
    (one,) = read(table("과제명 | 진료버스", "내용 | 섬으로 간다", "작성일 | 19.3.5."))
    assert isinstance(one, Document)
    assert (one.date, dict(one.meta), caplog.messages) == ("2019-03-05", {}, [])
    (two,) = read(table("과제명 | 진료버스", "내용 | 섬으로 간다", "작성일 | 작년 봄"))
    assert isinstance(two, Document)
    assert (two.date, dict(two.meta)) == (None, {"작성일": "작년 봄"})
    assert caplog.messages == [
        "과제.docx: 날짜 '작년 봄'은(는) 읽지 못해 비워 두었습니다. 2024-03-29 처럼 적어 주세요."
    ]


def test_a_form_left_empty_is_a_failed_row() -> None:
    empty = table("과제명 | ", "주요내용 | ", "부서 | 보건소", "예산 | 10")
    one, two = read(empty, table("과제명 | 가", "내용 | 나", place="table=2"))
    assert isinstance(one, RowError)
    assert (one.source, two.source) == ("과제.docx#table=1", "과제.docx#table=2&form=2")
    assert isinstance(two, Document)
    with pytest.raises(InputError, match="글이 없습니다"):
        read("  ", " ")


def test_the_head_of_a_press_release_wins_over_a_form_and_an_attachment_does_not_make_one() -> None:
    head = table("보도시점 | 2024. 3. 29.", "제목 | 섬마을 이동 진료버스 운영", "담당부서 | 보건소")
    body = "청해군은 다음 달부터 이동 진료버스를 다섯 섬에 보낸다고 29일 밝혔다."
    (item,) = read("청해군 보도자료", head, body)
    assert isinstance(item, Document)
    assert (item.title, item.date, item.region, item.text) == (
        "섬마을 이동 진료버스 운영", "2024-03-29", "청해군", body,
    )  # fmt: skip
    (form,) = read(FORM, "붙임 보도자료 1부")
    assert isinstance(form, Document)
    assert (form.title, form.date) == ("이동 진료버스", None)


def test_a_told_column_makes_a_list() -> None:
    found = table("무엇 | 왜", "버스 | 섬에 병원이 없다")
    (item,) = read(found, columns=Columns(title="무엇", text="왜"))
    assert isinstance(item, Document)
    assert (item.title, item.text) == ("버스", "섬에 병원이 없다")


def test_the_placeholder_of_a_distributed_document_is_never_a_text() -> None:
    with pytest.raises(InputError, match=r"과제\.docx: 배포용"):
        read("이 문서는 상위 버전의 배포용 문서입니다.")
    (item,) = read("가" * 600 + "상위 버전의 배포용 문서라는 말을 다룬 글")
    assert isinstance(item, Document)


BODY = "섬에는 병원이 없어 주민이 배를 타고 나가야 한다. 진료버스가 섬마다 한 달에 두 번 찾아간다."


@pytest.mark.parametrize(
    "last", ["작성일 | 2026-03-02", "지역 | 전남 신안군", "작성자 | 보건소", "조회수 | 33", "번호 | 7"]
)
def test_a_body_without_a_label_is_the_text(last: str) -> None:
    (item,) = read(table("제목 | 섬마을 이동진료", last, BODY))
    assert isinstance(item, Document)
    assert (item.title, item.text) == ("섬마을 이동진료", BODY)
    assert item.region in (None, "전남 신안군")


def test_a_short_line_below_a_date_is_not_lost() -> None:
    (item,) = read(table("제목 | 섬마을 이동진료", "부서 | 보건소", "작성일 | 2026-03-02", "섬을 돈다"))
    assert isinstance(item, Document)
    assert (item.text, item.date) == ("섬을 돈다", "2026-03-02")


def test_a_value_that_goes_on_beside_its_label_is_no_body() -> None:
    (item,) = read(
        table("과제명 | 섬마을 이동진료", "내용 | 섬을 돈다", f"우수성 | {BODY}", f" | {BODY} 그렇다")
    )
    assert isinstance(item, Document)
    assert (item.text, item.meta["우수성"]) == ("섬을 돈다", f"{BODY}\n{BODY} 그렇다")


def test_labels_of_their_own_beside_known_ones_go_into_no_field() -> None:
    (item,) = read(
        table(
            "과제명 | 섬마을 이동진료 | 과제유형 | 신규",
            "기관명 | 전라남도 신안군 | 협업기관 | 해남군",
            "번호 | 26-001 | 공개여부 | ",
            "부서 | 보건소 | 제출일 | 2026-03-02",
            f"추진내용 | {BODY}",
            "추진성과 | 3월 | 두 번 | 4월 | 세 번",
        )
    )
    assert isinstance(item, Document)
    assert (item.id, item.title, item.region) == ("26-001", "섬마을 이동진료", "전라남도 신안군")
    assert item.text == f"{BODY}\n3월\n두 번\n4월\n세 번"
    assert dict(item.meta) == {"과제유형": "신규", "협업기관": "해남군", "공개여부": "", "부서": "보건소"}
    (item,) = read(table("과제명 | 진료 | 지역 | 전남", "내용 | 간다", "지역 | 전남 | 신안군 | 압해읍"))
    assert isinstance(item, Document)
    assert item.region == "전남"


@pytest.mark.parametrize(
    "marks", [("1. ", "2.", "3) "), ("① ", "②", "③"), ("가. ", "나.", "다."), ("Ⅰ. ", "Ⅱ", "(3)")]
)
def test_numbered_labels_are_known(marks: tuple[str, str, str]) -> None:
    one, two, three = marks
    rows = (f"{one}제안명 | 진료버스", f"{two}제안자 | 김", f"{three}현황 및 문제점 | 섬에 병원이 없다")
    items = read(table(*rows), table(*(row.replace("버스", "배") for row in rows), place="table=2"))
    assert [(i.title, i.text) for i in items if isinstance(i, Document)] == [
        ("진료버스", "섬에 병원이 없다"),
        ("진료배", "섬에 병원이 없다"),
    ]


def test_names_that_the_user_gave_are_labels_and_win_over_known_ones() -> None:
    found = table("제목 | 응모합니다", "응모작 | 진료버스", f"제안 취지 | {BODY}", "실행 방안 | 섬을 돈다")
    (item,) = read(found, columns=Columns(title="응모작", text="실행 방안"))
    assert isinstance(item, Document)
    assert (item.title, item.text) == ("진료버스", f"섬을 돈다\n{BODY}")
    assert item.meta["제목"] == "응모합니다"


def test_a_label_that_comes_twice_loses_no_value() -> None:
    rows = (
        "과제명 | 진료",
        "내용 | 간다",
        "부서 | 보건소",
        "부서 | 기획과",
        "지역 | 완도군",
        "지역 | 신안군",
    )
    (item,) = read(table(*rows))
    assert isinstance(item, Document)
    assert (item.region, dict(item.meta)) == ("완도군", {"부서": "보건소\n기획과", "지역": "신안군"})


def test_a_second_title_that_is_long_is_text() -> None:
    (item,) = read(table("과제명 | 진료버스", f"세부과제 | {BODY}", "단위과제 | 섬 의료"))
    assert isinstance(item, Document)
    assert (item.title, item.text, dict(item.meta)) == ("진료버스", BODY, {"단위과제": "섬 의료"})


def test_the_region_of_a_form_in_two_labels_is_one() -> None:
    (item,) = read(table("과제명 | 진료버스 | 시군구 | 고성군", "내용 | 섬을 돈다 | 시도 | 경상남도"))
    assert isinstance(item, Document)
    assert (item.region, dict(item.meta)) == ("경상남도 고성군", {})


def test_forms_side_by_side_are_a_document_each() -> None:
    shared = Merge(3, 1, 3, 2)
    rows = (
        "구분 | 사례 1 | 사례 2",
        "사례명 | 버스 | 투표",
        "부서 | 기획과 | ",
        "추진내용 | 섬으로 | 주민이",
    )
    items = read(Table(table(*rows).rows, "table=1", (shared,)))
    assert [(i.title, i.text, dict(i.meta)) for i in items if isinstance(i, Document)] == [
        ("버스", "섬으로", {"구분": "사례 1", "부서": "기획과"}),
        ("투표", "주민이", {"구분": "사례 2", "부서": "기획과"}),
    ]
    (item,) = read(table("과제명 | 버스 | 배", "추진내용 | 섬으로 간다"))
    assert isinstance(item, Document)
    assert item.title == "버스 배"


@pytest.mark.parametrize(
    "rows",
    [
        ("과제명 | 버스 | ※ 20자 이내", "추진내용 | 섬으로 | ※ 500자 이내로 적기"),
        ("항목 | 작성 | 작성요령", "과제명 | 버스 | 짧게", "추진내용 | 섬으로 | 길게"),
        ("구분 | 현행 | 개선", "과제명 | 버스 | 버스", "추진내용 | 한 번 | 두 번"),
    ],
)
def test_guidance_beside_values_or_what_shall_change_is_no_second_form(rows: tuple[str, ...]) -> None:
    assert len(read(table(*rows))) == 1


def test_values_that_have_a_label_of_their_own_kind_stay_under_it() -> None:
    (item,) = read(table("과제명 | 버스", "추진내용 | 섬으로", "대상 | 어르신 | 장애인 | 청년"))
    assert isinstance(item, Document)
    assert dict(item.meta) == {"대상": "어르신\n장애인\n청년"}


def test_a_list_that_stays_in_a_longer_text_is_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "hyeoksin.readers")
    assert len(read(BODY * 3, LIST)) == 1
    assert ["과제 목록) 2줄" in note for note in caplog.messages] == [True]


def test_a_short_form_beside_text_that_is_not_read_is_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "hyeoksin.readers")
    aside = table("가나다 | 라마바", *[f"{BODY} | 사아자"] * 3, place="table=2")
    read(HEAD, aside)
    assert ["서식 밖의 글" in note for note in caplog.messages] == [True]


CELL = st.sampled_from(["", "과제명", "내용", "부서", "예산", "버스 운영", "섬으로 간다", "1", "합계"])


@given(
    st.lists(
        st.one_of(
            st.text(max_size=20), st.lists(st.lists(CELL, min_size=1, max_size=5), min_size=1, max_size=5)
        )
    )
)
def test_no_blocks_break_the_reader_and_no_source_comes_twice(blocks: list[str | list[list[str]]]) -> None:
    content = tuple(
        block
        if isinstance(block, str)
        else Table(tuple(Row(n, tuple(r)) for n, r in enumerate(block, 1)), f"table={i}")
        for i, block in enumerate(blocks)
    )
    try:
        items = list(documents(Content(content), Path("a.docx"), Columns()))
    except InputError:
        return
    assert len({item.source for item in items}) == len(items)
    assert all(isinstance(i, RowError) or i.body.strip() for i in items)
