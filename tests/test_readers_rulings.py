"""Tables of a PDF by their lines, and lines of text that the page's width broke."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hyeoksin.readers.pdf import unwrapped
from hyeoksin.readers.rulings import Box, Segment, ruled_tables


def grid(xs: tuple[float, ...], ys: tuple[float, ...]) -> list[Segment]:
    across = [(xs[0], y, xs[-1], y) for y in ys]
    return across + [(x, ys[0], x, ys[-1]) for x in xs]


def places(boxes: list[Box]) -> list[tuple[int, int, int, int]]:
    return [(box.row, box.column, box.n_rows, box.n_columns) for box in boxes]


def test_a_grid_is_read_from_its_top_left() -> None:
    (boxes,) = ruled_tables(grid((0, 50, 100), (0, 20, 40)))
    assert places(boxes) == [(0, 0, 1, 1), (0, 1, 1, 1), (1, 0, 1, 1), (1, 1, 1, 1)]
    assert boxes[0].bounds == (0, 20, 50, 40)
    assert boxes[3].bounds == (50, 0, 100, 20)


def test_cells_drawn_one_by_one_are_one_grid() -> None:
    cells = [grid((x, x + 50), (y, y + 20)) for x in (0, 50.5) for y in (0, 20.5)]
    (boxes,) = ruled_tables([segment for cell in cells for segment in cell])
    assert len(boxes) == 4


def test_a_missing_line_merges_cells() -> None:
    lines = [(0, y, 100, y) for y in (0, 20, 40, 60)] + [(0, 0, 0, 60), (100, 0, 100, 60), (50, 0, 50, 40)]
    (boxes,) = ruled_tables(lines)
    assert places(boxes)[0] == (0, 0, 1, 2)
    assert len(boxes) == 5
    lines = [(0, y, 100, y) for y in (0, 40)] + [(50, 20, 100, 20)] + [(x, 0, x, 40) for x in (0, 50, 100)]
    (boxes,) = ruled_tables(lines)
    assert places(boxes) == [(0, 0, 2, 1), (0, 1, 1, 1), (1, 1, 1, 1)]


def test_two_grids_come_in_the_order_of_the_page_and_a_frame_is_none() -> None:
    low, high = grid((0, 50, 100), (0, 20, 40)), grid((0, 40, 80), (200, 220, 240))
    frame = grid((200, 300), (0, 300))
    found = list(ruled_tables([*low, *high, *frame]))
    assert [boxes[0].bounds[3] for boxes in found] == [240, 40]


def test_a_page_full_of_lines_is_left_alone() -> None:
    assert list(ruled_tables(grid(tuple(range(0, 20_000, 10)), (0, 500)))) == []


@given(st.lists(st.tuples(*[st.integers(0, 60).map(float)] * 4), max_size=40))
def test_cells_never_overlap(segments: list[Segment]) -> None:
    for boxes in ruled_tables(segments):
        covered = [
            (r, c)
            for box in boxes
            for r in range(box.row, box.row + box.n_rows)
            for c in range(box.column, box.column + box.n_columns)
        ]
        assert len(set(covered)) == len(covered)
        assert all(box.n_rows > 0 and box.n_columns > 0 for box in boxes)


def test_broken_lines_are_joined_and_short_ones_end() -> None:
    assert (
        unwrapped("진료버스가 섬에 왔\n다고 군은 밝혔다.\n주민이 반겼다.")
        == "진료버스가 섬에 왔다고 군은 밝혔다.\n주민이 반겼다."
    )
    assert unwrapped("제목\n진료버스가 오늘 \n섬에 왔다고 한다") == "제목\n진료버스가 오늘 섬에 왔다고 한다"
    assert unwrapped("") == ""
