"""Places in text: full and short names, the ambiguous ones, and the words that only look like places."""

import unicodedata
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hyeoksin.region import Region, load_regions

REGIONS = load_regions()


def names(text: str, hint: str | None = None) -> list[str | None]:
    return [mention.name for mention in REGIONS.find(text, hint)]


def test_the_list_is_whole() -> None:
    levels = Counter(region.level for region in REGIONS.all)
    assert levels["sido"] == 17
    assert levels["sigungu"] >= 226
    assert levels.keys() == {"sido", "sigungu", "gu"}
    assert len({region.name for region in REGIONS.all}) == len(REGIONS.all)


def test_every_region_stands_below_one_that_is_listed() -> None:
    listed = {region.name for region in REGIONS.all}
    for region in REGIONS.all:
        assert region.sido in listed
        if region.level == "gu":
            assert region.name.rsplit(" ", 1)[0] in listed


@settings(deadline=None)  # the first call compiles the pattern
@given(
    st.sampled_from(REGIONS.all),
    st.sampled_from(["", "은 ", "에서 ", "의 ", " 주민이 "]),
    st.sampled_from(["", "(", "올해 "]),
)
def test_every_full_name_is_found_as_itself(region: Region, after: str, before: str) -> None:
    (mention,) = REGIONS.find(f"{before}{region.name}{after}")
    assert (mention.text, mention.name, mention.candidates) == (region.name, region.name, (region.name,))
    assert mention.start == len(before)


@settings(deadline=None)
@given(st.text(st.sampled_from("대구광주동서남북중경기도시군청민 ·,목포고성강서은는"), max_size=30))
def test_mentions_are_ordered_pieces_of_the_text(text: str) -> None:
    end = 0
    for mention in REGIONS.find(text):
        assert end <= mention.start < mention.end
        assert text[mention.start : mention.end] == mention.text
        assert mention.candidates
        assert mention.name is None or mention.candidates == (mention.name,)
        end = mention.end


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("대구 중구", "대구광역시 중구"),
        ("대구시 중구청", "대구광역시 중구"),
        ("대구광역시중구", "대구광역시 중구"),
        ("부산광역시 동구", "부산광역시 동구"),
        ("광주 동구", "광주광역시 동구"),
        ("전남 목포", "전라남도 목포시"),
        ("목포시의", "전라남도 목포시"),
        ("강원도 춘천시", "강원특별자치도 춘천시"),
        ("전라북도 전주시", "전북특별자치도 전주시"),
        ("고양시 덕양구", "경기도 고양시 덕양구"),
        ("덕양구에서", "경기도 고양시 덕양구"),
        ("포항시 남구", "경상북도 포항시 남구"),
        ("경기 광주시", "경기도 광주시"),
        ("경남 고성", "경상남도 고성군"),
        ("세종시", "세종특별자치시"),
        ("제주 서귀포시", "제주특별자치도 서귀포시"),
        ("경남도청", "경상남도"),
        ("고양특례시는", "경기도 고양시"),
        ("경기도 수원특례시 영통구", "경기도 수원시 영통구"),
        ("경북 군위", "대구광역시 군위군"),
        ("경기도 수원시팔달구", "경기도 수원시 팔달구"),
        ("경기 수원시팔달구", "경기도 수원시 팔달구"),
        ("용인시수지구 주민센터", "경기도 용인시 수지구"),
        ("수원특례시팔달구청에서", "경기도 수원시 팔달구"),
        ("청주시흥덕구", "충청북도 청주시 흥덕구"),
        # inside the name of its office or people
        ("강남구청 누리집", "서울특별시 강남구"),
        ("군산시청 앞", "전북특별자치도 군산시"),
        ("군산시민의", "전북특별자치도 군산시"),
        ("목포시장은", "전라남도 목포시"),
        ("의성군수가", "경상북도 의성군"),
        ("양양군민 누구나", "강원특별자치도 양양군"),
        ("서울시민과", "서울특별시"),
        ("서울특별시민", "서울특별시"),
        ("부산광역시청", "부산광역시"),
        ("세종특별자치시장", "세종특별자치시"),
        ("전라남도청", "전라남도"),
        ("충청북도민", "충청북도"),
        ("창원특례시장", "경상남도 창원시"),
        ("수원특례시의회", "경기도 수원시"),
        ("서울시립미술관", "서울특별시"),
        ("강원도립대학교", "강원특별자치도"),
        ("성북구립도서관", "서울특별시 성북구"),
        ("부산시내버스", "부산광역시"),
        ("고흥군내버스", "전라남도 고흥군"),
        ("제주처럼", "제주특별자치도"),
        ("대구라고", "대구광역시"),
        ("제주랑", "제주특별자치도"),
        ("인천뿐", "인천광역시"),
    ],
)
def test_a_place_that_its_words_settle(text: str, name: str) -> None:
    assert names(text) == [name]


