"""Pictures: one visual language, intervals always, no empty boxes, the same bytes for the same rows."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import xml.etree.ElementTree as ET
from collections.abc import Callable
from itertools import combinations, pairwise

import numpy as np
import pytest
from matplotlib import rcParams
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from hyeoksin import pictures
from hyeoksin.errors import MissingExtraError
from hyeoksin.pictures import Bar, Bin, Cell, Change, Curve, Flow, Point, Tile, colours, fonts
from hyeoksin.plan import Plan

HOSTILE = (
    "<script>alert('x')</script> $\\frac{1}{2}$ & \"따옴표\" =1+1 −5 ㈜ 漢字 😀 \x07 e\u0301 \u202e \ud7a3"
)
YEARS = ("2022", "2023", "2024", "2025")


def bars() -> pictures.Picture:
    rows = [
        Bar(HOSTILE, 0.12, 0.1, 0.15, counted=0.09),
        Bar("공공서비스 사각지대 해소", 0.0, 0.0, 0.01),
        Bar("구간 없음", 0.05),
    ]
    return pictures.bars_with_intervals(rows, "세부과제별 비중")


def standing() -> pictures.Picture:
    return pictures.standing_bars(
        [Bar("20자까지", 0.2, 0.1, 0.3, note="12건"), Bar(HOSTILE, 0.1)], "글 길이별 오류"
    )


def heat() -> pictures.Picture:
    cells = [Cell("a", "서울", 0.1, 0.05, 0.2), Cell("b", "부산", 0.3, 0.2, 0.4)]
    rows, columns = [("a", HOSTILE), ("b", "나")], [("서울", "서울"), ("부산", HOSTILE)]
    return pictures.heat_map(cells, "지역", rows=rows, columns=columns, colours=["#0072b2", "#d55e00"])


def tree() -> pictures.Picture:
    tiles = [
        Tile(HOSTILE, 0.5, "가", "#0072b2", 0.4, 0.6),
        Tile("나", 0.2, "가", "#d55e00"),
        Tile("다", 0.3, "다", "#8a8f98"),
    ]
    return pictures.treemap(tiles, "계획")


def timeline() -> pictures.Picture:
    points = tuple(Point(year, 0.1 + 0.01 * n, 0.05, 0.2) for n, year in enumerate(YEARS) if year != "2023")
    return pictures.lines(
        [Curve(HOSTILE, points), Curve("나", points)],
        "연도",
        periods=YEARS,
        changes=[Change("나", "2024", HOSTILE)],
    )


def curve() -> pictures.Picture:
    points = (Point(0, 0.4, 0.3, 0.5), Point(50, 0.5, 0.4, 0.6))
    return pictures.curves(
        [Curve("고른 것", points), Curve(HOSTILE, points)], "새 계획", x_name="결정 (건)", value_name="카파"
    )


def reliable() -> pictures.Picture:
    return pictures.reliability([Bin(0.1, 0.15, 0.1, 0.2, 40), Bin(0.9, 0.85, 0.8, 0.9, 400)], "믿을 만한가")


@pytest.fixture
def flow(plans: dict[str, Plan]) -> Callable[[], pictures.Picture]:
    rows = [
        Flow("2022", "F1", "2024", "K1", 3),
        Flow("2022", "F1", "2024", None, 1),
        Flow("2022", "F2", "2024", "K5", 2),
    ]
    return lambda: pictures.sankey(rows, "흐름", plans=[plans["2022"], plans["2024"]])


DRAWN = [bars, standing, heat, tree, timeline, curve, reliable]


@pytest.mark.parametrize("draw", DRAWN)
def test_the_same_rows_give_the_same_bytes_and_no_box(draw: Callable[[], pictures.Picture]) -> None:
    first = pictures.svg(draw())  # a missing glyph would be a warning, and warnings are errors here
    assert pictures.svg(draw()) == first
    root = ET.fromstring(first)  # noqa: S314  written by us just now
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert pictures.png(draw(), 60) == pictures.png(draw(), 60)


@pytest.mark.parametrize("draw", DRAWN)
def test_a_screen_reader_hears_name_and_values(draw: Callable[[], pictures.Picture]) -> None:
    picture = draw()
    root = ET.fromstring(pictures.svg(picture))  # noqa: S314  written by us just now
    title, desc = root[0], root[1]
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-labelledby"] == f"{title.attrib['id']} {desc.attrib['id']}"
    assert title.text == picture.name != ""
    assert desc.text == picture.description
    assert re.search(r"\d", picture.description)


@pytest.mark.parametrize("draw", DRAWN)
def test_an_svg_asks_for_nothing_and_passes_a_strict_policy(draw: Callable[[], pictures.Picture]) -> None:
    text = pictures.svg(draw())
    assert re.findall(r"<style|style=|<script|<text|<image|<!DOCTYPE|<\?xml", text) == []
    addresses = set(re.findall(r"""https?://[^"']+""", text))
    assert addresses == {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert all(target.startswith("#") for target in re.findall(r'href="([^"]*)"', text))


def test_ids_of_two_pictures_do_not_meet() -> None:
    ids = [re.findall(r' id="([^"]+)"', pictures.svg(draw())) for draw in DRAWN]
    together = [name for names in ids for name in names]
    assert len(together) == len(set(together)) > 20


def test_every_reference_has_its_target() -> None:
    for draw in DRAWN:
        text = pictures.svg(draw())
        wanted = set(re.findall(r'href="#([^"]+)"', text)) | set(re.findall(r"url\(#([^)]+)\)", text))
        assert wanted <= set(re.findall(r' id="([^"]+)"', text))
        assert wanted


def test_a_sankey_draws_only_what_flows_to_the_next_plan(
    flow: Callable[[], pictures.Picture], plans: dict[str, Plan]
) -> None:
    assert flow().description.startswith("흐름 3개")
    skipping = pictures.sankey(
        [Flow("2019", "1-1", "2024", "K1", 2)], plans=[plans["2019"], plans["2022"], plans["2024"]]
    )
    assert skipping.description.startswith("흐름 0개")
    assert pictures.svg(flow()) == pictures.svg(flow())


def _ends(figure: Figure) -> list[tuple[float, float]]:
    spans = [np.asarray(line.get_xdata()) for line in figure.axes[0].lines if line.get_marker() == "|"]
    return [(float(span[0]), float(span[1])) for span in spans]


def test_bars_draw_every_interval_they_are_given() -> None:
    assert _ends(bars()) == [(0.1, 0.15), (0.0, 0.01)]


def test_a_line_breaks_where_a_period_is_missing() -> None:
    runs = [
        len(np.asarray(line.get_xdata())) for line in timeline().axes[0].lines if line.get_marker() == "o"
    ]
    assert runs == [1, 2]


@pytest.mark.parametrize("draw", DRAWN)
def test_no_text_leaves_the_picture(draw: Callable[[], pictures.Picture]) -> None:
    picture = draw()
    pictures.png(picture, 72)
    box, page = picture.get_tightbbox(), picture.bbox_inches
    assert (box.x0, box.y0) >= (page.x0, page.y0)
    assert box.x1 <= page.x1
    assert box.y1 <= page.y1


def test_texts_at_line_ends_do_not_cover_each_other() -> None:
    same = tuple(Point(year, 0.1) for year in YEARS)
    picture = pictures.lines([Curve(f"이름 {n}", same) for n in range(6)], periods=YEARS)
    pictures.png(picture, 72)
    boxes = sorted((t.get_window_extent() for t in picture.axes[0].texts), key=lambda box: box.y0)
    assert all(above.y0 >= below.y1 - 2.5 for below, above in pairwise(boxes))


def test_legible_drops_what_no_font_has() -> None:
    text = pictures.legible(HOSTILE)
    assert "\x07" not in text
    assert "\u202e" not in text
    assert "\u00e9" in text
    assert "\ud7a3" in text
    assert all(fonts._advance(letter) is not None for letter in text)
    assert pictures.legible("\u1112\u1167\u11a8\u1109\u1175\u11ab") == "혁신"
    assert pictures.legible("\U0010fffd") == "·"


def test_wrapping_keeps_the_width() -> None:
    text = "성희롱·성폭력 걱정 없고, 보복 없는 근무환경 조성을 위한 아주 긴 제목"
    lines = fonts.wrapped(text, 100, 8, 2).split("\n")
    assert len(lines) == 2
    assert lines[-1].endswith("…")
    assert all(fonts.text_width(line, 8) <= 100 for line in lines)
    assert fonts.wrapped("짧다", 100, 8) == "짧다"


def test_without_any_korean_font_the_message_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pylopdf_fonts_ko", None)
    monkeypatch.setattr(fonts.fontManager, "ttflist", [])
    with pytest.raises(MissingExtraError, match=r"\.\[report\]"):
        fonts.families.__wrapped__()


def test_an_installed_font_is_found_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pylopdf_fonts_ko", None)
    monkeypatch.setattr(fonts, "_has_hangul", lambda path: True)
    entry = fonts.fontManager.ttflist[0]
    monkeypatch.setattr(fonts.fontManager, "ttflist", [fonts.replace(entry, name="NanumGothic", weight=400)])
    assert fonts.families.__wrapped__()[0] == "NanumGothic"


def test_drawing_leaves_matplotlib_as_it_was() -> None:
    before = rcParams.copy()
    pictures.svg(bars())
    assert [key for key in before if key != "backend" and rcParams[key] != before[key]] == []


def test_pyplot_and_its_state_stay_out() -> None:
    code = "import sys, hyeoksin.pictures as p; p.svg(p.standing_bars([p.Bar('가', 0.1)])); print('matplotlib.pyplot' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_two_threads_draw_the_same_as_one() -> None:
    alone = pictures.svg(bars())
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(pictures.svg(bars()))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [alone] * 3


# Machado, Oliveira and Fernandes 2009, "A Physiologically-based Model for Simulation of Color Vision Deficiency", table 1,
# severity 1: linear RGB as protan, deutan and tritan eyes see it.
SIGHT = {
    "full": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]]
    ),
}
D65 = np.array([0.95047, 1.0, 1.08883])
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def _seen(colour: str, sight: str) -> np.ndarray:
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = TO_XYZ @ np.clip(SIGHT[sight] @ linear, 0, 1) / D65
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("sight", SIGHT)
def test_strategies_are_told_apart_by_every_reader(sight: str) -> None:
    seen = [_seen(colour, sight) for colour in (*colours.PALETTE, colours.OFF_PLAN)]
    assert min(float(np.linalg.norm(a - b)) for a, b in combinations(seen, 2)) >= 15


