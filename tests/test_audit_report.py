"""The audit's report: everything in one file, nothing from outside, the same numbers as the audit, hostile titles tamed."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import zipfile
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import openpyxl
import pytest
from fontTools.ttLib import TTFont

from hyeoksin.audit import write_audit
from hyeoksin.audit.report import page, write_sheets
from hyeoksin.audit.report.figures import _unbroken
from hyeoksin.audit.report.sheets import _named
from hyeoksin.audit.report.wording import leaf_codes, summary
from hyeoksin.audit.result import Audit
from hyeoksin.codes import NONE
from hyeoksin.pictures import legible, percent
from hyeoksin.plan.nodes import LEVELS
from report_cases import HOSTILE, full_audit

VOID = {"meta", "link", "br", "img", "input", "path", "use"}


class Page(HTMLParser):
    """A page as a list of its tags and its visible text; tags must close in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, names)
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"svg", "script", "style"} & set(self.open):
            self.words.append(data)


@pytest.fixture(scope="module")
def audit() -> Audit:
    return full_audit()


@pytest.fixture(scope="module")
def text(audit: Audit) -> str:
    return page(audit)


@pytest.fixture(scope="module")
def parsed(text: str) -> Page:
    return Page(text)


def test_the_page_is_well_formed_and_korean(text: str, parsed: Page) -> None:
    assert parsed.open == []
    assert text.startswith("<!doctype html>")
    assert ("html", {"lang": "ko"}) in parsed.tags
    assert "GOES-HERE" not in text


def test_nothing_comes_from_outside(text: str, parsed: Page) -> None:
    loading = [
        a[k]
        for _, a in parsed.tags
        for k in ("src", "href", "xlink:href", "action", "data", "srcset")
        if k in a
    ]
    assert loading
    assert [target for target in loading if not target.startswith("#")] == []
    assert re.findall(r"url\((?!#|\"data:font)", text) == []
    assert not {"link", "img", "iframe", "object", "embed", "form"} & {tag for tag, _ in parsed.tags}