@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        ("동구", {"부산", "대구", "인천", "광주", "대전", "울산"}),
        ("강서구", {"서울", "부산"}),
        ("북구", {"부산", "대구", "광주", "울산"}),  # that of 포항 is named with its city
        ("고성군", {"강원", "경남"}),
        ("광주시", {"광주", "경기"}),
    ],
)
def test_a_shared_name_is_reported_with_its_candidates(text: str, candidates: set[str]) -> None:
    (mention,) = REGIONS.find(f"{text} 주민이 참여했다")
    short = {region.name: region.short for region in REGIONS.all if region.level == "sido"}
    sido = {region.name: short[region.sido] for region in REGIONS.all}
    assert mention.name is None
    assert {sido[name] for name in mention.candidates} == candidates


@pytest.mark.parametrize(
    ("text", "hint", "name"),
    [
        ("대구의 봄. 동구 주민이 참여했다", None, "대구광역시 동구"),
        ("동구 주민이 참여했다", "광주광역시", "광주광역시 동구"),
        ("고성군 어민", "경남", "경상남도 고성군"),
        ("고성군 군인", "강원특별자치도 속초시", "강원특별자치도 고성군"),
        ("광주시 퇴촌면", "경기", "경기도 광주시"),
        ("강서구 공항동. 서울이 맡는다", None, "서울특별시 강서구"),
        ("남구 이야기", "경북 포항시", "경상북도 포항시 남구"),
    ],
)
def test_one_named_sido_settles_a_shared_name(text: str, hint: str | None, name: str) -> None:
    assert name in names(text, hint)
    assert None not in names(text, hint)


def test_two_named_sido_do_not_settle_it() -> None:
    found = REGIONS.find("대구와 광주가 함께 연다. 동구에서 시작한다")
    assert found[-1].name is None
    assert set(found[-1].candidates) == {"대구광역시 동구", "광주광역시 동구"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("대구·광주 달빛철도", ["대구광역시", "광주광역시"]),
        ("서울·광주 협력", ["서울특별시", "광주광역시"]),
        ("부산, 광주, 대전에서", ["부산광역시", "광주광역시", "대전광역시"]),
        ("대전, 공주시 협력", ["대전광역시", "충청남도 공주시"]),
        ("서울시 성남시", ["서울특별시", "경기도 성남시"]),
        ("서울시 성남시 분당구", ["서울특별시", "경기도 성남시 분당구"]),
        ("목포시 나주시", ["전라남도 목포시", "전라남도 나주시"]),
        ("안산시 단원구 상록구", ["경기도 안산시 단원구", "경기도 안산시 상록구"]),
        ("포항시 남구 북구", ["경상북도 포항시 남구", "경상북도 포항시 북구"]),
        ("포항시 남구·북구", ["경상북도 포항시 남구", "경상북도 포항시 북구"]),
        ("화성시 동탄구·효행구", ["경기도 화성시 동탄구", "경기도 화성시 효행구"]),
        ("경기 효행 대상", []),
        ("인천 남구 소식", ["인천광역시 미추홀구"]),
        ("충남 홍성·예산 지역", ["충청남도 홍성군", "충청남도 예산군"]),
        ("충남 홍성·예산 절감", ["충청남도 홍성군"]),
        ("충남 예산 집행", ["충청남도"]),
        ("충남 예산 지원", ["충청남도"]),
        ("충남 예산 지원센터", ["충청남도 예산군"]),
        ("포항시 남구·달서구", ["경상북도 포항시 남구", "대구광역시 달서구"]),
        ("광주시 서구", ["광주광역시 서구"]),
        ("충남 공주·부여의 만남", ["충청남도 공주시", "충청남도 부여군"]),
        ("강원 속초·양양/고성", ["강원특별자치도 속초시", "강원특별자치도 양양군", "강원특별자치도 고성군"]),
        ("전남 목포·부산", ["전라남도 목포시", "부산광역시"]),
        ("전남 목포, 화순 여행", ["전라남도 목포시"]),
        ("서울 화성 탐사", ["서울특별시"]),
        ("대전 공주 이야기", ["대전광역시"]),
    ],
)
def test_of_two_neighbouring_places_neither_is_lost(text: str, found: list[str]) -> None:
    assert names(text) == found