@pytest.mark.parametrize("sight", SIGHT)
def test_the_heat_map_only_gets_darker(sight: str) -> None:
    lightness = [
        _seen("#" + "".join(f"{round(255 * c):02x}" for c in colours.HEAT(x)[:3]), sight)[0]
        for x in np.linspace(0, 1, 9)
    ]
    assert all(a > b + 3 for a, b in pairwise(lightness))


def test_a_strategy_has_one_colour_and_its_nodes_are_shades_of_it(plans: dict[str, Plan]) -> None:
    plan = plans["2019"]
    assert (
        pictures.strategy_colour("2019", "S1") == pictures.strategy_colour(plan, "S1") == colours.PALETTE[0]
    )
    assert pictures.strategy_colour(plan, "1-1") == colours.PALETTE[0]
    shades = [pictures.strategy_colour(plan, leaf.code) for leaf in plan.leaves]
    assert len(set(shades)) == len(shades)
    assert pictures.strategy_colour(plan, None) == pictures.strategy_colour(plan, "없음") == colours.OFF_PLAN
    assert pictures.strategy_colour(plans["2024"], "R1") == colours.OFF_PLAN  # a principle holds no texts


@pytest.mark.parametrize("colour", [*colours.PALETTE, colours.OFF_PLAN, "#ffffff", "#000000"])
def test_text_on_a_fill_is_readable(colour: str) -> None:
    lights = sorted(colours._luminance(c) + 0.05 for c in (colour, colours.on(colour)))
    assert lights[1] / lights[0] >= 4.5


def test_a_programme_has_the_colour_of_its_leaf(plans: dict[str, Plan]) -> None:
    plan = plans["2019"]
    programme = next(node for node in plan.nodes if node.level == "programme")
    assert programme.parent is not None
    assert pictures.strategy_colour(plan, programme.code) == pictures.strategy_colour(plan, programme.parent)


def test_a_notebook_gets_a_small_picture_with_its_description() -> None:
    picture = heat()
    image, told = picture._repr_png_()
    assert image[:4] == b"\x89PNG"
    assert len(image) < 95_000
    assert told["alt"] == f"{picture.name}: {picture.description}"


def test_plan_tiles_carry_shares_and_the_off_plan_rest(plans: dict[str, Plan]) -> None:
    tiles = pictures.plan_tiles(plans["2022"], {"F1": (0.2, 0.1, 0.3), "F3": (0.1, None, None)}, 0.7)
    assert [(t.label, t.value, t.low) for t in tiles] == [
        ("F1 참여·협력", 0.2, 0.1),
        ("F3 일하는 방식", 0.1, None),
        ("계획 밖", 0.7, None),
    ]
