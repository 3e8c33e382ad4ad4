from __future__ import annotations

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyeoksin.domain import Document
from hyeoksin.privacy import MASK, findings, masked, masked_document, masked_record, masked_start
from hyeoksin.readers.notes import beginning

# numbers of our own making; each is personal data whatever stands around it
PERSONAL = {
    "resident": ["900101-1234567", "9001011234567", "900101 - 2234567", "050320–3123456", "900101-*234567"],
    "foreigner": ["900101-5234567", "8812316123456"],
    "phone": [
        "010-1234-5678", "01012345678", "010.1234.5678", "010 1234 5678", "(010) 1234-5678", "011-234-5678",
        "02-123-4567", "02)1234-5678", "(031)123-4567", "051-888-1234", "070-1234-5678", "0212345678",
        "+82-10-1234-5678", "+82 2 123 4567", "０１０-１２３４-５６７８",
    ],
    "email": ["hong.gildong@example.go.kr", "a_b+c@korea.kr", "user@mail.example.com", "user ＠ example.com"],
    "card": ["4111-1111-1111-1111", "4111 1111 1111 1111", "4111111111111111", "9430-1234-5678-9012", "3782 822463 10005"],
    "account": ["110-123-456789", "352-1234-5678-93", "국민은행 12345678901234", "계좌번호: 1234567890"],
    "licence": ["11-22-333333-44"],
    "passport": ["M12345678", "M123A4567"],
}  # fmt: skip
PLAIN = [
    "2024-03-29", "2019~2022년", "제2024-1234호", "예산 2,000,000,000원", "1,234건", "20240329", "2020-2021", "인구 12만 3456명",
    "1588-1234", "제3조제1항", "2026.01.02.-2026.03.04.", "전자정부법 10.1.2", "12:30-14:00", "사업비 1234567890123원",
    "AA12345678", "3-1-1 과제", "v1.2.3", "2019-2020-2021-2022",
]  # fmt: skip


@pytest.mark.parametrize("text", [text for texts in PERSONAL.values() for text in texts])
def test_personal_data_is_masked(text: str) -> None:
    around = f"문의는 {text} 으로 하세요."
    hidden = masked(around)
    assert len(hidden) == len(around)
    assert hidden.startswith("문의는 ")
    assert hidden.endswith(" 으로 하세요.")
    assert not [char for char in hidden if char.isdecimal()], hidden


@pytest.mark.parametrize("text", PLAIN)
def test_plain_numbers_stay(text: str) -> None:
    assert masked(f"가 {text} 나") == f"가 {text} 나"


@pytest.mark.parametrize(
    "text",
    ["010\u200b-1234\u200b-5678", "010\u00ad1234\u00ad5678", "０１０１２３４５６７８", "９００１０１１２３４５６７", "hong＠example．go．kr"],
)  # fmt: skip
def test_what_is_read_as_a_number_is_masked(text: str) -> None:
    (found,) = findings(f"문의 {text}")
    assert (found.start, found.end) == (3, 3 + len(text))
    assert masked(text) == "".join(MASK if char.isalnum() else char for char in text)


def test_a_mark_on_the_last_digit_does_not_uncover_it() -> None:
    assert masked("010-1234-5678\u0304 가\u1100\u1161") == "***-****-****\u0304 가\u1100\u1161"


def test_kinds() -> None:
    text = "900101-1234567 010-1234-5678 a@b.kr 4111 1111 1111 1111 110-123-456789 M12345678"
    assert [f.kind for f in findings(text)] == ["resident", "phone", "email", "card", "account", "passport"]


@given(st.text(alphabet="0123456789-. ()@ab가나\n+~", max_size=60))
def test_laws_on_texts_like_numbers(text: str) -> None:
    hidden = masked(text)
    assert len(hidden) == len(text)
    assert masked(hidden) == hidden
    assert findings(hidden) == ()
    assert all(a == b or (b == MASK and a.isalnum()) for a, b in zip(text, hidden, strict=True))


@given(st.text(max_size=200))
def test_laws_on_any_text(text: str) -> None:
    hidden = masked(text)
    assert len(hidden) == len(text)
    assert masked(hidden) == hidden


@given(
    st.sampled_from([text for texts in PERSONAL.values() for text in texts]),
    st.text(alphabet="가나다 ,\n"),
    st.text(alphabet="가나다 ,\n"),
)
def test_korean_around_it_does_not_hide_it(number: str, before: str, after: str) -> None:
    hidden = masked(before + number + after)
    assert not [char for char in hidden if char.isdecimal()]


@given(st.integers(0, 99), st.integers(1, 12), st.integers(1, 28), st.integers(1, 8), st.integers(0, 999_999))
def test_all_registration_numbers(year: int, month: int, day: int, kind: int, rest: int) -> None:
    for dash in ("", "-", " - "):
        number = f"{year:02}{month:02}{day:02}{dash}{kind}{rest:06}"
        assert not [c for c in masked(f"번호{number}번") if c.isdecimal()], number


