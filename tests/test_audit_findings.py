from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from typer.testing import CliRunner

from audit_cases import MODEL, prediction, probabilities, saved
from hyeoksin.audit import Audit, audit
from hyeoksin.audit.counts import Cell
from hyeoksin.audit.findings import _leads, _sizes
from hyeoksin.audit.intervals import weighted, wilson
from hyeoksin.audit.patterns import (
    _caution,
    _Change,
    _change,
    _changed,
    _concentration,
    _excesses,
    _told,
    changes,
)
from hyeoksin.audit.places import Counts, bound
from hyeoksin.audit.report import page
from hyeoksin.audit.result import Interval
from hyeoksin.audit.rows import text_rows
from hyeoksin.audit.table import Table, Theme
from hyeoksin.audit.topics import _clustered
from hyeoksin.cli import app
from hyeoksin.codes import NONE
from hyeoksin.domain import AgencyFlag, Prediction
from hyeoksin.held_out import HeldOut, save_held_out
from hyeoksin.plan import Leads, load_plan

PLAN = load_plan("2019")
BUS = "마을버스 노선과 배차 간격을 늘려 달라는 승객의 요구"
TREE = "가로수 가지치기와 병해충 방제, 나무 심기 행사"
CLERK = "직장 회식 예절과 휴가 사용 눈치"


