from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import openpyxl
import pytest
from typer.testing import CliRunner

from audit_cases import MODEL, drawn, prediction, probabilities, saved
from hyeoksin.audit import Audit, audit, draw_sample
from hyeoksin.audit.coded import _agreement, _truth, input_hash
from hyeoksin.audit.sample import allocate, draw, estimate, sample_size, strata
from hyeoksin.audit.sheet import read_sheet
from hyeoksin.audit.table import Records, opened
from hyeoksin.cli import app
from hyeoksin.codes import NONE
from hyeoksin.errors import InputError
from hyeoksin.held_out import HeldOut, save_held_out
from hyeoksin.plan import load_plan
from hyeoksin.sinks import KEPT

PLAN = load_plan("2024")
CODES = (*(leaf.code for leaf in PLAN.leaves), NONE)


def test_allocation_follows_spread_and_size_and_never_takes_more_than_there_is() -> None:
    rng = np.random.default_rng(0)
    truth = rng.choice(3, 5_000, p=[0.02, 0.18, 0.8])
    found = strata(probabilities(truth, 3, rng))
    taken = allocate(found, 400)
    assert taken.sum() == 400
    assert (taken <= found.sizes).all()
    assert (taken >= np.minimum(found.sizes, 5)).all()
    assert allocate(found, 10**6).tolist() == found.sizes.tolist()
    groups = [[0], [1], [2]]
    assert sample_size(found, groups, 0.02) > sample_size(found, groups, 0.05)
    one, two = draw(found, taken, 1), draw(found, taken, 1)
    np.testing.assert_array_equal(one, two)
    assert np.bincount(found.place[one]).tolist() == taken.tolist()


def test_estimates_from_a_sample_hold_even_where_the_classifier_is_biased() -> None:
    rng = np.random.default_rng(1)
    hits, wrong, alone = [], [], []
    for _ in range(60):
        truth = rng.choice(4, 2_000, p=[0.05, 0.1, 0.15, 0.7])
        p = probabilities(truth, 4, rng, 2.0)
        p[:, 0] += 0.3  # cries for the first class
        p /= p.sum(axis=1, keepdims=True)
        layers = strata(p)
        rows = draw(layers, allocate(layers, 300), int(rng.integers(10**6)))
        said = np.eye(4)[truth[rows]]
        share = np.bincount(truth, minlength=4) / len(truth)
        found = estimate(p.mean(axis=0), p[rows], said, layers.place[rows], layers.sizes)
        plain = estimate(p.mean(axis=0), 0 * p[rows], said, layers.place[rows], layers.sizes)
        assert found.values.sum() == pytest.approx(1.0)
        assert found.covariance.sum(axis=0) == pytest.approx(np.zeros(4), abs=1e-12)
        whole = found.interval([0, 1, 2, 3])
        assert (whole.low, whole.value, whole.high) == pytest.approx((1.0, 1.0, 1.0))
        intervals = [found.interval([j]) for j in range(4)]
        hits += [i.low <= s <= i.high for i, s in zip(intervals, share, strict=True)]
        wrong.append(np.abs(found.values - share).mean())
        alone.append(np.abs(plain.values - share).mean())
    assert 0.91 <= np.mean(hits) <= 0.995
    assert np.mean(wrong) < np.mean(alone)


def test_a_rare_class_that_was_not_drawn_stays_in_the_interval() -> None:
    place, sizes = np.repeat([0, 1], 60), np.array([1_000, 1_000])
    truth = np.eye(3)[np.repeat([2, 0], 60)]
    found = estimate(np.array([0.5, 0.0, 0.5]), truth, truth, place, sizes)
    # ten texts of 2,000 hide easily in strata whose 60 codes are all alike
    assert found.interval([1]).high > 0.005
    assert found.covariance.sum(axis=0) == pytest.approx(np.zeros(3), abs=1e-12)


@pytest.mark.parametrize("codes", [[0, 3], [3, 3], [0, 1], [0, 1, 2, 3] * 5])
def test_no_class_is_closed_on_by_codes_that_differ_among_others(codes: list[int]) -> None:
    truth, place = np.eye(5)[codes], np.zeros(len(codes), int)
    found = estimate(np.full(5, 0.2), 0 * truth, truth, place, np.array([10_000]))
    variances = np.diag(found.covariance)
    unseen = 1 / 5 / (len(codes) + 1)
    assert variances.min() > 0.8 * unseen * (1 - unseen) / len(codes)
    assert found.covariance.sum(axis=0) == pytest.approx(np.zeros(5), abs=1e-12)
    assert np.linalg.eigvalsh(found.covariance).min() > -1e-12


