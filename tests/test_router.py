from __future__ import annotations

import numpy as np

from hyeoksin.domain import Document
from hyeoksin.features import Analysed
from hyeoksin.plan import load_plan
from hyeoksin.router import SIGNALS, expected_leads, plan_leads, route, signals

WEIGHTS = {"text": 1.0, "speaker": 4.5, "named": 6.5, "named_early": 1.5, "plan_lead": 0.5, "local_body": 0.5}


def analysed(body: str, date: str | None) -> Analysed:
    document = Document(id="1", text=body, date=date)
    return Analysed(document, body, (), range(len(body) + 1), 0)


def flags(body: str, date: str | None = "2024-06-01", regions: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    classes = ("mois", "mohw", "local")
    candidates = signals(body, date, classes, np.array([0.4, 0.35, 0.25]), {}, bool(regions))
    found = route(candidates, WEIGHTS, analysed(body, date), regions, load_plan("2019"), "3-1")
    return [(flag.role, flag.name) for flag in found]


def test_a_named_agency_leads() -> None:
    assert flags("복지부는 위기가구를 찾는다고 밝혔다.")[0] == ("lead", "보건복지부")


def test_an_agency_that_the_model_never_saw_can_lead_when_named() -> None:
    assert flags("산림청은 산불 감시를 강화한다고 밝혔다. 산림청장은 현장을 찾았다.")[0] == ("lead", "산림청")


def test_the_region_executes_beside_the_ministry() -> None:
    found = flags("행안부는 주민자치를 돕는다고 밝혔다.", regions=("대구광역시 중구",))
    assert found[0] == ("lead", "행정안전부")
    assert found[-1] == ("executing", "대구광역시 중구")


def test_reasons_say_which_signal_spoke() -> None:
    body = "복지부와 협업해 위기가구를 찾는다."
    candidates = signals(body, None, ("mohw",), np.array([0.9]), {}, has_region=False)
    (flag,) = route(candidates, WEIGHTS, analysed(body, "2024-06-01"), (), load_plan("2019"), "3-1")
    assert flag.reasons == (
        "글에 나옴: 복지부 (0-3)",
        "글이 협업 기관으로 부름",
        "2019 계획 3-1 주관기관",
        "본문 모형 0.90",
    )


def test_printed_leads_are_read_at_the_plans_year() -> None:
    assert plan_leads(load_plan("2019"), "1-1") == ("moef",)
    share = expected_leads(load_plan("2019"), np.eye(20)[0])
    assert share["moef"] == 1.0
    assert sum(share.values()) == 1.0


def test_signals_have_one_row_per_candidate() -> None:
    candidates = signals("조달청과 중기부가 함께", None, ("mois",), np.array([1.0]), {}, has_region=False)
    assert candidates.agencies == ("mois", "pps", "mss")
    assert candidates.values.shape == (3, len(SIGNALS))