def test_evidence_still_hits_after_masking() -> None:
    document = Document(
        "1", title="문의 010-1234-5678 진료버스", text="담당 hong@example.go.kr", meta={"전화": "02-123-4567"}
    )
    at = document.body.index("1234-5678")
    record = {
        "source": "과제.csv#row=2",
        "meta": dict(document.meta),
        "agencies": [{"id": "x", "reasons": ["named in text: 010-1234-5678 (3-16)"]}],
        "evidence": [{"start": at, "end": at + 14, "text": document.body[at : at + 14], "weight": 1.0}],
    }
    hidden = masked_document(document)
    assert (hidden.title, hidden.text) == ("문의 ***-****-**** 진료버스", "담당 ****@*******.**.**")
    assert hidden.meta == {"전화": "**-***-****"}
    found = masked_record(record, document.body)
    (span,) = found["evidence"]
    assert (
        span["text"]
        == hidden.body[span["start"] : span["end"]]
        == "****-**** 진료버스"[: span["end"] - span["start"]]
    )
    assert found["meta"] == hidden.meta
    assert "1234" not in str(found)
    assert record["evidence"][0]["text"].startswith("1234")  # the stored record stays


def test_a_number_across_title_and_text_is_not_joined() -> None:
    hidden = masked_document(Document("1", title="계 9001", text="01-1234567"))
    assert (len(hidden.title), len(hidden.text)) == (len("계 9001"), len("01-1234567"))


def test_the_id_and_the_region_are_masked_too() -> None:
    document = Document(
        "민원 010-1234-5678", "글", "제목", "민원.txt", region="담당 010-9999-8888", meta={"칸": "값"}
    )
    hidden = masked_document(document)
    assert (hidden.id, hidden.region) == ("민원 ***-****-****", "담당 ***-****-****")
    record = masked_record({"id": document.id, "regions": [document.region]}, document.body)
    assert (record["id"], record["regions"]) == (hidden.id, [hidden.region])


def test_the_names_of_columns_are_masked_and_kept_apart() -> None:
    meta = {"비고(문의 010-1234-5678)": "가", "담당": "나", "비고(문의 010-9999-8888)": "다"}
    hidden = {"비고(문의 ***-****-****)": "가", "담당": "나", "비고(문의 ***-****-****) (2)": "다"}
    assert masked_document(Document("1", "글", meta=meta)).meta == hidden
    assert masked_record({"meta": meta}, "글")["meta"] == hidden


@pytest.mark.parametrize("at", range(60))
def test_a_beginning_is_masked_before_it_is_cut(at: int) -> None:
    text = "가" * at + "900101-1234567 로 조회" + "나다 " * 2_000
    assert masked_start(text, 40) == masked(text)[:40]


@pytest.mark.parametrize("personal", ["9" * 6 + "-" + "1" * 7, "a" * 3_000 + "@example.com"])
@pytest.mark.parametrize("at", [1_025, 1_035, 30])
def test_a_beginning_leaves_out_what_the_view_ahead_cuts(personal: str, at: int) -> None:
    text = ("가 " * at)[:at] + personal + " 나" * 5_000
    assert set(masked_start(text, 40)) <= set("가 나*-@.")


@pytest.mark.parametrize("personal", [one for kind in PERSONAL.values() for one in kind])
def test_a_message_of_the_readers_names_no_half_of_a_number(personal: str) -> None:
    text = f"담당자 {personal} 로 문의하세요"
    for length in range(len(text) + 1):
        shown = masked(beginning(text, length)).rstrip("…")
        assert masked(text).startswith(shown), length
    assert beginning(text, len(text) - 1).startswith(f"담당자 {personal} 로 문의하세")


def test_masking_is_quick_on_hostile_texts() -> None:
    random.seed(7)
    texts = [
        "1" * 50_000,
        "1-" * 25_000,
        "a" * 50_000 + "@",
        "0" + "1 " * 25_000,
        "은행" * 20_000,
        "a.b" * 15_000 + "@x" * 9_000,
    ]
    texts.append("".join(random.choice("0123456789-.@ a") for _ in range(50_000)))
    for text in texts:
        start = time.process_time()
        masked(text)
        assert time.process_time() - start < 2.0, text[:20]


@pytest.mark.parametrize("one", ["010-1234-5678", "02-123-4567"])
def test_a_chain_of_numbers_takes_as_long_as_it_is_long(one: str) -> None:
    def seconds(n: int) -> float:
        text = "-".join([one] * n)
        tries = []
        for _ in range(3):
            start = time.process_time()
            hidden = masked(text)
            tries.append(time.process_time() - start)
        assert findings(hidden) == ()
        return min(tries)

    assert seconds(1_600) < 8 * seconds(400)


def test_an_address_without_letters_ends() -> None:
    assert masked("연락 -@-.- 주세요, +@a.b, %@-.kr") == "연락 -@-.- 주세요, +@*.*, %@-.**"