def test_values_that_tell_nothing_leave_the_interval_as_it_is_without_them() -> None:
    rng = np.random.default_rng(2)
    truth, place = np.eye(2)[rng.integers(0, 2, 400)], np.zeros(400, int)
    noise = rng.dirichlet([0.1, 0.1], 400)
    found, plain = (
        estimate(np.array([0.5, 0.5]), values, truth, place, np.array([4_000]))
        for values in (noise, 0 * noise)
    )
    assert np.trace(found.covariance) < 1.05 * np.trace(plain.covariance)
    assert found.values == pytest.approx(plain.values, abs=0.02)


def test_the_more_of_a_stratum_is_coded_the_less_is_left_to_chance() -> None:
    truth, place = np.eye(2)[np.arange(90) % 2], np.zeros(90, int)
    most, few = (
        estimate(np.zeros(2), 0 * truth, truth, place, np.array([size])).covariance[0, 0]
        for size in (100, 10**9)
    )
    assert most == pytest.approx(0.1 * few)


def test_what_coders_agreed_on_stands_over_what_they_said_apart() -> None:
    codes = ((CODES[0], CODES[1]), (CODES[0], CODES[1]), (CODES[2], None), (None, None))
    coded = SimpleNamespace(codes=codes, agreed=(None, CODES[3], None, None), texts=codes)
    truth, kept, notes = _truth(coded, CODES)  # type: ignore[arg-type]
    assert kept == [0, 1, 2]
    assert [{CODES[j]: row[j] for j in np.flatnonzero(row)} for row in truth] == [
        {CODES[0]: 0.5, CODES[1]: 0.5},
        {CODES[3]: 1.0},
        {CODES[2]: 1.0},
    ]
    assert "글이 1건 있어" in notes[0]
    assert "글 1건은 반씩" in notes[1]


def test_a_stratum_without_codes_leans_on_the_others() -> None:
    truth, place = np.eye(2)[np.arange(100) % 2], np.zeros(100, int)
    values = np.full((100, 2), 0.5)
    bare, whole = (
        estimate(values[0], values, truth, place, np.array(sizes)).contrast(np.array([1.0, 0.0]))[1]
        for sizes in ([50_000, 50_000], [100_000])
    )
    assert bare == pytest.approx(whole, rel=0.01)


def test_rows_are_coded_in_random_order() -> None:
    found = strata(probabilities(np.zeros(400, int), 3, np.random.default_rng(0)))
    rows = draw(found, allocate(found, 200), 0)
    assert abs(np.corrcoef(rows, np.arange(len(rows)))[0, 1]) < 0.2


@pytest.fixture
def drawn_sheet(tmp_path: Path) -> tuple[Path, Path, np.ndarray]:
    """Records with their model folder, the sheet drawn from them, and the truth of every record."""
    rng = np.random.default_rng(3)
    mix = np.append(np.full(len(PLAN.leaves), 0.4 / len(PLAN.leaves)), 0.6)
    truth = rng.choice(len(CODES), 900, p=mix)
    path = saved(drawn(PLAN, truth, rng), tmp_path / "records.parquet")
    known = rng.choice(len(CODES), 2_000, p=mix)
    held = HeldOut(
        PLAN.id, PLAN.sha256, CODES, probabilities(known, len(CODES), rng), known, np.ones(2_000), "시험 글"
    )
    save_held_out([held], MODEL, tmp_path)
    sheet = tmp_path / "표본.xlsx"
    n = draw_sample(path, sheet, "2024", margin=0.05, coders=2, model=tmp_path)
    assert 100 < n < 900
    return path, sheet, truth


def _fill(sheet: Path, truth: np.ndarray, second_wrong: int = 5) -> None:
    book = openpyxl.load_workbook(sheet)
    page = book["코딩"]
    for number in range(2, page.max_row + 1):
        code = CODES[truth[int(str(page.cell(number, 2).value)[1:])]]
        page.cell(number, 6).value = f"{code} 이름"
        page.cell(number, 7).value = "계획 밖" if number < 2 + second_wrong else code
    book.save(sheet)


