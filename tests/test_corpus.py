from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from hyeoksin.agency import load_agencies
from hyeoksin.corpus import Example, read_examples, read_programmes, read_terms, read_titles, text_hash
from hyeoksin.errors import InputError
from hyeoksin.evaluation import read_coded
from hyeoksin.plan import Plan

CORPUS = Path(__file__).parents[1] / "corpus"


def test_every_subtask_has_sixty_texts_and_six_hundred_are_outside(
    written: list[Example], plans: dict[str, Plan]
) -> None:
    best = Counter((e.labels["2019"] or ("NONE",))[0] for e in written)
    assert all(best[leaf.code] >= 60 for leaf in plans["2019"].leaves)
    assert best["NONE"] >= 600


def test_genre_does_not_tell_inside_from_outside(written: list[Example]) -> None:
    kinds = {e.kind for e in written}
    assert kinds == {"task", "officer", "citizen", "press", "complaint", "news"}
    for inside in (True, False):
        some = [e for e in written if bool(e.labels["2019"]) == inside]
        counts = Counter(e.kind for e in some)
        assert all(counts[kind] >= 0.03 * len(some) for kind in kinds)
        assert sum(len(e.document.body) > 350 for e in some) >= 0.05 * len(some)


def test_no_near_duplicates(
    written: list[Example], coded_apart: list[Example], plans: dict[str, Plan]
) -> None:
    everything = [*written, *coded_apart, *read_titles(CORPUS / "titles.csv", plans, {}, 1.0)]
    bodies = [e.document.body for e in everything]
    rows = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 4), sublinear_tf=True).fit_transform(bodies)
    for start in range(0, len(bodies), 500):
        cosines = (rows[start : start + 500] @ rows.T).toarray()
        for i, row in enumerate(cosines, start=start):
            row[i] = 0.0
            near = int(np.argmax(row))
            assert row[near] < 0.8, (
                f"{everything[i].document.id} ~ {everything[near].document.id} ({row[near]:.2f})"
            )


def test_labels_are_complete(written: list[Example]) -> None:
    for example in written:
        assert set(example.labels) == {"2019", "2020", "2022", "2024"}
        assert example.family
    assert sum(e.lead is not None for e in written) > 0.95 * len(written)


def test_texts_coded_twice_carry_what_the_coders_saw(coded_apart: list[Example]) -> None:
    for example in coded_apart:
        assert set(example.labels) == {"2019", "2024"}
        for plan, also in (example.acceptable or {}).items():
            assert not {*also} & {*(example.labels[plan] or ("NONE",))}
    outside = np.mean([not e.labels["2019"] for e in coded_apart])
    assert 0.4 < outside < 0.7
    assert sum(e.lead is not None for e in coded_apart) > 0.8 * len(coded_apart)


def test_titles_lie_on_both_sides_in_every_genre_and_stand_once(plans: dict[str, Plan]) -> None:
    titles = list(read_titles(CORPUS / "titles.csv", plans, {}, 0.3))
    assert len({e.document.title for e in titles}) == len(titles)
    assert all(8 <= len(e.document.title) <= 60 for e in titles)
    for name in ("2019", "2024"):
        for kind in ("task", "citizen", "press"):
            some = [e.labels[name] for e in titles if e.kind == kind and name in e.labels]
            assert 0.2 < np.mean([not codes for codes in some]) < 0.8
        assert {codes[0] for e in titles if (codes := e.labels.get(name))} == {
            leaf.code for leaf in plans[name].leaves
        }


