from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from hyeoksin.agency import load_agencies
from hyeoksin.domain import Document
from hyeoksin.features import Analysed
from hyeoksin.mentions import named_agencies
from hyeoksin.plan import Leads, load_plan
from hyeoksin.router import disagreement, route
from hyeoksin.signals import SIGNALS, Candidates, Desk, plan_leads

WEIGHTS = {
    "text": 1.0, "speaker": 4.5, "issuer": 3.0, "in_charge": 3.0, "aside": -2.0, "named": 6.5, "named_early": 1.5,
    "plan_lead": 0.5, "local_body": 0.5,
}  # fmt: skip
PLAN = load_plan("2019")
TEXT = {"mois": 0.4, "mohw": 0.35, "local": 0.25}


def analysed(body: str, date: str | None) -> Analysed:
    document = Document(id="1", text=body, date=date)
    return Analysed(document, body, (), range(len(body) + 1), 0)


def candidates(
    body: str,
    date: str | None = "2024-06-01",
    text: dict[str, float] = TEXT,
    region: bool = False,
    once: Sequence[float] | None = None,
) -> Candidates:
    desk = Desk(tuple(text), [PLAN])
    leads = desk.leads({"2019": np.full((1, len(PLAN.leaves)), 1 / len(PLAN.leaves))})
    before = None if once is None else np.array(once)
    return desk.candidates(
        named_agencies(body, date), np.array(list(text.values())), leads[0], region, before
    )


