"""The small parts of the desk: evidence pieces, choices, filters, hours as typed."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyeoksin.plan import load_plan
from hyeoksin.web.desk.choices import UnclearChoiceError, choices, resolve
from hyeoksin.web.desk.duration import BadDurationError, read_hours, written
from hyeoksin.web.desk.filters import BadFilterError, QueueFilters
from hyeoksin.web.desk.highlight import Piece, pieces

SPANS = st.lists(
    st.fixed_dictionaries(
        {"start": st.integers(-5, 40), "end": st.integers(-5, 40), "weight": st.floats(0.01, 1.0)}
    ),
    max_size=6,
)


@given(st.text(max_size=30), SPANS, st.integers(0, 10))
def test_pieces_joined_are_the_text_and_mark_what_the_spans_cover(
    text: str, spans: list[dict], offset: int
) -> None:
    found = pieces(text, spans, offset)
    assert "".join(piece.text for piece in found) == text
    marked = "".join("1" * len(p.text) if p.strength else "0" * len(p.text) for p in found)
    covered = "".join(
        "1" if any(s["start"] <= at + offset < s["end"] for s in spans) else "0" for at in range(len(text))
    )
    assert marked == covered
    assert all(piece.text for piece in found)
    assert all(a.strength != b.strength for a, b in pairwise(found))


def test_where_spans_overlap_the_heavier_counts() -> None:
    spans = [{"start": 0, "end": 6, "weight": 0.1}, {"start": 2, "end": 4, "weight": 1.0}]
    assert pieces("가나다라마바사", spans) == (
        Piece("가나", 1),
        Piece("다라", 3),
        Piece("마바", 1),
        Piece("사", 0),
    )


def test_choices_stand_below_their_parents() -> None:
    plan = load_plan("2019")
    listed = choices(plan)
    assert {leaf.code for leaf in plan.leaves} <= {choice.code for choice in listed}
    seen: set[str | None] = {None}
    for choice in listed:
        assert plan[choice.code].parent in seen
        seen.add(choice.code)


@pytest.mark.parametrize(
    ("typed", "code"),
    [("3-2", "3-2"), (" s1 ", "S1"), ("3-2 현장중심 서비스 확대", "3-2"), ("3-2 현장", "3-2"), ("7 공직윤리", "7-1"), ("사각지대 해소로", "3"), ("공공시설", "5-3")],
)  # fmt: skip
def test_a_choice_is_found_by_code_or_words(typed: str, code: str) -> None:
    assert resolve(load_plan("2019"), typed) == code


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "고른 항목이 없습니다"),
        ("zzz", "없습니다"),
        ("1 인 가구", "없습니다"),
        ("3-2 축제", "없습니다"),
        ("확대", "여럿입니다"),
        ("()", "없습니다"),
    ],
)
def test_an_unclear_choice_says_what_comes_near(typed: str, said: str) -> None:
    with pytest.raises(UnclearChoiceError, match=said):
        resolve(load_plan("2019"), typed)


@pytest.mark.parametrize(
    ("typed", "hours"),
    [("2시간 30분", 2.5), ("90분", 1.5), ("1.5h", 1.5), ("2", 2.0), ("1:30", 1.5), ("두 시간 반", 2.5), ("2시간30분", 2.5),
     ("하루", 8.0), ("반나절", 4.0), ("1,5 시간", 1.5), ("2H", 2.0), ("45 min", 0.75), ("２시간", 2.0)],
)  # fmt: skip
def test_hours_are_read_as_officers_write_them(typed: str, hours: float) -> None:
    assert read_hours(typed) == pytest.approx(hours)


@pytest.mark.parametrize(
    "typed", ["", "시간", "-2", "0", "2 5", "두 개", "1e9", "2시간 그리고", "99999시간", "nan", "1:75"]
)
def test_what_is_no_time_is_refused(typed: str) -> None:
    with pytest.raises(BadDurationError, match="2시간 30분"):
        read_hours(typed)


@given(st.integers(1, 60 * 100))
def test_written_hours_are_read_back(minutes: int) -> None:
    assert read_hours(written(minutes / 60)) == pytest.approx(minutes / 60)


def test_filters_go_through_the_address() -> None:
    filters = QueueFilters(node="3-2", region="대구광역시", low="40", high="80%", order="doubt", page=3, at=7)
    assert QueueFilters.read(dict(pair.split("=") for pair in [])) == QueueFilters()
    from urllib.parse import parse_qsl

    assert QueueFilters.read(dict(parse_qsl(filters.query()))) == filters
    assert QueueFilters().query() == ""
    assert filters.asked() == {
        "under": "3-2",
        "region": "대구광역시",
        "decided": False,
        "low": 0.4,
        "high": 0.8,
    }


@pytest.mark.parametrize(
    "bad", [{"order": "x"}, {"standing": "x"}, {"low": "가"}, {"high": "101"}, {"low": "nan"}]
)
def test_filters_that_mean_nothing_are_refused(bad: dict[str, str]) -> None:
    with pytest.raises(BadFilterError):
        QueueFilters.read(bad)


@pytest.mark.parametrize("page", ["0", "-1", "가", "9" * 30, "٣", ""])
def test_a_page_that_is_no_number_is_the_first(page: str) -> None:
    assert QueueFilters.read({"page": page}).page == 1