def test_a_title_is_of_the_family_of_its_text(tmp_path: Path, plans: dict[str, Plan]) -> None:
    path = tmp_path / "titles.csv"
    head = "of,kind,title,plan2019,ok2019,plan2024,ok2024\n"
    path.write_text(
        f"{head}bh-1,task,대기표 문자 알림,3-2,NONE,K2,\nbh-2,task,축제,NONE,,,K1\n", encoding="utf-8"
    )
    first, second = read_titles(path, plans, {"bh-1": "petition:첫머리"}, 0.3)
    assert (first.family, second.family) == ("petition:첫머리", "title:bh-2")
    assert (first.labels, first.acceptable) == (
        {"2019": ("3-2",), "2024": ("K2",)},
        {"2019": ("NONE",), "2024": ()},
    )
    assert second.labels == {"2019": ()}  # of 2024 the coders thought differently
    path.write_text(f"{head}bh-1,task,알림,3-2,,K9,\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"titles\.csv:2: 계획 2024 .* K9"):
        list(read_titles(path, plans, {}, 0.3))


def test_programmes_point_to_their_leaf(plans: dict[str, Plan]) -> None:
    programmes = list(read_programmes(CORPUS / "programmes.csv", plans))
    assert len(programmes) > 120
    assert all(len(codes) == 1 for e in programmes for codes in e.labels.values())


def test_terms_name_no_agency_and_stand_once() -> None:
    terms = list(read_terms(CORPUS / "duties" / "terms.tsv"))
    assert len(terms) > 9_000
    counts = Counter(e.lead for e in terms)
    assert len(counts) > 45
    assert min(counts.values()) > 60
    assert len({(e.lead, e.document.title) for e in terms}) == len(terms)
    names = {agency.name for agency in load_agencies().by_id.values() if len(agency.name) > 2}
    assert not [e.document.title for e in terms if any(name in e.document.title for name in names)]


@pytest.mark.parametrize("line", ["법무부", "법무부\t ", "없는부\t가석방"])
def test_a_faulty_term_is_named_with_file_and_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "terms.tsv"
    path.write_text(f"법무부\t가석방 심사 기준\n{line}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"terms\.tsv:2"):
        list(read_terms(path))


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("not json", "a.jsonl:1"),
        (
            '{"id": "1", "title": "", "text": "글", "family": "f", "kind": "task", "labels": {"2019": ["9-9"]}}',
            "9-9",
        ),
        (
            '{"id": "1", "title": "", "text": "글", "family": "f", "kind": "task", "labels": {}, "lead": "없는부"}',
            "없는부",
        ),
        (
            '{"id": "1", "title": "", "text": "글", "family": "f", "kind": "task", "labels": {}, "ok": {"2019": ["9-8"]}}',
            "9-8",
        ),
        ('{"id": "1"}', "a.jsonl:1: .*family: 꼭 있어야 하는 항목이 없습니다"),
        ('["1-1"]', "a.jsonl:1: '이름: 값' 꼴이어야 합니다"),
        *(
            (
                f'{{"id": "1", "title": "", "text": "글", "family": "f", "kind": "task", "labels": {labels}}}',
                says,
            )
            for labels, says in (
                ('["1-1"]', "a.jsonl:1: labels: '이름: 값' 꼴이어야 합니다"),
                ('{"2019": "1-1"}', "a.jsonl:1: labels.2019: 목록"),
                ('{"2019": null}', "a.jsonl:1: labels.2019: 목록"),
                ('{"2021": []}', "a.jsonl:1: 모르는 계획 '2021'"),
            )
        ),
    ],
)
def test_faults_are_named_with_file_and_line(
    tmp_path: Path, plans: dict[str, Plan], line: str, what: str
) -> None:
    (tmp_path / "a.jsonl").write_text(line, encoding="utf-8")
    with pytest.raises(InputError, match=what):
        read_examples(tmp_path, plans)