def test_a_coded_sheet_comes_back_as_agreement_quality_and_shares(
    drawn_sheet: tuple[Path, Path, np.ndarray],
) -> None:
    path, sheet, truth = drawn_sheet
    _fill(sheet, truth)
    found = audit(path, "2024", model=path.parent, topic_texts=0, coded=sheet)
    assert Audit.from_json(found.to_json()) == found
    shares = {row.code: row.estimate.value for row in found.cells() if row.estimate is not None}
    assert sum(shares[code] for code in CODES) == pytest.approx(1.0, abs=1e-5)
    for node in found.nodes:
        below = [shares[child.code] for child in found.nodes if child.parent == node.code]
        assert not below or sum(below) == pytest.approx(shares[node.code], abs=1e-5)
    sample = found.sample
    assert sample is not None
    assert sample.agreement is not None
    assert sample.agreement.kappa is not None
    assert sample.agreement.kappa_interval is not None
    low, high = sample.agreement.kappa_interval
    assert 0.9 < sample.agreement.kappa < 1
    assert low <= sample.agreement.kappa <= high
    assert 0.6 < sample.accuracy.value < 1
    assert {one.code for one in sample.classes} <= set(CODES)
    off = next(row for row in found.cells() if row.code == NONE)
    assert off.estimate is not None
    assert off.estimate.low - 0.02 <= (truth == len(CODES) - 1).mean() <= off.estimate.high + 0.02
    assert any("갈리고" in note for note in sample.notes)


def test_a_sheet_with_agreed_codes_alone_is_read(drawn_sheet: tuple[Path, Path, np.ndarray]) -> None:
    path, sheet, truth = drawn_sheet
    with pytest.raises(InputError, match="코딩한 줄이 하나도 없습니다"):
        audit(path, "2024", model=path.parent, topic_texts=0, coded=sheet)
    book = openpyxl.load_workbook(sheet)
    page = book["코딩"]
    assert page.cell(1, 8).value == "합의"
    for number in range(2, page.max_row + 1):
        page.cell(number, 8).value = CODES[truth[int(str(page.cell(number, 2).value)[1:])]]
    book.save(sheet)
    sample = audit(path, "2024", model=path.parent, topic_texts=0, coded=sheet).sample
    assert sample is not None
    assert (sample.n_coded, sample.agreement) == (sample.n_drawn, None)


def test_coders_of_whom_nothing_can_be_shaken_have_no_interval() -> None:
    few, alike = (
        SimpleNamespace(codes=codes) for codes in ([("A", "A"), ("B", "B"), ("A", "A")], [(NONE, NONE)] * 40)
    )
    one, other = _agreement(few, 0), _agreement(alike, 0)  # type: ignore[arg-type]
    assert one is not None
    assert other is not None
    assert (one.kappa, one.kappa_interval) == (1.0, None)
    assert one.agreed.low < 0.5
    assert (other.kappa, other.kappa_interval) == (None, None)


def test_the_report_of_a_coded_sample_speaks_of_it_and_asks_for_no_other(
    drawn_sheet: tuple[Path, Path, np.ndarray],
) -> None:
    path, sheet, truth = drawn_sheet
    _fill(sheet, truth)
    found = audit(path, "2024", model=path.parent, topic_texts=0, coded=sheet)
    assert [one.title for one in found.methods][1:3] == ["표본(전체)", "추정(나눈 칸)"]
    assert "층화 차이 추정" in found.methods[1].text
    assert "확률 보정 세기(나눈 칸)" in found.method
    said = " ".join([*found.notes, *(one.text for one in found.methods)])
    assert "audit-sample" not in said


def test_cells_are_only_counted_where_the_coders_contradict_the_correction(
    drawn_sheet: tuple[Path, Path, np.ndarray],
) -> None:
    path, sheet, truth = drawn_sheet
    _fill(sheet, np.zeros_like(truth), 0)  # nothing is outside, say the coders
    found = audit(path, "2024", model=path.parent, topic_texts=0, coded=sheet)
    assert "어긋나 나눈 칸에는 센 수만 적었습니다" in found.notes[0]
    assert {row.cut == "all" for row in found.rows if row.estimate is not None} == {True}
    assert found.method == "표본을 사람이 분류한 층화 차이 추정(전체)"
    assert "표본의 구간과 겹치지 않으면 쓰지 않고 센 수만 둡니다" in " ".join(n.text for n in found.methods)


def test_a_sample_serves_a_model_whose_errors_nobody_measured(
    drawn_sheet: tuple[Path, Path, np.ndarray],
) -> None:
    path, sheet, truth = drawn_sheet
    _fill(sheet, truth, 0)
    found = audit(path, "2024", model=path.parent / "none", topic_texts=0, coded=sheet)
    off = found.cells()[-1].estimate
    assert off is not None
    assert off.low <= (truth == len(CODES) - 1).mean() <= off.high
    assert all(row.estimate is None for row in found.rows if row.cut != "all")
    assert found.method == "표본을 사람이 분류한 층화 차이 추정(전체)"
    assert "나눈 칸에는 센 수만" in found.notes[0]
    assert found.estimates == ()


