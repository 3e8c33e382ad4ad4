"""An audit with everything in it, made up: what the report's tests show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hyeoksin.audit.counts import plan_nodes
from hyeoksin.audit.result import (
    Agreement,
    Audit,
    ClassQuality,
    Cut,
    Estimate,
    Finding,
    Interval,
    Manifest,
    MethodNote,
    NodeRow,
    Period,
    SampleResult,
    TextRow,
    Topic,
    Word,
)
from hyeoksin.codes import NONE
from hyeoksin.plan import load_plan

HOSTILE = "<script>alert('x')</script><img src=x onerror=alert(1)> ' \" & {{ 7*7 }} $x^2$ =1+1 \x07 😀"
REGIONS = ("서울특별시", "부산광역시", "전라남도", "경상북도", HOSTILE, "제주특별자치도")
YEARS = ("2022", "2023", "2024", "2025")


def full_audit(plan: str = "2019", hostile: bool = True, corrected: bool = True) -> Audit:
    """Return an audit of 12,000 made-up texts; with ``hostile`` titles try to break out of the page."""
    loaded = load_plan(plan)
    nodes = plan_nodes(loaded)
    rng = np.random.default_rng(7)
    bad = HOSTILE if hostile else "야간 진료버스가 마을을 돕니다"
    regions = tuple(bad if name == HOSTILE else name for name in REGIONS)
    cells = [("all", "", 12_000), *(("region", name, 400 * n) for n, name in enumerate(regions, 1))]
    cells += [("year", year, 3_000) for year in YEARS]
    rows = [row for cut, value, n in cells for row in _rows(loaded, cut, value, n, rng, corrected)]
    leaf, other = loaded.leaves[0], loaded.leaves[1]
    findings = (
        _finding("crowded", (leaf.code,), f"{leaf.code} 항목에 글이 몰립니다.", "strong", 0.0004),
        _finding(
            "confused", (leaf.code, other.code), f"{bad} 두 항목이 같은 글을 두고 다툽니다.", "likely", 0.03
        ),
        replace(
            _finding("trend", (nodes[0].code,), "2024년부터 비중이 커졌습니다.", "likely", 0.01),
            cut="year",
            value="2024",
        ),
        _finding("empty", (other.code,), "거의 비어 있습니다.", "weak", None),
    )
    topic = Topic(
        1, f"{bad} 주차", "계획에는 주차 문제의 자리가 없습니다.", (Word("주차", 0.9), Word(bad, 0.4)), 321, 0.08, 0.81,
        leaf.code, 0.12, 4_000, 9_500, {"region": {regions[0]: 200, bad: 121}}, (1, 2),
    )  # fmt: skip
    texts = tuple(
        TextRow(n, f"t{n}", f"{bad}.csv#row={n}", f"{bad} {n}", "연락처 010-1234-5678 로 알려 주세요. " + bad, leaf.code, 0.6, 0.2,
                "서울특별시", "2024", "행정안전부", "제안")
        for n in (1, 2, 3)
    )  # fmt: skip
    return Audit(
        manifest=Manifest(
            ({"name": f"{bad}.csv", "bytes": 1234, "sha256": "ab" * 32, "rows": 12_000},), loaded.id, loaded.sha256,
            "default@00000000", ("region", "year"), 0, {"hyeoksin": "0.1.0", "numpy": "2"}, "따로 둔 글", "cd" * 32,
        ),
        plan_title=loaded.title,
        plan_year=loaded.year,
        nodes=nodes,
        n_texts=12_000,
        n_settled=2_500,
        n_review=5_500,
        n_off_plan=4_000,
        cuts=(
            Cut("all", "전체", ("",), (12_000,)),
            Cut("region", "시도", regions, tuple(400 * n for n in range(1, 7)), 3_600),
            Cut("year", "연도", YEARS, (3_000,) * 4),
        ),
        rows=tuple(rows),
        periods=tuple(
            Period(r.code, r.value, r.texts, r.counted, r.share, r.estimate) for r in rows if r.cut == "year"
        ),
        findings=findings,
        topics=(topic, replace(topic, number=2, name="흔들리는 묶음", stability=0.31, n_texts=40)),
        texts=texts,
        method="확률 보정 집계" if corrected else "",
        estimates=(
            Estimate(leaf.code, "센 것(이항 구간)", Interval(0.1, 0.08, 0.12)),
            Estimate(NONE, "EMQ(구간 없음)", Interval(0.1, 0.1, 0.1)),
        ),
        methods=(MethodNote("추정", f"첫 문단.\n{bad}"),),
        sample=SampleResult(
            "표본.xlsx", "ef" * 32, 200, 198, 0.05, Agreement(50, Interval(0.9, 0.8, 0.96), 0.85, (0.7, 0.95)),
            Interval(0.88, 0.83, 0.92), (ClassQuality(leaf.code, leaf.title, 20, Interval(0.9, 0.7, 0.98), None),), ("층 10개",),
        ),
        notes=("연도를 모르는 글이 많습니다.",),
    )  # fmt: skip


def _rows(plan, cut: str, value: str, n: int, rng: np.random.Generator, corrected: bool) -> list[NodeRow]:
    mass = dict(
        zip([leaf.code for leaf in plan.leaves], rng.dirichlet([0.4] * len(plan.leaves)) * 0.4, strict=True)
    )
    shown = [(node.code, node.title, node.level) for node in plan_nodes(plan)] + [
        (NONE, "계획 밖", "off_plan")
    ]
    rows = []
    for code, title, level in shown:
        below = [leaf.code for leaf in plan.leaves if code in {step.code for step in plan.path(leaf.code)}]
        share = 0.6 if code == NONE else sum(mass[leaf] for leaf in below)
        counted = round(share * n)
        spread = 1.96 * (share * (1 - share) / n) ** 0.5
        value_ = min(1.0, 1.05 * share)
        estimate = (
            Interval(value_, max(0.0, value_ - spread), min(1.0, value_ + spread)) if corrected else None
        )
        rows.append(NodeRow(cut, value, code, title, level, n, counted, counted // 3, counted / n, estimate))  # type: ignore[arg-type]
    return rows


def _finding(kind: str, codes: tuple[str, ...], statement: str, sureness: str, p: float | None) -> Finding:
    return Finding(
        kind,
        codes,
        statement,
        sureness,
        "글 수와 분류기의 오류를 함께 셈했습니다.",
        p_value=p,
        n_texts=40,
        texts=(1, 3, 99),
    )  # type: ignore[arg-type]
