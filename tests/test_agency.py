"""Agencies and the names they bear at a date, in the list and in text."""

import re
import unicodedata
from datetime import date, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hyeoksin.agency import REFERENCE_DATE, Agencies, Agency, load_agencies
from hyeoksin.cli import app
from hyeoksin.errors import PlanError
from hyeoksin.plan import BUILTIN_PLANS, load_plan


@pytest.fixture(scope="module")
def agencies() -> Agencies:
    return load_agencies()


def found(agencies: Agencies, text: str) -> list[str]:
    return [agencies[mention.agency].name for mention in agencies.find(text)]


@pytest.mark.parametrize(
    ("day", "before", "after"),
    [
        ("2017-07-26", ["행정자치부"], ["행정안전부"]),
        ("2017-07-26", ["미래창조과학부"], ["과학기술정보통신부"]),
        ("2017-07-26", ["중소기업청"], ["중소벤처기업부"]),
        ("2020-08-05", ["개인정보보호위원회"], ["개인정보보호위원회"]),
        ("2020-09-12", ["질병관리본부"], ["질병관리청"]),
        ("2023-06-05", ["국가보훈처"], ["국가보훈부"]),
        ("2024-05-17", ["문화재청"], ["국가유산청"]),
        ("2025-10-01", ["환경부"], ["기후에너지환경부"]),
        ("2025-10-01", ["여성가족부"], ["성평등가족부"]),
        ("2025-10-01", ["산업통상자원부"], ["산업통상부", "기후에너지환경부"]),
        ("2026-01-02", ["기획재정부"], ["재정경제부", "기획예산처"]),
    ],
)
def test_a_rename_takes_effect_on_its_day(
    agencies: Agencies, day: str, before: list[str], after: list[str]
) -> None:
    (old,) = [a for a in agencies.by_id.values() if a.name in before and a.valid_to == day]
    eve = (date.fromisoformat(day) - timedelta(days=1)).isoformat()
    assert [a.name for a in agencies.at(old.id, eve)] == before
    assert [a.name for a in agencies.at(old.id, day)] == after


def test_a_successor_is_led_back_to_what_it_was(agencies: Agencies) -> None:
    assert [a.name for a in agencies.at("mcee", REFERENCE_DATE)] == ["환경부", "산업통상자원부"]
    assert [a.name for a in agencies.at("mois", "2015-01-01")] == ["행정자치부", "국민안전처"]
    assert [a.name for a in agencies.at("mois", "2014-01-01")] == ["안전행정부"]


def test_what_an_agency_became_is_akin_to_it_but_branches_of_a_split_are_not(agencies: Agencies) -> None:
    assert all(
        agencies.akin(*pair) for pair in (("moef", "mpb"), ("mois", "mospa"), ("me", "mcee"), ("me", "me"))
    )
    assert not any(agencies.akin(*pair) for pair in (("mofe", "mpb"), ("mogaha", "mpss"), ("me", "motie")))


def test_branches_of_a_split_are_each_followed_to_the_day(agencies: Agencies) -> None:
    """One successor of 안전행정부 still stands, the others were renamed again; none of them may be lost."""
    names = [a.name for a in agencies.at("mospa", "2020-01-01")]
    assert names == ["행정안전부", "소방청", "해양경찰청", "인사혁신처"]
    assert agencies.reference("mospa") == "mois"


def test_before_its_beginning_and_without_a_predecessor_an_agency_is_itself(agencies: Agencies) -> None:
    assert [a.id for a in agencies.at("oka", "1990-01-01")] == ["oka"]


def test_every_agency_stands_for_one_of_the_reference_day_or_has_none(agencies: Agencies) -> None:
    for agency_id, agency in agencies.by_id.items():
        reference = agencies[agencies.reference(agency_id)]
        assert reference.valid(REFERENCE_DATE) or reference == agency
        assert agencies.reference(reference.id) == reference.id


def test_links_go_both_ways_and_meet_on_one_day(agencies: Agencies) -> None:
    for agency in agencies.by_id.values():
        for link in agency.successors:
            assert agency.id in agencies[link].predecessors
        for link in agency.predecessors:
            assert agency.id in agencies[link].successors
            assert agency.valid_from is not None
            assert (agencies[link].valid_from or "") < agency.valid_from


@pytest.mark.parametrize(
    ("name", "day", "meant"),
    [
        ("산업부", "2024-06-30", "산업통상자원부"),
        ("산업부", "2025-10-01", "산업통상부"),
        ("산업부", None, "산업통상부"),
        ("행안부", "2019-06-30", "행정안전부"),
        ("기재부", "2026-06-01", "기획재정부"),  # nobody bears the name any more: who bore it last
        ("과기정통부", None, "과학기술정보통신부"),
        ("과기부", "2020-06-30", "과학기술정보통신부"),
        ("중진공", "2019-04-01", "중소기업진흥공단"),
        ("중진공", "2019-04-02", "중소벤처기업진흥공단"),
    ],
)
def test_names_are_read_at_a_date(agencies: Agencies, name: str, day: str | None, meant: str) -> None:
    agency = agencies.named(name, day)
    assert agency is not None
    assert agency.name == meant


