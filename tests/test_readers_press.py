"""Press releases: what stands in their head."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyeoksin.domain import Document
from hyeoksin.readers.press import press_document

TITLE = "청해군, 섬마을 찾아가는 이동 진료버스 운영"
BODY = "청해군은 다음 달부터 이동 진료버스를 다섯 섬에 보낸다고 29일 밝혔다."


def read(*lines: str) -> Document | None:
    return press_document("\n".join(lines), "보도", "보도.hwpx")


@pytest.mark.parametrize(
    "head",
    [
        (
            "청해군 보도자료",
            "보도시점: 2024. 3. 29.(금) 조간",
            "담당부서: 보건소",
            "담당자: 김가온 (061-000-0000)",
        ),
        (
            "보 도 자 료",
            "청해군",
            "보도일시\t2024. 3. 29.(금) 06:00",
            "담당 부서\t보건소\t책임자\t과장 김가온",
        ),
        ("보도자료", "배포일시 : 2024.3.29.", "배포기관: 청해군", "담당부서：보건소", "총 3쪽", "사진 있음"),
        ("[청해군]", "보도자료", "2024년 3월 29일 배포", "담당과: 보건소", "배포일: 2024-03-29"),
    ],
)
def test_title_date_body_and_department(head: tuple[str, ...]) -> None:
    found = read(*head, TITLE, "- 한 달에 두 번, 의사와 간호사가 함께 -", BODY)
    assert found is not None
    assert found.title == TITLE
    assert found.text.split("\n")[-1] == BODY
    assert found.date == "2024-03-29"
    assert found.region == "청해군"
    assert found.meta["기관"] == "청해군"
    assert found.meta["담당부서"].startswith("보건소")


def test_a_ministry_is_no_region_and_the_contact_table_at_the_end_goes() -> None:
    tail = "담당 부서\t지역혁신과\t책임자\t과장 이나래 (044-000-0000)"
    found = read("행정안전부 보도자료", "보도시점: 2024. 3. 29.", TITLE, BODY, tail)
    assert found == Document("보도", BODY, TITLE, "보도.hwpx", "2024-03-29", None, {"기관": "행정안전부", "담당부서": "지역혁신과"})  # fmt: skip


def test_other_texts_are_no_release() -> None:
    assert read(TITLE, BODY) is None
    assert read(BODY * 3 + " 보도자료를 냈다.", BODY) is None
    assert read("보도자료", "짧다") is None


def test_a_mark_below_the_first_line_is_enough() -> None:
    found = read(TITLE, "보도시점: 2024. 3. 29.", BODY)
    assert found is not None
    assert found.title == TITLE


@pytest.mark.parametrize(
    "first", ["행정안전부·보건복지부 공동 보도자료", "2024-03-29 보도자료", "[보도자료]"]
)
def test_a_mark_may_follow_a_name(first: str) -> None:
    found = read(first, TITLE, BODY)
    assert found is not None
    assert found.title == TITLE


@pytest.mark.parametrize(
    "media",
    ["- 누리집, 소식지, 보도자료", "누리집·소식지·보도자료", "○ 보도자료", "홍보: 보도자료", "2. 보도자료"],
)
def test_a_plan_that_names_its_media_is_no_release(media: str) -> None:
    assert read("돌봄 강화 계획", "고령화로 홀로 사는 어르신이 늘고 있다.", media, BODY) is None


def test_a_sentence_with_a_number_and_a_short_line_stay() -> None:
    call = "진료를 받으려는 주민은 보건소(061-000-0000)로 전화하면 된다고 한다."
    found = read(
        "보도자료", "섬 돌봄", "담당자: 김가온 (061-000-0000)", TITLE, BODY, call, "문의 061-000-0000"
    )
    assert found is not None
    assert (found.title, found.text) == (TITLE, f"섬 돌봄\n{BODY}\n{call}")
    labelled = read("보도자료", f"제목: {TITLE}", f"전화로 물으면 된다. {call}", BODY)
    assert labelled is not None
    assert labelled.text == f"전화로 물으면 된다. {call}\n{BODY}"


@given(
    st.lists(
        st.text(st.sampled_from("보도자료시점담당부서:：\t 청해군2024.3-29()가나다"), max_size=30),
        max_size=12,
    )
)
def test_any_head_is_read_or_left(lines: list[str]) -> None:
    found = press_document("\n".join(["보도자료", *lines]), "a", "a.txt")
    assert found is None or found.title.strip()


@pytest.mark.parametrize(
    "head",
    [
        ("시민과 함께, 행복한 청해시 보도자료",),
        ("□ 보도자료",),
        ("담당자 김가온(061-000-0000)으로 문의하면 됩니다.", "보도자료"),
        ("더 큰 청해", "행복", "희망", "미래", "나눔", "사랑", "청해시 보도자료"),
    ],
)
def test_letterheads_are_known(head: tuple[str, ...]) -> None:
    found = read(*head, "2026. 3. 2.", TITLE, BODY)
    assert found is not None
    assert (found.title, found.date) == (TITLE, "2026-03-02")
