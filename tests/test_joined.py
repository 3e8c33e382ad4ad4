from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hyeoksin.cli import app
from hyeoksin.corpus import text_hash
from hyeoksin.errors import InputError, MissingExtraError
from hyeoksin.joined import join

LISTING = """\
- name: town
  repository: example.org/town
  commit: abc
  files: [a.jsonl, b.jsonl]
  fields: {id: id, title: title, text: body, date: day}
- name: unlabelled
  repository: example.org/other
  commit: abc
  files: [c.jsonl]
  fields: {id: id, title: title, text: body}
"""
COLUMNS = ["id", "sha256", "plan2019", "ok2019", "plan2024", "ok2024", "agency"]


def line(number: int, body: str) -> str:
    return json.dumps({"id": f"t{number}", "title": "마을", "body": body, "day": "2024-05-01"}) + "\n"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    (tmp_path / "external.yaml").write_text(LISTING, encoding="utf-8")
    (tmp_path / "labels").mkdir()
    with (tmp_path / "labels/town.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number in (1, 2, 3):
            writer.writerow(
                [f"t{number}", text_hash("마을", f"글 {number}"), "3-1", "NONE", "NONE", "", "mois"]
            )
    return tmp_path


def run(corpus: Path, folder: Path) -> tuple[int, str, list[dict[str, object]], Path]:
    output = corpus / "out.jsonl"
    result = CliRunner().invoke(
        app, ["corpus", "join", "--from", str(folder), "-o", str(output), "--corpus", str(corpus)]
    )
    records = [json.loads(row) for row in output.read_text(encoding="utf-8").splitlines()]
    return result.exit_code, result.output, records, corpus / "out.failed.jsonl"


def test_what_is_there_is_joined_and_the_rest_is_listed(corpus: Path) -> None:
    (corpus / "a.jsonl").write_text(line(1, "글   1\n") + line(2, "다른 글"), encoding="utf-8")
    code, out, records, failed = run(corpus, corpus)
    assert code == 1
    assert "town: 찾음 1, 없음 1, 바뀜 1" in out
    assert records == [
        {
            "id": "t1", "set": "town", "date": "2024-05-01", "title": "마을", "text": "글   1\n",
            "labels": {"2019": ["3-1"], "2024": []}, "acceptable": {"2019": ["NONE"], "2024": []}, "lead": "mois",
        }
    ]  # fmt: skip
    failures = [json.loads(row) for row in failed.read_text(encoding="utf-8").splitlines()]
    assert [(f["file"], f["row"]) for f in failures] == [("b.jsonl", None), ("town.csv", 4), ("town.csv", 3)]
    assert "example.org/town" in failures[0]["reason"]
    assert "'t3'" in failures[1]["reason"]


def test_all_found_leaves_no_list_of_failures(corpus: Path) -> None:
    (corpus / "out.failed.jsonl").write_text("an older run\n", encoding="utf-8")
    (corpus / "a.jsonl").write_text(line(1, "글 1") + line(2, "글 2"), encoding="utf-8")
    (corpus / "b.jsonl").write_text(line(3, "글 3"), encoding="utf-8")
    code, out, records, failed = run(corpus, corpus)
    assert code == 0
    assert "찾음 3, 없음 0, 바뀜 0" in out
    assert len(records) == 3
    assert not failed.exists()


@pytest.mark.parametrize("damage", ["{not json", '{"title": "no id"}', "[1]", '"word"'])
def test_a_damaged_file_costs_only_what_stands_behind_the_damage(corpus: Path, damage: str) -> None:
    (corpus / "a.jsonl").write_text(line(1, "글 1") + damage + "\n" + line(2, "글 2"), encoding="utf-8")
    (corpus / "b.jsonl").write_text(line(3, "글 3"), encoding="utf-8")
    (found,) = join(corpus / "labels", corpus / "external.yaml", corpus)
    assert [e.document.id for e in found.examples] == ["t1", "t3"]
    assert len(found.missing) == 1
    assert [error.source for error in found.broken] == ["a.jsonl"]


def test_a_wrong_label_is_listed_and_not_written(corpus: Path) -> None:
    (corpus / "a.jsonl").write_text(line(1, "글 1") + line(2, "글 2"), encoding="utf-8")
    (corpus / "b.jsonl").write_text(line(3, "글 3"), encoding="utf-8")
    table = corpus / "labels/town.csv"
    rows = table.read_text(encoding="utf-8").splitlines()
    table.write_text(
        "\n".join([*rows[:2], rows[2].replace("3-1", "9-9"), rows[3], rows[1]]), encoding="utf-8"
    )
    code, out, records, failed = run(corpus, corpus)
    assert code == 1
    assert "town: 찾음 2, 없음 0, 바뀜 0, 표시가 틀림 2" in out
    assert [record["id"] for record in records] == ["t1", "t3"]
    failures = [json.loads(row) for row in failed.read_text(encoding="utf-8").splitlines()]
    assert [(f["file"], f["row"]) for f in failures] == [("town.csv", 3), ("town.csv", 5)]
    assert "9-9" in failures[0]["reason"]


def test_no_labels_and_no_folder_are_refused(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--corpus"):
        list(join(corpus / "nowhere", corpus / "external.yaml", corpus))
    result = CliRunner().invoke(
        app, ["corpus", "join", "--from", str(tmp_path / "x"), "--corpus", str(corpus)]
    )
    assert isinstance(result.exception, InputError)


def test_fetch_without_its_extra_says_what_to_install(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pooch", None)
    monkeypatch.delitem(sys.modules, "hyeoksin.fetch", raising=False)
    result = CliRunner().invoke(app, ["corpus", "fetch", "--to", str(corpus), "--corpus", str(corpus)])
    assert isinstance(result.exception, MissingExtraError)
    assert ".[fetch]" in str(result.exception)