def test_a_sample_that_is_kept_among_the_results_is_read_back(
    drawn_sheet: tuple[Path, Path, np.ndarray], tmp_path: Path
) -> None:
    path, _, truth = drawn_sheet
    folder = tmp_path / "결과"
    (folder / "records").mkdir(parents=True)
    path.rename(folder / "records" / "part-000000.parquet")
    sheet = folder / "표본.xlsx"
    draw_sample(folder, sheet, "2024", margin=0.1, coders=2, model=tmp_path)
    _fill(sheet, truth)
    (folder / "감사.json").write_text("{}", encoding="utf-8")
    found = audit(folder, "2024", model=tmp_path, topic_texts=0, coded=sheet)
    assert found.sample is not None
    assert [one["name"] for one in found.manifest.inputs] == ["records/part-000000.parquet"]


def test_a_sheet_is_of_its_records_whatever_else_the_store_holds(tmp_path: Path) -> None:
    from hyeoksin.store import open_store

    rng = np.random.default_rng(0)
    truth, desk, sheet = rng.choice(len(CODES), 60), tmp_path / "desk.db", tmp_path / "표본.xlsx"
    judged = drawn(PLAN, truth, rng)
    with open_store(desk) as store:
        number = store.create_project("차수", "2024", "officer").id
        store.add_items(number, [(one.document, one) for one in judged])
    draw_sample(desk, sheet, "2024", margin=0.2, coders=2)
    book = openpyxl.load_workbook(sheet)
    for row in range(2, book["코딩"].max_row + 1):
        book["코딩"].cell(row, 6).value = NONE
    book.save(sheet)
    with open_store(desk) as store:
        store.create_project("다른 계획의 차수", "2019", "officer")
    assert audit(desk, "2024", topic_texts=0, coded=sheet).sample is not None
    path = saved(judged, tmp_path / "a.parquet")
    with opened(Records((path,), "parquet"), PLAN) as table:
        one = input_hash(table)
    path = saved([*judged[:-1], judged[0]], tmp_path / "b.parquet")
    with opened(Records((path,), "parquet"), PLAN) as table:
        assert input_hash(table) != one


def test_a_sheet_has_no_place_among_the_texts(tmp_path: Path) -> None:
    texts = tmp_path / "글"
    texts.mkdir()
    (texts / "a.jsonl").write_text('{"id": "1", "text": "섬 주민을 찾아가는 진료"}\n', encoding="utf-8")
    with pytest.raises(InputError, match="그 폴더 밖에"):
        draw_sample(texts, texts / "표본.xlsx")
    with pytest.raises(InputError, match="그 폴더 밖에"):
        audit(texts, coded=texts / "표본.xlsx")