def test_of_two_shared_names_neither_settles_the_other() -> None:
    assert names("남구·북구") == [None, None]


def test_a_hint_does_not_move_a_place_that_names_its_own_sido() -> None:
    assert names("광주 동구", "대구광역시") == ["광주광역시 동구"]
    assert names("강서구", "대구광역시") == [None]


@pytest.mark.parametrize(
    "text",
    [
        "중구난방으로 흩어진 창구",
        "서구화된 식생활",
        "대구탕 가게",
        "부산하게 움직였다",
        "고양이 급식소",
        "세종대왕 동상",
        "세종로에서",
        "세종이 한글을 창제한",
        "물품 구리 배관",
        "화성 탐사",
        "청양고추",
        "지역 경기가 살아난다",
        "경기 침체와 물가",
        "축구 경기를 연다",
        "강남스타일",
        "공주 이야기",
        "",
    ],
)
def test_common_words_are_no_places(text: str) -> None:
    assert names(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "경기",
        "경기 북부",
        "서울·경기",
        "서울, 경기",
        "경기·인천",
        "(경기)",
        "경기도민",
        "경기도의",
        "경기교육청",
    ],
)
def test_the_province_of_gyeonggi_is_found_in_its_company(text: str) -> None:
    assert "경기도" in names(text)


def test_resolve_puts_the_most_frequent_first_and_drops_the_sido_above() -> None:
    text = "대구 소식. 대구 중구와 전남 목포, 목포시의 만남. 동구도 온다"
    assert REGIONS.resolve(text) == ("전라남도 목포시", "대구광역시 중구", "대구광역시 동구")
    assert REGIONS.resolve("서울특별시와 동구") == ("서울특별시",)
    assert REGIONS.resolve("정부혁신 계획") == ()


def test_a_list_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "regions.csv"
    path.write_text(
        "name,sido,level,short,aliases\n한빛도,한빛도,sido,한빛,빛고을;한빛자치도\n한빛도 새솔시,한빛도,sigungu,새솔,\n",
        encoding="utf-8",
    )
    regions = load_regions(path)
    assert [m.name for m in regions.find("빛고을은 한빛자치도의 옛 이름")] == ["한빛도", "한빛도"]
    assert regions.resolve("빛고을 새솔") == ("한빛도 새솔시",)


@pytest.mark.parametrize(
    ("cell", "text", "found", "filed"),
    [
        ("부산", "", (), "부산광역시"),
        ("강원도 춘천시", "", (), "강원특별자치도 춘천시"),
        ("경기도 수원특례시", "", (), "경기도 수원시"),
        ("경기도 수원시팔달구", "", (), "경기도 수원시 팔달구"),
        ("경상북도 군위군", "", (), "대구광역시 군위군"),
        ("강서구", "부산광역시가 강서구와 함께", (), "부산광역시 강서구"),
        (unicodedata.normalize("NFD", "부산광역시 동구"), "", (), "부산광역시 동구"),
        ("본사 홍보팀", "서울특별시 강남구", ("서울특별시 강남구",), "본사 홍보팀"),
        (None, "", ("전라남도 목포시", "전라남도 순천시"), "전라남도 목포시"),
        (None, "", (), ""),
    ],
)
def test_a_document_is_filed_under_the_official_name(
    cell: str | None, text: str, found: tuple[str, ...], filed: str
) -> None:
    assert REGIONS.filed(cell, text, found) == filed


def test_a_decomposed_region_column_speaks_for_a_text_without_a_place() -> None:
    assert REGIONS.of("강서구 소식", unicodedata.normalize("NFD", "부산")) == ("부산광역시 강서구",)
    assert REGIONS.of("소식", unicodedata.normalize("NFD", "부산")) == ("부산광역시",)
