"""The nouns: what a document's body is, and the record that a prediction becomes."""

import dataclasses
import json

import pytest

from hyeoksin.domain import AgencyFlag, Clause, Document, Prediction, Rival, Score, Span

BUS = Document(
    id="1", title="찾아가는 이동 진료버스 운영", text="섬 마을을 매주 찾아간다.", source="tasks.csv#row=2"
)


def prediction(plan: str = "2019", **changes: object) -> Prediction:
    made = Prediction(
        document=BUS,
        plan=plan,
        status="settled",
        path=(Score("S1", "사회적 가치", 0.9), Score("3-1", "사각지대 해소", 0.7)),
        scores=(Score("3-1", "사각지대 해소", 0.7), Score("8-1", "서비스 혁신", 0.2)),
        off_plan=0.1,
        agencies=(AgencyFlag("mohw", "보건복지부", "lead", 0.6, ("계획의 주관기관",)),),
        evidence=(Span(0, 4, "찾아가는", 0.5),),
        clause=Clause("3-1-2", "찾아가는 서비스", 0.4),
        rival=Rival("8-1", "서비스 혁신", 0.2, ("맞춤형이면 8-1",)),
        regions=("전라남도 신안군",),
        model="m1",
        plan_sha="abc",
    )
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("title", "text", "body"),
    [
        ("제목", "본문", "제목\n본문"),
        ("제목", "", "제목"),
        ("", "본문", "본문"),
        ("", "", ""),
    ],
)
def test_body_joins_what_there_is(title: str, text: str, body: str) -> None:
    assert Document(id="1", title=title, text=text).body == body


def test_a_document_never_changes() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        BUS.title = "다른 제목"  # type: ignore[misc]


def test_record_survives_json_and_holds_every_part() -> None:
    record = prediction().to_record()
    assert json.loads(json.dumps(record, ensure_ascii=False)) == record
    assert record["id"] == "1"
    assert record["source"] == "tasks.csv#row=2"
    assert (record["plan"], record["status"], record["plan_sha"], record["model"]) == (
        "2019",
        "settled",
        "abc",
        "m1",
    )
    assert [step["code"] for step in record["path"]] == ["S1", "3-1"]
    assert [c["probability"] for c in record["candidates"]] == [0.7, 0.2]
    assert record["off_plan"] == 0.1
    assert record["agencies"] == [
        {
            "id": "mohw",
            "name": "보건복지부",
            "role": "lead",
            "probability": 0.6,
            "reasons": ["계획의 주관기관"],
        }
    ]
    assert record["evidence"] == [{"start": 0, "end": 4, "text": "찾아가는", "weight": 0.5}]
    assert record["clause"] == {"code": "3-1-2", "title": "찾아가는 서비스", "similarity": 0.4}
    assert record["rival"]["why"] == ["맞춤형이면 8-1"]
    assert record["regions"] == ["전라남도 신안군"]


def test_record_says_null_where_there_is_no_clause_and_no_rival() -> None:
    record = prediction(clause=None, rival=None, status="off_plan", path=()).to_record()
    assert record["clause"] is None
    assert record["rival"] is None
    assert record["path"] == []


def test_record_carries_other_plans_by_name_without_repeating_the_document() -> None:
    record = prediction(others=(prediction("2024"),)).to_record()
    assert list(record["others"]) == ["2024"]
    assert record["others"]["2024"]["plan"] == "2024"
    assert "id" not in record["others"]["2024"]
    assert "agencies" not in record["others"]["2024"]


def test_meta_stands_in_the_record_only_where_there_is_any() -> None:
    meta = {"담당부서": "보건소"}
    found = prediction()
    assert "meta" not in dataclasses.replace(found, document=dataclasses.replace(BUS, meta={})).to_record()
    assert (
        dataclasses.replace(found, document=dataclasses.replace(BUS, meta=meta)).to_record()["meta"] == meta
    )


def test_notes_stand_in_the_record_only_where_there_are_any() -> None:
    assert "notes" not in prediction().to_record()
    assert prediction(notes=("글이 짧습니다",)).to_record()["notes"] == ["글이 짧습니다"]
