from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import pytest

from hyeoksin.corpus import text_hash
from hyeoksin.domain import Document
from hyeoksin.errors import InputError
from hyeoksin.external import (
    labelled,
    labelled_examples,
    plan_examples,
    press_examples,
    public_texts,
    sources,
)
from hyeoksin.rows import LabelRow

LISTING = """\
- name: town
  repository: example.org/town
  commit: abc
  files: [town.jsonl.gz]
  fields: {id: number, title: head, text: body, date: day}
  masked_fields: {id: number, title: head, text: body, date: day}
  meta: {agency: from}
"""
ROWS = [
    {
        "number": "t1",
        "head": "경로당에 무선망",
        "body": "어르신도 쓰게 한다.",
        "day": "2024-05-01",
        "from": "행정안전부",
    },
    {
        "number": "t2",
        "head": "벚꽃 축제",
        "body": "[기관]이 축제를 연다.",
        "day": "2024-04-01",
        "from": "문화체육관광부",
    },
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with gzip.open(tmp_path / "town.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS)
    (tmp_path / "external.yaml").write_text(LISTING, encoding="utf-8")
    return tmp_path


def write_labels(folder: Path, sha256: str) -> Path:
    labels = folder / "labels"
    labels.mkdir()
    with (labels / "town.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "sha256", "plan2019", "ok2019", "plan2024", "ok2024", "agency"])
        writer.writerow(["t1", sha256, "3-1", "8-2,NONE", "K5", "", "mois"])
    return labels


def test_labels_find_their_text_again(folder: Path) -> None:
    labels = write_labels(folder, text_hash(ROWS[0]["head"], ROWS[0]["body"]))
    (example,) = labelled_examples(labels, folder / "external.yaml", folder)
    assert example.document.title == "경로당에 무선망"
    assert example.labels == {"2019": ("3-1",), "2024": ("K5",)}
    assert example.acceptable == {"2019": ("8-2", "NONE"), "2024": ()}
    assert example.origin == "real"


def test_another_text_under_the_same_id_is_refused(folder: Path) -> None:
    labels = write_labels(folder, "0" * 64)
    with pytest.raises(InputError, match="t1"):
        list(labelled_examples(labels, folder / "external.yaml", folder))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("3-1", "9-9", r"town\.csv#row=2: 계획 2019 에 없는 코드: 9-9"),
        ("K5", "", r"town\.csv#row=2: 계획 2024 에 없는 코드"),
        ("mois", "없는부", r"town\.csv#row=2: 모르는 기관: 없는부"),
        ("sha256", "sha", r"town\.csv:1: 열이 없습니다: sha256"),
        (",mois", "", r"town\.csv:2: 칸의 수"),
    ],
)
def test_a_wrong_label_is_named_with_file_and_line(folder: Path, old: str, new: str, says: str) -> None:
    labels = write_labels(folder, text_hash(ROWS[0]["head"], ROWS[0]["body"]))
    table = labels / "town.csv"
    table.write_text(table.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=says):
        list(labelled_examples(labels, folder / "external.yaml", folder))


def test_a_doubled_label_is_refused(folder: Path) -> None:
    table = write_labels(folder, text_hash(ROWS[0]["head"], ROWS[0]["body"])) / "town.csv"
    lines = table.read_text(encoding="utf-8").splitlines(keepends=True)
    table.write_text("".join([*lines, lines[-1]]), encoding="utf-8")
    with pytest.raises(InputError, match=r"town\.csv#row=3: id 't1' 가 두 번"):
        list(labelled_examples(table.parent, folder / "external.yaml", folder))


@pytest.mark.parametrize(
    ("listing", "says"),
    [
        ("- name: [", r"external\.yaml:\d: YAML"),
        ("town", "목록이어야"),
        ("- town", "목록이어야"),
        ("- {name: town, files: []}", "1번째 자료에 없는 것: repository, commit, fields"),
    ],
)
def test_a_listing_that_is_none_is_refused(tmp_path: Path, listing: str, says: str) -> None:
    (tmp_path / "external.yaml").write_text(listing, encoding="utf-8")
    with pytest.raises(InputError, match=says):
        sources(tmp_path / "external.yaml")


@pytest.mark.parametrize("raw", [b"{not json\n", b"[1]\n", '{"number": "t3", "head": "가'.encode("cp949")])
def test_a_damaged_public_file_is_named_with_its_line(folder: Path, raw: bytes) -> None:
    entry = sources(folder / "external.yaml")["town"] | {"files": ["town.jsonl"]}
    (folder / "town.jsonl").write_bytes(json.dumps(ROWS[0]).encode() + b"\n" + raw)
    with pytest.raises(InputError, match=r"town\.jsonl"):
        list(public_texts(entry, folder))


def test_a_missing_file_names_its_public_source(tmp_path: Path, folder: Path) -> None:
    entry = sources(folder / "external.yaml")["town"]
    with pytest.raises(InputError, match=r"example\.org/town"):
        list(public_texts(entry, tmp_path / "nowhere"))


def test_texts_that_begin_alike_share_a_family() -> None:
    row = LabelRow()
    long = "경로당마다 무선망을 놓고 어르신께 영상 통화를 가르쳐 드리면 멀리 사는 손주 얼굴을 날마다 보실 수 있으니 외로움이 줄어들고 병원에 갈 일도 적어집니다. 꼭 해 주세요."
    texts = [
        ("1", long),
        ("2", long.replace(" ", "  ")),
        ("3", f"또 {long}"),
        ("4", "짧은 글"),
        ("5", "짧은 글"),
    ]
    families = [labelled(row, Document(id=i, text=text, source="town")).family for i, text in texts]
    assert families[0] == families[1]
    assert len(set(families)) == 4


def test_press_releases_carry_their_agency(folder: Path) -> None:
    entry = sources(folder / "external.yaml")["town"]
    examples = list(press_examples(entry, folder))
    assert [e.lead for e in examples] == ["mois", "mcst"]
    assert "[기관]" not in examples[1].document.text
    assert all(e.labels == {} for e in examples)


def test_plan_lines_leave_out_what_is_the_label_itself(tmp_path: Path) -> None:
    row = {
        "id": "1", "plan": "2019", "text": "순회 진료", "label_strategy": "S1", "label_task": "3", "label_subtask": "3-2",
        "lead_agencies": ["복지부"], "group": "g1",
    }  # fmt: skip
    path = tmp_path / "records.jsonl"
    lines = [row, row | {"id": "2", "same_wording_as_label": "3-2"}, row | {"id": "3", "label_subtask": None}]
    path.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), encoding="utf-8")
    (example,) = plan_examples(path)
    assert example.labels == {"2019": ("3-2",)}
    assert example.lead == "mohw"
    assert example.family == "g1"