def test_long_texts_stand_whole_in_the_sheet_where_they_are_given(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    body = "섬 주민을 찾아가는 진료를 늘린다. " * 60
    judged = [prediction(PLAN, i, {}, "off_plan", title=f"글 {i}", text=body) for i in range(30)]
    path, sheet, source = (
        saved(judged, tmp_path / "결과.parquet"),
        tmp_path / "표본.xlsx",
        tmp_path / "글.jsonl",
    )
    rows = [{"id": one.document.id, "title": one.document.title, "text": body} for one in judged]
    rows += [{"id": row["id"], "title": "번호가 같은 다른 글", "text": "다른 글"} for row in rows]
    source.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    caplog.set_level("INFO", "hyeoksin.readers")
    draw_sample(path, sheet, "2024", margin=0.1, model=tmp_path)
    assert openpyxl.load_workbook(sheet)["코딩"].cell(2, 5).value == body[:KEPT]
    assert "앞 700자까지만 적었습니다" in caplog.messages[-1]
    caplog.clear()
    draw_sample(path, sheet, "2024", margin=0.1, model=tmp_path, texts=source)
    assert openpyxl.load_workbook(sheet)["코딩"].cell(2, 5).value == body
    assert not caplog.messages


def test_the_sheet_has_lists_and_repeats(drawn_sheet: tuple[Path, Path, np.ndarray], tmp_path: Path) -> None:
    path, sheet, _ = drawn_sheet
    book = openpyxl.load_workbook(sheet)
    (rule,) = book["코딩"].data_validations.dataValidation
    assert rule.type == "list"
    assert "분류표" in rule.formula1
    assert book["정보"].sheet_state == "hidden"
    assert "MODEL" not in [cell.value for cell in book["코딩"][1]]  # coders do not see the answer
    draw_sample(path, tmp_path / "again.xlsx", "2024", margin=0.05, coders=2, model=path.parent)
    assert (tmp_path / "again.xlsx").read_bytes() == sheet.read_bytes()


def test_bad_sheets_say_the_row_and_the_remedy(drawn_sheet: tuple[Path, Path, np.ndarray]) -> None:
    path, sheet, truth = drawn_sheet
    with pytest.raises(InputError, match="하나도 없습니다"):
        audit(path, "2024", model=path.parent, coded=sheet)
    _fill(sheet, truth)
    book = openpyxl.load_workbook(sheet)
    book["코딩"].cell(3, 6).value = "K99"
    own = book["코딩"].cell(5, 2).value
    book["코딩"].cell(5, 2).value = "딴 글"
    book.save(sheet)
    with pytest.raises(InputError, match=r"(?s)순서 4.*되돌리세요") as caught:
        audit(path, "2024", model=path.parent, coded=sheet)
    assert "3번째 줄: 코드 'K99'" in str(caught.value)
    book["코딩"].cell(5, 2).value = own
    book.save(sheet)
    _fill(sheet, truth)
    with pytest.raises(InputError, match="계획 2024 으로 뽑은"):
        audit(_other(path), "2019", coded=sheet)
    other = saved(
        drawn(PLAN, truth[:50], np.random.default_rng(9)), path.parent / "other" / "records.parquet"
    )
    with pytest.raises(InputError, match="다른 입력"):
        audit(other, "2024", model=path.parent, coded=sheet)
    with pytest.raises(InputError, match="시트가 없습니다"):
        audit(path, "2024", model=path.parent, coded=_plain(path.parent / "plain.xlsx"))


def test_a_row_that_stands_twice_or_was_not_drawn_is_told(
    drawn_sheet: tuple[Path, Path, np.ndarray],
) -> None:
    _, sheet, truth = drawn_sheet
    _fill(sheet, truth)
    book = openpyxl.load_workbook(sheet)
    page = book["코딩"]
    n = page.max_row
    page.append([2, page.cell(3, 2).value, "", "", "", CODES[0], CODES[0]])  # a copy of the third row
    page.append([n, "덧붙인 글", "", "", "", CODES[0]])
    page.append([None, "번호 없는 글", "", "", "", None, None, CODES[0]])
    page.append([None, "", "", "", "", None, None, None, "코드가 없는 메모"])
    book.save(sheet)
    with pytest.raises(InputError) as caught:
        read_sheet(sheet, PLAN)
    assert str(caught.value).split("\n")[1:] == [
        f"{n + 1}번째 줄: 순서 2 이(가) 3번째 줄에도 있습니다. 둘 가운데 하나를 지우세요.",
        f"{n + 2}번째 줄: 순서 '{n}' 은(는) 뽑은 글이 아닙니다. 순서를 되돌리거나 줄을 지우세요.",
        f"{n + 3}번째 줄: 순서 '' 은(는) 뽑은 글이 아닙니다. 순서를 되돌리거나 줄을 지우세요.",
    ]
    page.delete_rows(n + 1, 3)
    book.save(sheet)
    assert len(read_sheet(sheet, PLAN).codes) == n - 1


def test_a_sheet_saved_as_csv_is_told_what_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "표본.csv"
    path.write_text("순서,글 번호,코더1\n1,t1,1-1\n", encoding="utf-8")
    with pytest.raises(InputError, match="숨은 '정보' 시트가 없습니다"):
        read_sheet(path, PLAN)


def _plain(path: Path) -> Path:
    openpyxl.Workbook().save(path)
    return path


def _other(path: Path) -> Path:
    plan = load_plan("2019")
    predictions = drawn(plan, np.zeros(10, int), np.random.default_rng(0))
    return saved([replace(p, plan="2019") for p in predictions], path.parent / "r2019" / "records.parquet")


def test_the_commands(drawn_sheet: tuple[Path, Path, np.ndarray]) -> None:
    path, sheet, truth = drawn_sheet
    _fill(sheet, truth)
    base = ["--plan", "2024", "--model", str(path.parent)]
    result = CliRunner().invoke(app, ["audit-read", str(sheet), "--from", str(path), *base])
    assert result.exit_code == 0, result.output
    assert "카파" in result.output
    again = path.parent / "b.xlsx"
    result = CliRunner().invoke(app, ["audit-sample", str(path), "-o", str(again), "--margin", "0.1", *base])
    assert result.exit_code == 0, result.output
    assert again.is_file()
    assert "'코더1' 열을 목록에서" in result.output
    two = ["audit-sample", str(path), "-o", str(again.with_name("c.xlsx")), "--coders", "2", *base]
    assert "'코더1', '코더2' 열을 두 사람이 따로" in CliRunner().invoke(app, two).output