def test_a_name_that_nobody_bears_on_a_day_means_its_last_bearer_or_the_first() -> None:
    spans = (("a", "2000-01-01", "2005-01-01"), ("b", "2006-01-01", "2010-01-01"), ("c", "2015-01-01", None))
    bearers = {name: Agency(name, "안내처", valid_from=start, valid_to=end) for name, start, end in spans}
    days = ("1999-12-31", "2005-06-01", "2010-01-01", "2014-12-31", "2015-01-01")
    meant = [Agencies(bearers).named("안내처", day) for day in days]
    assert [agency.id for agency in meant if agency] == ["a", "a", "b", "b", "c"]


def test_an_unknown_name_means_nobody(agencies: Agencies) -> None:
    assert agencies.named("혁신부") is None


def test_every_name_of_an_agency_finds_it_on_its_first_day(agencies: Agencies) -> None:
    for agency in agencies.by_id.values():
        for name in agency.all_names:
            assert agencies.named(name, agency.valid_from) == agency


@pytest.mark.parametrize("plan_id", BUILTIN_PLANS)
def test_every_printed_lead_was_an_agency_in_the_year_of_its_plan(agencies: Agencies, plan_id: str) -> None:
    plan = load_plan(plan_id)
    for name in {name for node in plan.nodes for name in node.leads.agencies}:
        agency = agencies.named(name, f"{plan.year}-06-30")
        assert agency is not None, name
        assert agency.valid(f"{plan.year}-06-30"), name


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("행정안전부는 주민과 협력한다", ["행정안전부"]),
        ("행안부·기재부 공동", ["행정안전부", "기획재정부"]),
        ("(국토교통부)", ["국토교통부"]),
        ("복지부가 지원하고 교육부에서 확인", ["보건복지부", "교육부"]),
        ("행정안전부장관 표창", ["행정안전부"]),
        ("조달청과의 협약", ["조달청"]),
        ("지방국세청 민원실", ["국세청"]),
        ("NIA가 주관", ["한국지능정보사회진흥원"]),
        ("LH, 캠코 참여", ["한국토지주택공사", "한국자산관리공사"]),
        ("한국전력공사", ["한국전력공사"]),  # not 한국전력
        ("환경부는 밝혔다", ["환경부"]),
        ("환경부에서는 안내한다", ["환경부"]),
        ("환경부·국토부", ["환경부", "국토교통부"]),
        ("환경부장관표창을 받았다", ["환경부"]),
        ("환경부과 맺은 협약", ["환경부"]),
        ("소방청장은 현장을 찾았다", ["소방청"]),
        ("행정안전부령으로 정한다", ["행정안전부"]),
        ("산림청에서만", ["산림청"]),
        ("주관은 법제처입니다", ["법제처"]),
    ],
)
def test_agencies_are_found_behind_signs_and_before_particles(
    agencies: Agencies, text: str, names: list[str]
) -> None:
    assert found(agencies, text) == names


def test_particles_of_daily_use_end_a_name(agencies: Agencies) -> None:
    for particle in re.findall(
        r"\S+",
        "로서 로써는 하고 에선 엔 께 에게서 이자 라도 인데 이지만 였던 여서 예요 란 마저 밖에 만큼 더러",
    ):
        assert found(agencies, f"이는 환경부{particle} 안다") == ["환경부"], particle


@pytest.mark.parametrize(
    "text",
    [
        "체육교육부문",
        "교육부문 예산",
        "예산처리 절차",
        "데이터처리 시스템",
        "안전처리 기준",
        "복지부동 타파",
        "미래부서 신설",
        "NIAGARA",
        "신한전기",
        "우리은행안부장",
        "환경부과금 체납",
        "환경부담금을 낸다",
        "교육부담이 크다",
        "교육부터 바꾼다",
        "통일부터 하자",
        "산업부문은 줄었다",
        "국회의원 보좌관",
        "국회대로 지하차도",
        "소방청장비 구입",
        "법무부장 회의",
        "",
    ],
)
def test_no_agency_is_found_inside_another_word(agencies: Agencies, text: str) -> None:
    assert found(agencies, text) == []