def _texts() -> list[Prediction]:
    """3-1 crowds and sits in 목포 and late, 6-2 is second to 6-1 only, 1-1 and 1-2 waver, strategies end above a leaf."""
    rng = np.random.default_rng(0)
    found = []
    months = [f"2024-{month:02d}-15" for month in range(1, 13)]
    for i in range(400):
        late = i % 12 >= 6
        place = "서울특별시" if i % 3 else "전라남도 목포시"
        if i % 8 == 0:
            leaves = {"6-1": 0.6, "6-2": 0.3}
        elif i % 8 == 1:
            leaves = {"1-1": 0.45, "1-2": 0.4} if rng.random() < 0.5 else {"1-2": 0.45, "1-1": 0.4}
        elif place.startswith("전라") and late:
            leaves = {"3-1": 0.9}
        elif i % 8 == 2:
            leaves = {"5-1": 0.8}
        else:
            leaves = {"3-1": 0.1}
        text = {0: BUS, 1: TREE, 2: CLERK}[i // 3 % 3]
        found.append(
            prediction(
                PLAN, i, leaves, date=months[i % 12], region=place, title=f"{text}", text=f"{text} 건의"
            )
        )
    return found


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Audit:
    path = saved(_texts(), tmp_path_factory.mktemp("audit") / "records.parquet")
    return audit(path, by=["region", "year"], model=path.parent)


def test_findings_name_what_was_planted(found: Audit) -> None:
    kinds = {(f.kind, f.codes) for f in found.findings}
    assert ("crowded", ("3-1",)) in kinds
    empty = next(f for f in found.findings if f.kind == "empty" and f.codes == ("9-2",))
    assert empty.statement.endswith("건 가운데 한 건도 없습니다.")
    assert re.search(r"배\(글 \d+건\)입니다\.$", empty.why_sure)
    assert ("second_choice", ("6-2",)) in kinds
    assert ("confused", ("1-1", "1-2")) in kinds
    places = {f.value for f in found.findings if f.kind == "concentrated" and f.codes == ("3-1",)}
    assert places == {"전라남도"}
    (trend,) = [f for f in found.findings if f.kind == "trend" and f.codes == ("3-1",)]
    assert trend.value == "2024-07"
    assert "2024-07 앞에는 없던 글" in trend.statement  # and a ratio to nothing is none
    assert trend.effect is None


def test_a_large_leaf_that_wavers_says_nothing_of_a_small_one_that_does_not(tmp_path: Path) -> None:
    large = [{"1-1": 0.45, "1-2": 0.4}] * 15 + [{"1-1": 0.9}] * 35
    leaves = [*large, *[{"1-2": 0.9}] * 20]
    texts = [
        prediction(PLAN, i, one, date="2024-01-15", title=BUS, text=f"{BUS} {i}")
        for i, one in enumerate(leaves)
    ]
    path = saved(texts, tmp_path / "records.parquet")
    assert "confused" not in {f.kind for f in audit(path, by=["year"], model=tmp_path).findings}


def test_a_leaf_without_a_counted_text_is_empty_only_where_the_estimate_says_so(tmp_path: Path) -> None:
    """9-2 is never answered, but off-plan answers hide its texts: the corrected share is large."""
    rng = np.random.default_rng(0)
    codes = [leaf.code for leaf in PLAN.leaves]
    classes = (*codes, NONE)
    truth = rng.choice(len(classes), 3_000)
    said = probabilities(truth, len(classes), rng)
    column = codes.index("9-2")
    said[:, column] /= 1_000
    said /= said.sum(axis=1, keepdims=True)
    said[truth == column] = 0.55 * np.eye(len(classes))[-1] + 0.45 * np.eye(len(classes))[column]
    held = HeldOut(PLAN.id, PLAN.sha256, classes, said, truth, np.ones(len(truth)), "시험 글")
    save_held_out([held], MODEL, tmp_path)
    records = [
        prediction(PLAN, i, dict(zip(codes, row, strict=False))) for i, row in enumerate(said.tolist())
    ]
    found = audit(saved(records, tmp_path / "records.jsonl"), model=tmp_path)
    row = next(row for row in found.cells() if row.code == "9-2")
    assert row.estimate is not None
    assert row.estimate.value > 0.02
    said_of = {f.kind for f in found.findings if f.codes == ("9-2",)}
    assert row.counted == 0
    assert "empty" not in said_of


def test_texts_of_local_governments_do_not_speak_against_the_printed_leads(tmp_path: Path) -> None:
    leaf = next(leaf for leaf in PLAN.leaves if PLAN.leads_for(leaf.code).agencies)
    flags = [
        AgencyFlag("local", "지방자치단체 (전라남도 목포시)", "lead", 0.9),
        AgencyFlag("kma", "기상청", "lead", 0.9),
        AgencyFlag("local", "지방자치단체 (경기도 수원시)", "lead", 0.9),
        AgencyFlag("kma", "기상청", "lead", 0.9),
    ]
    texts = [replace(prediction(PLAN, i, {leaf.code: 0.9}), agencies=(flags[i % 4],)) for i in range(40)]
    path = saved(texts, tmp_path / "records.parquet")
    (finding,) = [f for f in audit(path, model=tmp_path).findings if f.kind == "lead_mismatch"]
    assert finding.n_texts == 20
    assert {row % 2 for row in finding.texts} == {1}
    found = audit(path, by=["agency"], model=tmp_path)
    assert next(cut for cut in found.cuts if cut.name == "agency").values == ("기상청", "지방자치단체")


def test_a_lead_under_a_former_name_is_no_other_agency(tmp_path: Path) -> None:
    leaf = next(n for n in PLAN.leaves if PLAN.leads_for(n.code).agencies == ("행안부",))
    flags = {
        0: AgencyFlag("mospa", "안전행정부", "lead", 0.9),
        1: AgencyFlag("mois", "행정안전부", "lead", 0.9),
    }
    texts = [
        replace(
            prediction(PLAN, i, {leaf.code: 0.9}),
            agencies=(flags.get(i % 8, AgencyFlag("kma", "기상청", "lead", 0.9)),),
        )
        for i in range(80)
    ]
    found = audit(saved(texts, tmp_path / "records.parquet"), model=tmp_path, topic_texts=0)
    (finding,) = [f for f in found.findings if f.kind == "lead_mismatch"]
    assert finding.statement.endswith("(행안부)이 맡을 글은 25%뿐이고 다른 기관이 더 보입니다: 기상청 60건.")
    assert {row % 8 for row in finding.texts}.isdisjoint(flags)


def test_another_branch_of_the_split_that_the_printed_lead_came_from_is_another_agency(
    tmp_path: Path,
) -> None:
    leaf = next(n for n in PLAN.leaves if PLAN.leads_for(n.code).agencies == ("행안부",))
    nodes = (replace(node, leads=Leads(("재정경제부",))) if node == leaf else node for node in PLAN.nodes)
    plan = replace(PLAN, year=2026, nodes=tuple(nodes))
    counts = (("mpb", "기획예산처", 60), ("mofe", "재정경제부", 10), ("moef", "기획재정부", 10))
    records = [(leaf.code, *row) for row in counts]
    table = SimpleNamespace(plan=plan, rows=lambda sql, *_: records if "agency," in sql else [])
    (finding,) = _leads(table)
    assert "(재정경제부)이 맡을 글은 25%뿐이고 다른 기관이 더 보입니다: 기획예산처 60건." in finding.statement


def test_every_finding_is_sure_of_something_and_its_texts_are_there(found: Audit) -> None:
    known = {text.row for text in found.texts}
    for finding in found.findings:
        assert finding.statement.endswith((".", "다."))
        assert finding.why_sure
        assert set(finding.texts) <= known
        assert finding.texts or finding.kind in ("empty", "lacking")
    text = next(t for t in found.texts if t.code == "3-1")
    assert text.excerpt


def test_an_excerpt_is_masked_before_it_is_cut() -> None:
    body = "가" * 187 + "900101-1234567 로 조회"
    found = SimpleNamespace(
        fetchall=lambda: [(0, "1", "a", "제목", body, "3-1", 0.9, 0.0, None, None, None, None)]
    )
    table = Table(SimpleNamespace(execute=lambda *_: found), PLAN, 1, "m", True)
    (row,) = text_rows(table, [0])
    assert row.excerpt == "가" * 187 + "******-******"


def test_topics_are_found_named_and_repeat(found: Audit) -> None:
    assert found.topics_unsought == ""
    assert found.topics
    words = {word.word for topic in found.topics for word in topic.words}
    assert words & {"마을버스", "노선", "배차", "승객"}
    assert words & {"가로수", "방제", "나무"}
    assert all(0 <= topic.stability <= 1 for topic in found.topics)
    n_all = sum(row.counted for row in found.cells() if row.code == NONE)
    for topic in found.topics:
        assert topic.n_texts <= topic.n_seen <= topic.n_all
        assert topic.n_all >= n_all
        assert f"살펴본 {topic.n_seen}건(모두 {topic.n_all}건) 가운데 {topic.n_texts}건" in topic.statement
    assert Audit.from_json(found.to_json()) == found


def test_a_theme_with_more_texts_than_a_cluster_holds_is_one_topic() -> None:
    rng = np.random.default_rng(4)
    points = np.repeat(np.eye(8)[:2], (500, 100), axis=0) + rng.normal(0, 0.15, (600, 8))
    places, centres = _clustered(points / np.linalg.norm(points, axis=1, keepdims=True), 6, 0)
    assert len(centres) == 2
    assert np.bincount(places).tolist() in ([500, 100], [100, 500])
    assert np.abs(centres).max(axis=1) == pytest.approx(np.ones(2), abs=0.01)


def test_without_pattern_tests_seldom_cry() -> None:
    rng = np.random.default_rng(1)
    texts = np.array([[200] * 12, [50] * 12])
    small = 0
    for _ in range(60):
        node = np.stack(
            [rng.multivariate_hypergeometric(row, n) for row, n in zip(texts, (100, 10), strict=True)]
        )
        counts = Counts(tuple(map(str, range(12))), texts, {"x": node})
        change = _change(counts, "x", rng)
        assert change is not None
        found = [change, *_excesses("region", counts, "x", rng)]
        small += sum(one.p_value < 0.05 for one in found)
    assert small <= 18  # 9 expected of 180


def test_none_or_all_of_the_texts_in_one_place_are_as_unlikely_as_they_are_however_numbers_round() -> None:
    rng = np.random.default_rng(0)
    for n, share, spread in zip(
        rng.integers(10, 60, 300).tolist(), rng.random(300), rng.uniform(0.5, 4, 300), strict=True
    ):
        expected = np.array([n * share])
        for seen, likely in ((0, (1 - share) ** n), (n, share**n)):
            assert bound(expected, (seen - expected) / spread * spread, n) >= 0.999 * likely


def test_one_place_stands_out_among_hundreds_that_do_not(tmp_path: Path) -> None:
    """Adjusted for all nodes and places, a p-value of one in some thousand draws would say nothing."""
    rng = np.random.default_rng(3)
    leaves = [leaf.code for leaf in PLAN.leaves]
    places = ("서울특별시", "부산광역시", "대구광역시", "전라남도")
    texts = []
    for i in range(3_000):
        place = places[i % 4]
        code = leaves[int(rng.integers(len(leaves)))]
        if place == "전라남도" and code == "9-1":
            code = "9-2"
        texts.append(
            prediction(
                PLAN,
                i,
                {code: 0.9},
                date=f"2024-{1 + i % 11:02d}-02",
                region=place,
                source=f"{i % 7}.csv",
                agency=f"{code} 기관",
            )
        )
    found = audit(
        saved(texts, tmp_path / "a.parquet"), by=["region", "agency", "kind"], model=tmp_path, topic_texts=0
    )
    patterns = [f for f in found.findings if f.kind in ("concentrated", "lacking", "trend")]
    assert {(f.kind, f.codes, f.value) for f in patterns} == {
        ("concentrated", ("9-2",), "전라남도"),
        ("lacking", ("9-1",), "전라남도"),
    }
    lacking = next(f for f in patterns if f.kind == "lacking")
    assert lacking.sureness == "strong"
    assert "시도 '전라남도' 에 한 건도 없습니다. 같은 종류의 글에서 기대한 것은 " in lacking.statement
    assert lacking.texts == ()


def test_a_node_above_another_finding_says_where_it_may_come_from(found: Audit) -> None:
    """All texts of 3-1 are those of the task and half of those of the strategy above it."""
    patterns = {
        (f.kind, f.codes[0]): f
        for f in found.findings
        if f.kind in ("concentrated", "trend") and f.cut in ("all", "region")
    }
    for kind in ("concentrated", "trend"):
        assert "아래 항목" not in patterns[kind, "3-1"].why_sure
        assert "아래 항목 3-1 에서 온 것일 수 있습니다." in patterns[kind, "3"].why_sure


def test_what_is_outside_the_plan_is_looked_at_like_a_node(tmp_path: Path) -> None:
    texts = [
        prediction(
            PLAN,
            i,
            {} if i % 3 == 0 or (i % 2 and i >= 300) else {PLAN.leaves[i % 20].code: 0.9},
            date=f"{2023 + i // 300}-{1 + i % 12:02d}-02",
            region="서울특별시" if i % 2 else "부산광역시",
        )
        for i in range(600)
    ]
    found = audit(saved(texts, tmp_path / "a.parquet"), by=["region"], model=tmp_path, topic_texts=0)
    outside = {f.kind: f for f in found.findings if f.codes == (NONE,)}
    assert outside["concentrated"].statement == (
        "계획 밖: 시도 '서울특별시' 에 200건, 같은 종류의 글에서 기대한 150건의 1.3배입니다."
    )
    assert "2024-01 부터 비중이 그 앞의 2.0배로 늘었습니다." in outside["trend"].statement
    known = {text.row: text for text in found.texts}
    assert {known[row].off_plan for row in outside["trend"].texts} == {1.0}


def test_a_topic_that_grows_or_gathers_in_a_place_is_a_finding(tmp_path: Path) -> None:
    """Texts on buses come in from July and from one place only; those on trees and clerks stay as they are."""
    texts = []
    for i in range(960):
        month, place, turn = 1 + i % 12, i // 12 % 2, i // 24 % 4
        late = month >= 7 and place == 0
        text = {0: TREE, 1: CLERK, 2: BUS if late else "", 3: ""}[turn]
        leaves = {"3-1": i / 9600} if text else {PLAN.leaves[i % 20].code: 0.9}
        region = ("전라남도 목포시", "서울특별시")[place]
        date = f"2024-{month:02d}-15"
        texts.append(
            prediction(
                PLAN,
                i,
                leaves,
                date=date,
                region=region,
                title=text,
                text=f"{text} 건의",
                source=f"{i % 5}.csv",
            )
        )
    path = saved(texts, tmp_path / "a.parquet")
    found = audit(path, by=["region", "kind"], model=tmp_path)
    (bus,) = [t for t in found.topics if {"마을버스", "노선"} & {word.word for word in t.words}]
    patterns = {(f.kind, f.value): f for f in found.findings if f.codes[0].startswith("주제")}
    assert {f.codes for f in patterns.values()} == {(f"주제 {bus.number}",)}
    assert set(patterns) == {("concentrated", "전라남도"), ("lacking", "서울특별시"), ("trend", "2024-07")}
    assert patterns["concentrated", "전라남도"].statement == (
        f"주제 {bus.number} {bus.name}: 시도 '전라남도' 에 60건, 같은 종류의 글에서 기대한 30건의 2.0배입니다."
    )
    assert "2024-07 앞에는 없던 글이 그 뒤 60건" in patterns["trend", "2024-07"].statement
    assert patterns["trend", "2024-07"].texts[:10] == bus.texts
    assert {f.sureness for f in patterns.values()} == {"strong"}
    known = {text.row: text for text in found.texts}
    assert all(known[row].title == BUS for f in patterns.values() for row in f.texts)
    assert "한쪽에 몰린 항목·주제 (" in page(found)
    some = audit(path, by=["region"], model=tmp_path, topic_texts=400)
    gathered = [f for f in some.findings if f.codes[0].startswith("주제") and f.kind == "concentrated"]
    assert "(살펴본 400건에서): 시도 '전라남도' 에 " in gathered[0].statement


def test_a_loose_topic_is_never_sure() -> None:
    counts = Counts(("가", "나"), np.array([[500, 500]]), {"주제 1": np.array([[80, 2]])})
    excess, _ = _excesses("region", counts, "주제 1", np.random.default_rng(0))
    for caution, sureness in (("", "strong"), (" 흔들립니다.", "likely")):
        themes = {"주제 1": Theme("주제 1 버스", (1, 0), caution)}
        table = Table(
            SimpleNamespace(execute=lambda *_: SimpleNamespace(fetchall=list)),
            PLAN,
            1,
            "m",
            True,
            themes=themes,
        )
        finding = _concentration(table, excess, SimpleNamespace(cells={}), "")  # type: ignore[arg-type]
        change = _Change("주제 1", Interval(3.0, 2.0, 4.0), 0.001, 1, 20, 60)
        trend = _changed(table, counts, change, "", "")
        for one in (finding, trend):
            assert (one.sureness, one.why_sure.endswith(caution)) == (sureness, True)


def test_kinds_of_texts_are_kept_apart() -> None:
    """A node that only one kind has, and that kind only late, did not change."""
    rng = np.random.default_rng(2)
    texts = np.array([[100] * 6 + [0] * 6, [0] * 6 + [100] * 6])
    node = np.array([[5] * 6 + [0] * 6, [0] * 6 + [40] * 6])
    change = _change(Counts(tuple(map(str, range(12))), texts, {"x": node}), "x", rng)
    assert change is None or change.p_value > 0.2


def _files(name: Callable[[int, int], str], years: tuple[int, ...] = (2023, 2024)) -> list[Prediction]:
    """3-1 is a twentieth of the texts, but all of those of 부산 in the last year."""
    found = []
    for i in range(600):
        year, busan = years[i * len(years) // 600], i % 4 == 1
        hot = (busan and year == years[-1]) or i % 20 == 0
        place = "부산광역시" if busan else "서울특별시"
        leaves = {"3-1" if hot else "5-2": 0.9}
        date = f"{year}-{1 + i % 12:02d}-02"
        found.append(prediction(PLAN, i, leaves, date=date, region=place, source=name(year, busan)))
    return found


@pytest.mark.parametrize(
    ("name", "kind", "told"),
    [
        (lambda year, _: f"{year}년 과제.xlsx", "trend", "파일이 곧 시기인 글"),
        (lambda _, busan: f"{busan}구.xlsx", "concentrated", "파일이 곧 시도인 글"),
    ],
)
def test_files_that_are_years_or_regions_are_compared_to_each_other(
    tmp_path: Path, name: Callable[[int, int], str], kind: str, told: str
) -> None:
    texts = [_files(lambda *_: "모음.xlsx"), _files(name)]
    paths = [saved(one, tmp_path / f"{i}.parquet") for i, one in enumerate(texts)]
    whole, parts = (
        [f for f in audit(p, by=["region"], model=tmp_path, topic_texts=0).findings if f.kind == kind]
        for p in paths
    )
    one, other = ([f for f in some if f.codes == ("3-1",)] for some in (whole, parts))
    assert [f.value for f in one] == [f.value for f in other] != []
    assert one[0].sureness == "strong"
    assert other[0].sureness == "likely"  # it may be the files that differ
    assert told in other[0].why_sure
    assert told not in one[0].why_sure


def test_files_of_several_years_apart_are_not_compared_and_that_is_told(tmp_path: Path) -> None:
    texts = _files(lambda year, _: "앞.xlsx" if year < 2023 else "뒤.xlsx", (2021, 2022, 2023, 2024))
    found = audit(saved(texts, tmp_path / "a.parquet"), by=["region"], model=tmp_path, topic_texts=0)
    assert any("파일끼리 시기가 겹치지 않아" in note for note in found.notes)


def test_findings_show_their_own_texts_where_ids_repeat(tmp_path: Path) -> None:
    texts = [
        prediction(PLAN, i, {code: 0.9}, source=f"{code}.csv", title=code)
        for code in ("1-1", "3-1")
        for i in range(20)
    ]
    found = audit(saved(texts, tmp_path / "a.parquet"), by=["region"], model=tmp_path, topic_texts=0)
    place = {text.row: text for text in found.texts}
    crowded = [f for f in found.findings if f.kind == "crowded"]
    assert {f.codes for f in crowded} == {("1-1",), ("3-1",)}
    for finding in crowded:
        assert {(place[row].code, place[row].title) for row in finding.texts} == {finding.codes * 2}


def test_two_texts_say_nothing_of_the_plan_and_a_wide_interval_little(tmp_path: Path) -> None:
    few = [prediction(PLAN, 0, {"3-1": 0.9}), prediction(PLAN, 1, {})]
    assert audit(saved(few, tmp_path / "few.parquet"), model=tmp_path, topic_texts=0).findings == ()
    some = [prediction(PLAN, i, {PLAN.leaves[i // 2].code: 0.9}) for i in range(12)]
    found = audit(saved(some, tmp_path / "some.parquet"), model=tmp_path, topic_texts=0).findings
    crowded = [f for f in found if f.kind == "crowded"]
    assert crowded
    for finding in crowded:
        assert finding.effect is not None
        assert (finding.sureness == "weak") == (finding.effect.low <= 1)


def test_a_crowded_leaf_is_told_by_the_share_that_its_multiple_is_of() -> None:
    table = SimpleNamespace(plan=PLAN, rows=lambda *_: [])
    whole = Cell(1_000, Counter({PLAN.leaves[0].code: 60, PLAN.leaves[1].code: 40, NONE: 900}))
    share = SimpleNamespace(projected=[0.6, 0.4], interval=lambda _: Interval(0.2, 0.18, 0.22))
    for corrected, told in (
        (None, "60.0%가 몰립니다(센 글은 100건 가운데 60건)."),
        (
            SimpleNamespace(cells={("all", ""): share}),
            "33.3%가 몰린 것으로 추정합니다(센 글은 100건 가운데 60건).",
        ),
    ):
        first = next(_sizes(table, whole, corrected))  # type: ignore[arg-type]
        assert (first.kind, first.codes) == ("crowded", (PLAN.leaves[0].code,))
        assert first.statement.endswith(told)


def test_a_place_without_an_estimate_of_its_own_is_not_sure() -> None:
    counts = Counts(("가", "나"), np.array([[50, 50]]), {"3-1": np.array([[40, 2]])})
    excess, _ = _excesses("district", counts, "3-1", np.random.default_rng(0))
    whole, other = ("all", ""), ("district", "그 밖")
    for cells, refused, told in (
        ([whole, other], False, "글이 적은 곳이라"),
        ([whole], True, "표본과 어긋나"),
        ([whole], False, "오류를 잰 기록이 없어"),
    ):
        corrected = SimpleNamespace(cells=dict.fromkeys(cells), refused=refused)
        assert told in _caution(None, excess, corrected)  # type: ignore[arg-type]
    assert _caution(None, excess, None) == ""  # type: ignore[arg-type]


def test_a_finding_is_sure_where_the_corrected_interval_lies_apart_on_its_side() -> None:
    counts = Counts(("가", "나"), np.array([[50, 50]]), {"3-1": np.array([[40, 2]])})
    up, down = _excesses("region", counts, "3-1", np.random.default_rng(0))
    assert (up.place, down.place) == ("가", "나")
    high, middle, low = (
        SimpleNamespace(interval=lambda _, x=x: Interval(x, x - 0.1, x + 0.1)) for x in (0.8, 0.5, 0.2)
    )
    table = SimpleNamespace(plan=PLAN)
    for of_first, of_second, told in (
        (high, low, ""),
        (low, high, "갈라지지 않습니다"),
        (middle, middle, "갈라지지"),
    ):
        cells = {("region", "가"): of_first, ("region", "나"): of_second, ("all", ""): middle}
        for one in (up, down):
            caution = _caution(table, one, SimpleNamespace(cells=cells))  # type: ignore[arg-type]
            assert (told in caution) if told else caution == ""


def test_a_handful_of_texts_is_no_concentration(tmp_path: Path) -> None:
    found = []
    for n in (4, 5):
        texts = [prediction(PLAN, i, {"5-1": 0.9}, region="서울특별시") for i in range(500)]
        texts += [prediction(PLAN, i, {"9-2": 0.9}, region="서울특별시") for i in range(8)]
        texts += [prediction(PLAN, i, {"9-2": 0.9}, region="제주특별자치도") for i in range(n)]
        path = saved(texts, tmp_path / f"{n}.parquet")
        findings = audit(path, by=["region"], model=tmp_path, topic_texts=0).findings
        found.append({f.value for f in findings if f.kind == "concentrated" and f.codes == ("9-2",)})
    assert found == [set(), {"제주특별자치도"}]


def test_a_change_to_or_from_nothing_is_told_in_texts() -> None:
    ratio = Interval(61.0, 3.7, 995.0)
    assert (
        _told(_Change("3-1", ratio, 0.001, 6, 0, 30), "2024-07")
        == "2024-07 앞에는 없던 글이 그 뒤 30건 있습니다."
    )
    assert "사라졌습니다" in _told(_Change("3-1", ratio, 0.001, 6, 30, 0), "2024-07")
    assert "61.0배로 늘었습니다" in _told(_Change("3-1", ratio, 0.001, 6, 1, 61), "2024-07")


def test_a_change_that_nobody_would_notice_is_no_finding() -> None:
    months = tuple(f"2024-{month:02}" for month in range(1, 9))
    shares = np.array([[4_750] * 4 + [4_900] * 4])
    counts = Counts(months, np.full((1, 8), 5_000), {NONE: shares})
    change = _change(counts, NONE, np.random.default_rng(0))
    assert change is not None
    assert change.p_value < 0.01
    assert 1 < change.times < 1.05
    assert not list(changes(None, counts, [NONE], np.random.default_rng(0)))  # type: ignore[arg-type]


def test_intervals() -> None:
    assert wilson(0, 20).low == 0
    assert 0.1 < wilson(0, 20).high < 0.2
    assert wilson(5, 10).value == 0.5
    assert weighted(np.array([1.0, 0.0]), np.array([3.0, 1.0])).value == 0.75


def test_topics_that_nobody_looked_for_are_not_missing(tmp_path: Path) -> None:
    records = saved(_texts()[:80], tmp_path / "records.jsonl")
    place = tmp_path / "a.html"
    run = CliRunner().invoke(app, ["audit", str(records), "--model", str(tmp_path), "-o", str(place)])
    assert run.exit_code == 0, run.output
    assert "빠진 주제 살펴보지 않음" in run.stderr
    assert "결과(JSONL)에 글이 없습니다" in run.stderr
    said = place.read_text(encoding="utf-8")
    assert "결과(JSONL)에 글이 없습니다" in said
    assert "이런 묶음을 찾지 못했습니다" not in said
    assert "--topics 0" in audit(records, model=tmp_path, topic_texts=0).topics_unsought
    few = audit(saved(_texts()[:8], tmp_path / "few.parquet"), model=tmp_path)
    assert "건뿐입니다" in few.topics_unsought