def test_a_corpus_that_is_not_there_or_not_utf_8_is_told(tmp_path: Path, plans: dict[str, Plan]) -> None:
    with pytest.raises(InputError, match=r"nowhere: 말뭉치의 폴더가 없습니다. 저장소의 맨 위 폴더"):
        read_examples(tmp_path / "nowhere", plans)
    for path in (tmp_path / "a.jsonl", tmp_path / "a.csv"):
        path.write_bytes("가나다".encode("cp949"))
    with pytest.raises(InputError, match=r"a\.jsonl: UTF-8이 아닙니다"):
        read_examples(tmp_path, plans)
    with pytest.raises(InputError, match=r"a\.csv: UTF-8이 아닙니다"):
        list(read_programmes(tmp_path / "a.csv", plans))


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("plan,code,name\n2019,1-1,가\n", r"t\.csv:1: 열이 없습니다: agencies"),
        ("plan,code,name,agencies\n2021,1-1,가,\n", r"t\.csv:2: 모르는 계획이나 코드: 2021 1-1"),
        ("plan,code,name,agencies\n2019,0-0,가,\n", r"t\.csv:2: 모르는 계획이나 코드: 2019 0-0"),
        ("plan,code,name,agencies\n2019,1-1,가,없는부\n", r"t\.csv:2: 모르는 기관: 없는부"),
        ('plan,code,name,agencies\n2019,1-1,"가,\n', r"t\.csv:2: CSV 줄이 아닙니다"),
    ],
)
def test_a_faulty_table_is_named_with_file_and_line(
    tmp_path: Path, plans: dict[str, Plan], table: str, says: str
) -> None:
    path = tmp_path / "t.csv"
    path.write_text(table, encoding="utf-8")
    with pytest.raises(InputError, match=says):
        list(read_programmes(path, plans))
    with pytest.raises(InputError, match=r"t\.csv:\d: "):
        list(read_titles(path, plans, {}, 1.0))


def test_text_hash_does_not_see_white_space_or_composition() -> None:
    assert text_hash("제목", "본문  글") == text_hash("제목", "본문\n글 ")
    assert text_hash("제목", "본문") != text_hash("제목", "본 문")


def test_label_tables_hold_labels_and_no_text(plans: dict[str, Plan]) -> None:
    codes = {plan: {leaf.code for leaf in plans[plan].leaves} | {"NONE"} for plan in ("2019", "2024")}
    n_rows = 0
    for path in sorted([*(CORPUS / "labels").glob("*.csv"), *(CORPUS / "blind").glob("*.csv")]):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                n_rows += 1
                assert row["plan2019"] in codes["2019"]
                assert row["plan2024"] in codes["2024"]
                assert set(filter(None, row["ok2019"].split(","))) <= codes["2019"]
                assert row["agency"] == "" or row["agency"] in load_agencies().by_id
                assert len(row["sha256"]) == 64
                assert not any("가" <= char <= "힣" for value in row.values() for char in value)
    assert n_rows >= 4_000


def test_blind_labels_never_teach() -> None:
    taught, blind = (
        [
            row
            for path in (CORPUS / folder).glob("*.csv")
            for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines())
        ]
        for folder in ("labels", "blind")
    )
    assert len(blind) > 2_000
    for key in ("id", "sha256"):
        assert not {row[key] for row in taught} & {row[key] for row in blind}


@pytest.mark.parametrize("folder", ["labels", "blind"])
def test_underlined_places_belong_to_texts_inside_a_plan(folder: str) -> None:
    inside = {
        (path.stem, row["id"], plan)
        for path in (CORPUS / folder).glob("*.csv")
        for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines())
        for plan in ("2019", "2024")
        if row[f"plan{plan}"] != "NONE"
    }
    table = (CORPUS / "underlined" / f"{folder}.csv").read_text(encoding="utf-8").splitlines()
    marked = list(csv.DictReader(table))
    assert {(row["set"], row["id"], row["plan"]) for row in marked if row["coder"] == "1"} == inside
    assert all(0 <= int(row["start"]) < int(row["end"]) <= int(row["start"]) + 60 for row in marked)


def test_blind_texts_are_coded_and_never_teach(
    written: list[Example], coded_apart: list[Example], plans: dict[str, Plan]
) -> None:
    blind = read_coded(CORPUS / "blind" / "offices.jsonl")
    assert len(blind) >= 200
    for plan in ("2019", "2024"):
        codes = {leaf.code for leaf in plans[plan].leaves} | {"NONE"}
        assert all(one.codes[plan] in codes and one.acceptable[plan] <= codes for one in blind)
    taught = [e.document.body for e in [*written, *coded_apart]]
    front = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 4), sublinear_tf=True).fit(taught)
    cosines = front.transform([one.document.body for one in blind]) @ front.transform(taught).T
    assert cosines.max() < 0.8