def test_the_policy_lets_in_only_our_style_and_script(text: str, parsed: Page) -> None:
    policy = next(
        a["content"] for t, a in parsed.tags if t == "meta" and "Security" in a.get("http-equiv", "")
    )
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        inside = re.findall(rf"<{tag}>(.*?)</{tag}>", text, flags=re.DOTALL)
        assert len(inside) == 1
        mark = base64.b64encode(hashlib.sha256(inside[0].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{mark}'" in policy
    assert [a for _, a in parsed.tags if "style" in a or any(name.startswith("on") for name in a)] == []


def test_hostile_titles_are_words(audit: Audit, parsed: Page) -> None:
    said = "".join(parsed.words)
    assert HOSTILE in audit.texts[0].title
    assert said.count(legible(HOSTILE)) > 5
    assert "{{ 7*7 }}" in said
    assert [tag for tag, _ in parsed.tags].count("script") == 1


def test_personal_data_is_masked(audit: Audit, text: str) -> None:
    assert "010-1234-5678" in audit.texts[0].excerpt
    assert "010-1234-5678" not in text
    assert "연락처 " in text


def test_what_a_reader_must_know_stands_before_the_numbers(
    audit: Audit, parsed: Page, tmp_path: Path
) -> None:
    said = "".join(parsed.words)
    note = legible(audit.notes[0])
    assert said.index(note) < said.index("살핀 글")
    assert said.count(note) == 1
    write_sheets(audit, tmp_path / "a.xlsx")
    lines = [row[0].value for row in openpyxl.load_workbook(tmp_path / "a.xlsx")["요약"].iter_rows()]
    assert lines.index(audit.notes[0]) < next(
        i for i, line in enumerate(lines) if "비추어 보았습니다" in line
    )


def test_an_estimate_without_an_interval_shows_none(audit: Audit, text: str, tmp_path: Path) -> None:
    table = text[text.index("같은 글에 다른 방법을 쓴 결과") :]
    assert re.findall(r'data-value="[0-9.]+">([^<]*)</td></tr>', table) == ["8.0%-12.0%", "-"]
    write_sheets(audit, tmp_path / "a.xlsx")
    rows = list(openpyxl.load_workbook(tmp_path / "a.xlsx")["추정 견주기"].iter_rows(values_only=True))
    assert [row[2:] for row in rows[1:]] == [(0.1, 0.08, 0.12), (0.1, None, None)]


def test_a_finding_shows_its_first_titles_cut_and_masked(audit: Audit) -> None:
    titles = ("민원 010-1234-5678 로", "가" * 60, "", "넷째 글")
    texts = tuple(replace(audit.texts[0], row=i, title=title) for i, title in enumerate(titles))
    finding = replace(audit.findings[0], texts=(0, 1, 2, 3, 99))
    said = page(replace(audit, texts=texts, findings=(finding,), topics=()))
    refs = re.search(r'<p class="refs">글: (.*?)</p>', said)
    assert refs is not None
    assert re.sub(r"<.*?>", "", refs.group(1)) == f"[1] 민원 ***-****-**** 로, [2] {'가' * 39}…, [3] [4]"


def test_every_anchor_and_label_has_its_target(parsed: Page) -> None:
    ids = [a["id"] for _, a in parsed.tags if "id" in a]
    assert len(ids) == len(set(ids))
    wanted = [a["href"][1:] for tag, a in parsed.tags if tag == "a"]
    wanted += [name for _, a in parsed.tags for name in a.get("aria-labelledby", "").split()]
    assert {"t-1", "t-3", "method"} <= set(wanted) <= set(ids)


def test_headings_step_down_one_by_one_and_tables_are_labelled(parsed: Page) -> None:
    levels = [int(tag[1]) for tag, _ in parsed.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))
    tags = [tag for tag, _ in parsed.tags]
    assert tags.count("table") == tags.count("caption") > 5
    assert all(a.get("scope") in ("row", "col") for tag, a in parsed.tags if tag == "th")
    assert tags.count("figure") == tags.count("figcaption") == sum(tag == "svg" for tag in tags) > 6


def test_the_font_in_the_page_has_every_letter_of_it(text: str, parsed: Page) -> None:
    found = re.search(r"data:font/woff;base64,([^\"]+)", text)
    assert found
    letters = TTFont(io.BytesIO(base64.b64decode(found[1]))).getBestCmap()
    missing = {c for word in parsed.words for c in word if c > " " and ord(c) not in letters}
    assert missing == {
        c for c in legible(HOSTILE) if c > " " and ord(c) not in letters
    }  # drawn by the reader's own fonts
    assert not {c for c in missing if "가" <= c <= "힣" or c.isascii()}


def test_the_table_says_what_the_audit_says(audit: Audit, text: str) -> None:
    whole = re.search(r'<section aria-labelledby="whole".*?</section>', text, flags=re.DOTALL)
    assert whole
    rows = re.findall(r"<tr class.*?</tr>", whole[0])
    assert len(rows) == len(audit.cells()) > 30
    for row, line in zip(audit.cells(), rows, strict=True):
        assert row.estimate is not None
        told = re.findall(r'data-value="([^"]+)"', line)
        assert told[1:5] == [
            str(row.counted),
            str(row.share),
            str(row.estimate.value),
            str(row.estimate.high - row.estimate.low),
        ]
        assert f">{percent(row.estimate.low)}-{percent(row.estimate.high)}<".replace("<0", "&lt;0") in line


def test_findings_say_how_sure_they_are_and_lead_to_their_texts(audit: Audit, text: str) -> None:
    assert text.count('<div class="finding">') == len(audit.findings) == 4
    for word in ("뚜렷함", "그럴 만함", "약함"):
        assert re.search(rf'<div class="finding">\s*<p><span class="sure \w+">{word}', text)
    assert re.search(r'<a href="#t-1">\[1\]</a> .*?, <a href="#t-3">\[3\]</a>', text)


def test_counts_of_topics_are_of_the_texts_that_were_looked_at(
    audit: Audit, parsed: Page, tmp_path: Path
) -> None:
    told = "살펴본 4,000건(모두 9,500건) 가운데"
    assert "".join(parsed.words).count(told) >= 4
    assert summary(audit)[-1].startswith(f"{told} 계획에 자리가 없는 주제 2개")
    write_audit(audit, tmp_path / "a.xlsx")
    rows = list(openpyxl.load_workbook(tmp_path / "a.xlsx")["자리 없는 주제"].values)
    assert rows[1][3:6] == (321, 4_000, 9_500)


def test_the_first_page_tells_gathered_values_and_topics_that_were_not_sought(audit: Audit) -> None:
    cuts = tuple(replace(cut, gathered=13) if cut.name == "region" else cut for cut in audit.cuts)
    words = "".join(Page(page(replace(audit, cuts=cuts, topics=(), topics_unsought="글이 없습니다."))).words)
    assert "시도 18가지(글이 적은 13가지는 '그 밖'으로 묶음), 글" in words
    assert "자리가 없는 주제-살펴보지 않음" in words
    assert "연도 4가지, 글 12,000건" in words


def test_an_id_that_repeats_stands_with_its_source() -> None:
    bare = full_audit(hostile=False)
    twice = tuple(replace(text, id="1") if text.row < 3 else text for text in bare.texts)
    assert _named(replace(bare, texts=twice), (1, 3, 99)) == f"1 ({twice[0].source}), t3"


def test_a_cluster_that_dissolves_stands_apart(text: str) -> None:
    assert text.count('<div class="topic">') == 1
    apart = text[text.index("또렷하지 않은 묶음</h3>") :]
    assert "흔들리는 묶음" in apart
    assert '<td class="n" data-value="0.31">0.31</td>' in apart


def test_the_summary_in_plain_words() -> None:
    small = full_audit("2022", hostile=False)
    none = next(row for row in small.cells() if row.code == NONE)
    assert none.estimate is not None
    assert summary(small)[:2] == [
        "글 12,000건을 2022년 지방자치단체 혁신에 비추어 보았습니다. 사람이 보지 않아도 될 만큼 확실한 것은 계획 안 2,500건, "
        "계획 밖 4,000건이고, 5,500건은 사람의 확인이 필요합니다.",
        "이 가운데 계획 안의 일은 37.0%, 약 4,440건으로 추정합니다(95% 구간 36.1%-37.9%). 분류기의 답을 그대로 세면 40.0%입니다.",
    ]
    assert summary(small)[4:6] == [
        "살펴볼 것 4건을 찾았습니다(뚜렷함 1건, 그럴 만함 2건, 약함 1건): 몰린 항목 1건, 서로 헷갈리는 항목 1건, 흐름의 변화 1건, "
        "비어 있는 항목 1건.",
        f"뚜렷한 것부터: {small.findings[0].statement}",
    ]
    sure = tuple(replace(f, sureness="strong") for f in (*small.findings, *reversed(small.findings)))
    assert summary(replace(small, findings=sure))[5] == (
        f"뚜렷한 것부터: {sure[3].statement} {sure[0].statement} {sure[2].statement}"
    )


def test_without_correction_the_report_says_that_it_only_counts() -> None:
    bare = replace(
        full_audit("2022", corrected=False),
        findings=(),
        topics=(),
        texts=(),
        periods=(),
        sample=None,
        estimates=(),
        methods=(),
    )
    said = "".join(Page(page(bare)).words)
    assert "단순 집계" in said
    assert "바로잡지 않은 숫자" in said
    assert "95% 구간 " not in said.split("방법")[0]


@pytest.mark.parametrize(
    ("known", "shown"),
    [
        (["2023", "2025"], ["2023", "2024", "2025"]),
        (["2023-Q4", "2024-Q2"], ["2023-Q4", "2024-Q1", "2024-Q2"]),
        (["2023-11", "2024-02"], ["2023-11", "2023-12", "2024-01", "2024-02"]),
        ([], []),
    ],
)
def test_gaps_in_time_stay_gaps(known: list[str], shown: list[str]) -> None:
    assert _unbroken(known) == shown


def test_the_same_audit_gives_the_same_bytes(tmp_path: Path) -> None:
    small = full_audit("2022")
    for name in ("a.html", "b.html", "a.xlsx", "b.xlsx"):
        write_audit(small, tmp_path / name)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


@pytest.fixture(scope="module")
def book(audit: Audit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "감사.xlsx"
    write_audit(audit, path)
    return path


def test_the_workbook_holds_the_same_numbers(audit: Audit, book: Path) -> None:
    sheets = openpyxl.load_workbook(book)
    rows = list(sheets["계획 전체"].iter_rows(min_row=2, max_row=1 + len(audit.cells()), values_only=True))
    for row, cells in zip(audit.cells(), rows, strict=True):
        assert row.estimate is not None
        assert cells[0] == {**LEVELS, "off_plan": "계획 밖"}[row.level]
        assert cells[1] == ("계획 밖" if row.code == NONE else row.code)
        assert cells[3] == row.counted
        assert cells[4:8] == pytest.approx(
            (row.share, row.estimate.value, row.estimate.low, row.estimate.high)
        )
    assert sheets["시도별 구간"].max_row == 1 + sum(row.cut == "region" for row in audit.rows)
    assert sheets["시도별"].max_row == 2 + len(leaf_codes(audit))
    assert sheets["계획 전체"]["F2"].number_format == "0.0%"
    assert {
        "요약",
        "시간",
        "살펴볼 것",
        "자리 없는 주제",
        "글",
        "추정 견주기",
        "표본",
        "방법",
        "명세",
    } <= set(sheets.sheetnames)


def test_no_cell_is_a_formula_or_a_link(book: Path) -> None:
    sheets = openpyxl.load_workbook(book)
    cells = [cell for sheet in sheets for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert any("=1+1" in str(cell.value) for cell in cells)
    assert [cell.coordinate for cell in cells if cell.data_type == "f" or cell.hyperlink] == []
    assert [cell for cell in cells if "010-1234-5678" in str(cell.value)] == []


def test_the_workbook_has_charts_with_intervals(book: Path) -> None:
    with zipfile.ZipFile(book) as opened:
        charts = [opened.read(name).decode() for name in opened.namelist() if "charts/chart" in name]
    assert len(charts) == 2
    assert sum("<c:errBars>" in chart for chart in charts) == 1
    assert any("<c:lineChart>" in chart for chart in charts)