def flags(body: str, date: str | None = "2024-06-01", regions: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    known = candidates(body, date, region=bool(regions))
    found = route(known, WEIGHTS, analysed(body, date), regions, PLAN, "3-1")
    return [(flag.role, flag.name) for flag in found]


def test_a_named_agency_leads() -> None:
    assert flags("복지부는 위기가구를 찾는다고 밝혔다.")[0] == ("lead", "보건복지부")


def test_the_label_of_a_form_outweighs_a_sure_text_model() -> None:
    body = "마을 창구를 바꾼다.\n협조기관: 보건복지부\n주관기관: 경찰청"
    sure = candidates(body, text={"mois": 0.97, "mohw": 0.02, "local": 0.01})
    found = route(sure, WEIGHTS, analysed(body, "2024-06-01"), (), PLAN, "3-1")
    assert found[0].name == "경찰청"
    assert "글이 주관 기관으로 적음" in found[0].reasons


def test_an_agency_that_the_model_never_saw_can_lead_when_named() -> None:
    assert flags("산림청은 산불 감시를 강화한다고 밝혔다. 산림청장은 현장을 찾았다.")[0] == ("lead", "산림청")


def test_an_agency_that_only_helps_does_not_lead() -> None:
    assert flags("주민센터 창구를 바꾼다. 산림청과 협력한다.")[0] == ("lead", "행정안전부")


def test_an_agency_that_the_text_denies_is_not_shown_for_its_name_alone() -> None:
    found = flags("주민센터 창구를 바꾼다. 이 일은 산림청과 무관하다.")
    assert found[0] == ("lead", "행정안전부")
    assert "산림청" not in dict(map(reversed, found))


def test_the_region_executes_beside_the_ministry() -> None:
    found = flags("행안부는 주민자치를 돕는다고 밝혔다.", regions=("대구광역시 중구",))
    assert found[0] == ("lead", "행정안전부")
    assert found[-1] == ("executing", "대구광역시 중구")


def test_of_a_region_named_by_its_office_of_education_alone_that_office_executes() -> None:
    region = ("서울특별시",)
    assert flags("서울시교육청은 운동장을 연다.", regions=region)[-1] == ("executing", "서울특별시교육청")
    assert flags("서울시 교육청과 서울시가 운동장을 연다.", regions=region)[-1] == ("executing", "서울특별시")
    known = candidates("", text={"local": 0.9}, region=True)
    there = analysed("경기도교육청은 운동장을 연다.", None)
    lead = route(known, WEIGHTS, there, ("경기도",), PLAN, None, "2024-06-01")[0]
    assert (lead.name, lead.reasons[-1]) == ("지방자치단체 (경기도교육청)", "글의 지역: 경기도")


def test_a_region_that_only_its_column_names_is_told_so() -> None:
    for body, reason in (
        ("운동장을 연다.", "지역 열: 대구광역시 중구"),
        ("중구 운동장을 연다.", "글의 지역: 대구광역시 중구"),
    ):
        document = replace(analysed(body, "2024-06-01").document, region="대구 중구")
        there = replace(analysed(body, "2024-06-01"), document=document)
        known = candidates(body, region=True)
        flag = route(known, WEIGHTS, there, ("대구광역시 중구",), PLAN, "3-1")[-1]
        assert (flag.role, flag.reasons) == ("executing", (reason,))


def test_where_the_local_government_leads_its_place_stands_beside_its_name() -> None:
    known = candidates("대구 중구청은 창구를 늘린다.", text={"local": 0.9, "mohw": 0.05}, region=True)
    (lead, *others) = route(
        known, WEIGHTS, analysed("", None), ("대구광역시 중구",), PLAN, None, "2024-06-01"
    )
    assert (lead.role, lead.name) == ("lead", "지방자치단체 (대구광역시 중구)")
    assert [flag.role for flag in others] == ["support"] * len(others)


def test_every_source_that_spoke_gives_its_own_reason() -> None:
    body = "복지부와 협업해 위기가구를 찾는다."
    (flag, *_) = route(
        candidates(body, text={"mohw": 0.9}), WEIGHTS, analysed(body, "2024-06-01"), (), PLAN, "3-1"
    )
    assert flag.reasons == (
        "글에 나옴: 복지부 (0-3)",
        "글이 협업 기관으로 부름",
        "2019 계획 3-1 주관기관",
        "본문 모형 0.90",
    )


def test_no_reason_is_given_for_a_source_that_was_silent() -> None:
    body = "위기가구를 찾는다."
    (flag, *_) = route(
        candidates(body, text={"npa": 0.9}), WEIGHTS, analysed(body, "2024-06-01"), (), PLAN, "3-1"
    )
    assert (flag.id, flag.reasons) == ("npa", ("본문 모형 0.90",))


def test_the_reason_tells_what_the_second_reading_changed() -> None:
    body = "위기가구를 찾는다."
    known = candidates(body, text={"npa": 0.7, "mohw": 0.3}, once=[0.4, 0.3])
    reasons = {
        flag.id: flag.reasons[-1]
        for flag in route(known, WEIGHTS, analysed(body, "2024-06-01"), (), PLAN, "3-1")
    }
    assert reasons["npa"] == "본문 모형 0.70 (다시 읽기 전 0.40)"
    assert reasons["mohw"] == "본문 모형 0.30"


def test_a_named_agency_goes_before_an_unlikely_one_but_not_before_a_likely_one() -> None:
    body = (
        "지금까지의 기록을 살피면 이 일은 여러 해 동안 미루어졌고 아무도 맡으려 하지 않았다. " * 2
        + "검찰청과 협력한다."
    )
    text = {"mois": 0.5, "mohw": 0.2, "npa": 0.15, "moj": 0.08, "me": 0.07}
    known = candidates(body, text=text)
    found = route(known, WEIGHTS | {"plan_lead": 0.0}, analysed(body, None), (), PLAN, None, "2024-06-01")
    assert [flag.id for flag in found] == ["mois", "mohw", "npa", "spo"]
    known = candidates(body, text=text | {"moj": 0.12, "me": 0.03})
    found = route(known, WEIGHTS | {"plan_lead": 0.0}, analysed(body, None), (), PLAN, None, "2024-06-01")
    assert [flag.id for flag in found] == ["mois", "mohw", "npa", "moj"]


def test_printed_leads_are_read_at_the_plans_year() -> None:
    assert plan_leads(PLAN, "1-1") == ("moef",)


def test_the_share_of_leads_is_the_sum_of_the_leaves_that_print_them() -> None:
    desk = Desk(("mois",), [PLAN])
    leads = desk.leads({"2019": np.eye(len(PLAN.leaves))})
    assert leads.shape == (len(PLAN.leaves), len(desk.agencies))
    for row, leaf in enumerate(PLAN.leaves):
        assert {desk.agencies[i] for i in np.flatnonzero(leads[row])} == set(plan_leads(PLAN, leaf.code))


def test_of_two_plans_the_one_that_speaks_louder_counts() -> None:
    other = replace(PLAN, id="2020")
    desk = Desk(("mois",), [PLAN, other])
    half = np.full((1, len(PLAN.leaves)), 0.5 / len(PLAN.leaves))
    alone = Desk(("mois",), [PLAN]).leads({"2019": 2 * half})
    assert np.allclose(desk.leads({"2019": 2 * half, "2020": half}), alone)


def test_signals_have_one_row_per_candidate() -> None:
    found = candidates("한국조폐공사와 중기부가 함께")
    assert found.agencies[: len(TEXT)] == tuple(TEXT)
    assert {"komsco", "mss"} <= set(found.agencies)
    assert found.values.shape == (len(found.agencies), len(SIGNALS))
    assert np.isclose(found.probabilities(WEIGHTS).sum(), 1.0)


def test_how_often_and_how_early_a_name_stands_outside_asides() -> None:
    def spoken(body: str) -> tuple[float, float]:
        found = candidates(body)
        row = dict(zip(SIGNALS, found.values[found.agencies.index("forest")], strict=True))
        return row["named"], row["named_early"]

    later = "이 일은 여러 해 동안 미루어졌다. " * 5
    assert spoken("산림청은 밝혔다.") == (1 / 3, 1.0)
    assert spoken(f"{later}산림청은 밝혔다.") == (1 / 3, 0.0)
    assert spoken("산림청은 밝혔다. " * 4) == (1.0, 1.0)
    assert spoken(f"산림청과 협력한다. {later}산림청은 밝혔다.") == (1 / 3, 0.0)
    denied = candidates("산림청과 무관하다.")
    assert not denied.values[denied.agencies.index("forest"), SIGNALS.index("named") :].any()


def test_a_model_without_the_newer_weights_still_routes() -> None:
    assert np.isclose(candidates("조달청은 밝혔다").probabilities({"text": 1.0}).sum(), 1.0)


def test_agencies_bear_the_name_of_the_texts_day() -> None:
    body = "국고보조금 예산 편성과 성과 관리, 예비타당성조사를 개편한다."
    known = candidates(body, text={"moef": 0.9})
    names = {
        day: route(known, WEIGHTS, analysed(body, day), (), PLAN, None)[0].name
        for day in ("2019-03-01", "2026-03-01")
    }
    assert names == {"2019-03-01": "기획재정부", "2026-03-01": "기획예산처"}


def test_two_agencies_that_are_one_on_the_texts_day_stand_once() -> None:
    body = "전기차 충전소와 재생에너지 발전소를 넓혀 온실가스를 줄인다."
    text = {"me": 0.5, "motie": 0.4, "mois": 0.1}
    for date, n_agencies in (("2026-03-05", 2), ("2024-06-01", 3)):
        known = candidates(body, date, text)
        found = route(known, WEIGHTS, analysed(body, date), (), PLAN, None)
        assert len({flag.id for flag in found}) == len(found) == n_agencies
        assert sum(flag.probability for flag in found) > 0.97
        assert [flag.role for flag in found].count("lead") == 1
    (lead, _) = route(
        candidates(body, "2026-03-05", text, once=[0.3, 0.3, 0.1]),
        WEIGHTS, analysed(body, "2026-03-05"), (), PLAN, None,
    )  # fmt: skip
    assert lead.reasons == ("본문 모형 0.90 (다시 읽기 전 0.60)",)
    text = {"me": 0.32, "motie": 0.28, "mois": 0.4}
    lead, support = route(
        candidates(body, "2026-03-05", text), WEIGHTS, analysed(body, "2026-03-05"), (), PLAN, None
    )
    assert (lead.name, support.name) == ("기후에너지환경부", "행정안전부")
    assert lead.probability > support.probability


@pytest.mark.parametrize(
    ("body", "day", "names"),
    [
        ("기획예산처는 국채와 국고금을 살핀다고 밝혔다.", "2026-03-01", ["기획예산처"]),
        ("산업통상부는 전력망과 재생에너지를 넓힌다고 밝혔다.", "2026-03-01", ["산업통상부"]),
        ("국민안전처는 지방자치와 정부혁신을 돕는다고 밝혔다.", "2016-05-01", ["국민안전처"]),
        ("중대범죄수사청은 기소 자료를 공소청에 넘긴다.", "2026-11-01", ["중대범죄수사청", "공소청"]),
        ("자치분권위원회는 국가균형발전위원회에 답했다.", "2020-11-01", ["자치분권위원회", "국가균형발전위원회"]),
        ("기재부는 예비타당성조사를 살펴 재정경제부로 이름을 바꾼다.", "2026-03-01", ["재정경제부"]),
    ],
)  # fmt: skip
def test_of_the_branches_of_a_split_those_are_shown_that_the_text_names(
    body: str, day: str, names: list[str]
) -> None:
    known = candidates(body, day, {"mois": 1.0})
    found = route(known, WEIGHTS, analysed(body, day), (), PLAN, None)
    named = [flag for flag in found if any(r.startswith("글에 나옴") for r in flag.reasons)]
    assert [flag.name for flag in named] == names
    for flag in named[:2] if len(names) > 1 else ():
        assert [r.split()[2] for r in flag.reasons if r.startswith("글에 나옴")] == [flag.name]
    place = known.agencies.index(load_agencies().reference(named[0].id))
    assert np.isclose(sum(f.probability for f in named), known.probabilities(WEIGHTS)[place], atol=1e-5)


def test_of_the_branches_of_a_split_the_one_is_shown_that_the_plan_prints() -> None:
    nodes = (replace(node, leads=Leads(("산업통상부", "기획예산처"))) for node in PLAN.nodes)
    plan = replace(PLAN, id="own", year=2026, nodes=tuple(nodes))
    body = "세제 개편과 국채 발행, 태양광과 전력망 확충을 알린다."
    text = {"motie": 0.5, "moef": 0.3, "nfa": 0.2}
    found = route(
        candidates(body, "2026-03-01", text), WEIGHTS, analysed(body, "2026-03-01"), (), plan, "1-1"
    )
    printed = [flag.name for flag in found if "own 계획 1-1 주관기관" in flag.reasons]
    assert printed == ["산업통상부", "기획예산처"] == [flag.name for flag in found[:2]]
    known = candidates(body, "2026-03-01", {"nfa": 0.95, "motie": 0.01, "moef": 0.01})
    note = disagreement(known, plan, "1-1", analysed(body, "2026-03-01"))
    assert note is not None
    assert note.endswith("own 계획 1-1의 주관기관은 산업통상부, 기획예산처입니다.")
    body = f"{body} 재정경제부는 밝혔다."
    found = route(
        candidates(body, "2026-03-01", text), WEIGHTS, analysed(body, "2026-03-01"), (), plan, "1-1"
    )
    assert found[0].name == "재정경제부"
    assert "own 계획 1-1 주관기관" not in found[0].reasons


def test_what_a_plan_prints_does_not_depend_on_the_text() -> None:
    for code, lead, other in (("1-1", "기획예산처", "재정경제부"), ("1-2", "재정경제부", "기획예산처")):
        for body in (
            "소방차를 늘린다.",
            "세제 개편과 국채 발행을 알린다.",
            "예산 편성과 예비타당성조사를 알린다.",
        ):
            known = candidates(body, "2026-03-01", {"nfa": 0.95, "moef": 0.01})
            note = disagreement(known, PLAN, code, analysed(body, "2026-03-01"))
            assert note is not None
            assert lead in note.partition("주관기관은")[2]
            assert other not in note
            found = route(
                candidates(body, "2026-03-01", {"moef": 0.9}), WEIGHTS, analysed(body, "2026-03-01"), (), PLAN, code
            )  # fmt: skip
            printed = [flag.name for flag in found if f"2019 계획 {code} 주관기관" in flag.reasons]
            assert other not in printed
    body = "소방차를 늘린다."
    known = candidates(body, "2026-03-01", {"moef": 0.9})
    assert route(known, WEIGHTS, analysed(body, "2026-03-01"), (), PLAN, "1-1")[0].name == "기획예산처"


def test_text_and_plan_that_disagree_are_told() -> None:
    body = "소방차 진입로를 넓힌다."
    found = candidates(body, text={"nfa": 0.95, "mohw": 0.02})
    note = disagreement(found, PLAN, "3-1", analysed(body, "2024-06-01"))
    leads = ", ".join(load_agencies()[a].name for a in plan_leads(PLAN, "3-1"))
    assert note == (
        f"주관기관 확인: 글의 내용은 소방청 소관으로 보이지만(0.95), 2019 계획 3-1의 주관기관은 {leads}입니다."
    )
    for text in ({"nfa": 0.7}, {"nfa": 0.85, "mohw": 0.1}, {"mohw": 0.95}, {"local": 0.95}):
        assert (
            disagreement(candidates(body, text=text), PLAN, "3-1", analysed(body, None)) is None
        )  # not sure, or agreed