@pytest.mark.parametrize(
    ("agency", "day", "text", "name"),
    [
        ("moef", "2019-06-30", "예산 편성", "기획재정부"),
        ("moef", "2026-06-30", "국민참여예산과 예비타당성조사 개편", "기획예산처"),
        ("moef", "2026-06-30", "세제 개편과 국채 발행", "재정경제부"),
        ("moef", "2026-06-30", "아무 말도 없는 글", "재정경제부"),
        ("motie", "2026-06-30", "태양광과 전력망 확충", "기후에너지환경부"),
        ("motie", "2026-06-30", "수출 통상 협상과 산업단지", "산업통상부"),
        ("motie", "2025-09-30", "태양광과 전력망 확충", "산업통상자원부"),
        ("me", "2026-06-30", "하천 녹조", "기후에너지환경부"),
        ("mogef", "2026-06-30", "청소년 쉼터", "성평등가족부"),
        ("kostat", "2026-06-30", "인구 통계", "국가데이터처"),
        ("kipo", "2026-06-30", "상표 출원", "지식재산처"),
        ("kcc", "2026-06-30", "방송 심의", "방송미디어통신위원회"),
        ("mpva", "2019-06-30", "참전유공자", "국가보훈처"),
        ("khs", "2019-06-30", "궁궐 관람", "문화재청"),
        ("kdca", "2019-06-30", "예방접종", "질병관리본부"),
        ("kasa", "2019-06-30", "발사체", "과학기술정보통신부"),
        ("mss", "2016-06-30", "창업", "중소기업청"),
        ("mois", "2016-06-30", "119 구조와 재난문자", "국민안전처"),
        ("mois", "2016-06-30", "지방세와 주민등록", "행정자치부"),
    ],
)
def test_business_decides_between_the_branches_of_a_split(
    agencies: Agencies, agency: str, day: str, text: str, name: str
) -> None:
    assert agencies[agencies.bearer(agency, day, text)].name == name


def test_a_mention_stands_where_it_says(agencies: Agencies) -> None:
    text = "올해부터 행안부와 환경부에서 함께 추진"
    mentions = agencies.find(text)
    assert [(m.text, text[m.start : m.end]) for m in mentions] == [("행안부", "행안부"), ("환경부", "환경부")]


def test_the_command_reads_decomposed_text() -> None:
    text = unicodedata.normalize("NFD", "목포시와 환경부")
    found = CliRunner().invoke(app, ["agency", "find", text]).output
    assert f"기관  환경부 ({text.index(unicodedata.normalize('NFD', '환'))}-{len(text)})  " in found
    assert "전라남도 목포시" in found
    assert (
        "기간" in CliRunner().invoke(app, ["agency", "show", unicodedata.normalize("NFD", "환경부")]).output
    )


def test_text_is_read_at_its_date(agencies: Agencies) -> None:
    assert [m.agency for m in agencies.find("산업부 공모", "2024-01-01")] == ["motie"]
    assert [m.agency for m in agencies.find("산업부 공모", "2026-01-01")] == ["motir"]


OLD = "- {id: old, name: 옛부, kind: ministry, valid_from: 2000-01-01, valid_to: 2010-01-01, successors: [{id: new}]}\n"
NEW = "- {id: new, name: 새부, kind: ministry, valid_from: 2010-01-01, predecessors: [{id: old}]}\n"


def test_a_small_list_loads(tmp_path: Path) -> None:
    path = tmp_path / "agencies.yaml"
    path.write_text(OLD + NEW, encoding="utf-8-sig")
    loaded = load_agencies(path)
    assert loaded.names == {"옛부", "새부"}
    assert [a.id for a in loaded.at("old", "2012-01-01")] == ["new"]


@pytest.mark.parametrize(
    ("yaml", "fault"),
    [
        (OLD + NEW + NEW, "'new' 가 두 번"),
        (OLD, "없는 기관 'new'"),
        (OLD + NEW.replace("2010-01-01", "2010-1-1"), "'2010-1-1' 가 YYYY-MM-DD"),
        (OLD + NEW.replace("[{id: old}]", "[]"), "'old' → 'new' 가 뒤쪽에서 이어지지 않습니다"),
        (OLD + NEW.replace("kind: ministry", "kind: institution, parent: none"), "없는 기관 'none'"),
        (OLD + NEW.replace("새부", "옛부").replace("valid_from: 2010", "valid_from: 2009"), "이름 '옛부'"),
    ],
)
def test_faults_of_the_list_are_errors_that_name_the_file(tmp_path: Path, yaml: str, fault: str) -> None:
    path = tmp_path / "agencies.yaml"
    path.write_text(yaml, encoding="utf-8")
    with pytest.raises(PlanError) as caught:
        load_agencies(path)
    assert fault in str(caught.value)
    assert all(line.startswith(f"{path}: ") for line in str(caught.value).splitlines())


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "agencies.yaml"
    path.write_text(OLD + NEW.replace("id: old", "id: gone"), encoding="utf-8")
    with pytest.raises(PlanError) as caught:
        load_agencies(path)
    assert len(str(caught.value).splitlines()) == 2
