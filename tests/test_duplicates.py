from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hyeoksin.batch.judge import predict
from hyeoksin.classifier import Classifier
from hyeoksin.corpus import Example
from hyeoksin.domain import Document
from hyeoksin.duplicates import Index, content_hash, group, index, signatures
from hyeoksin.duplicates.signatures import letters

TEXT = (
    "우리 군은 섬 마을 어르신을 위해 이동 진료버스를 운영한다. 의사와 간호사가 매주 두 마을을 찾아가 혈압과 혈당을 재고 "
    "약을 처방하며, 진료 기록은 보건소와 이어진다. 올해는 열두 마을을 더하고 주민 의견을 들어 노선을 정한다."
)


def groups(texts: list[str], folder: Path) -> list[str | None]:
    found = Index(folder)
    for text in texts:
        found.add([text])
    made = found.groups()
    return [None if (one := made.find(i)) is None else one[0] for i in range(len(texts))]


def test_equal_and_nearly_equal_texts_are_grouped_and_others_are_not(tmp_path: Path) -> None:
    texts = [
        TEXT,
        TEXT.replace(" ", "  "),
        TEXT.replace("열두", "열세") + " (자료 제공: 보건소)",
        "도서관이 밤 열 시까지 문을 연다. 주민이 제안하고 투표로 정한 일이다. 예산은 주민참여예산에서 나온다.",
        "",
        "∎",
        "짧은 글",
        "짧은 글.",
    ]
    found = groups(texts, tmp_path)
    assert found[0] is not None
    assert found[:3] == [found[0]] * 3
    assert found[3:] == [None] * 5
    assert found[0] in {f"{content_hash(text):016x}" for text in texts[:3]}


def test_groups_do_not_depend_on_order_or_parts(
    tmp_path: Path, written: list[Example], monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [e.document.body for e in written[:150]]
    texts += [text.replace("한다", "했다").replace("위해", "위하여") for text in texts[::2]] + texts[::5]
    found = dict(zip(texts, groups(texts, tmp_path / "a"), strict=True))
    assert sum(name is not None for name in found.values()) > 60
    random.Random(1).shuffle(texts)
    monkeypatch.setattr(index, "_PART", 40)
    monkeypatch.setattr(index, "_CHUNK", 7)
    assert dict(zip(texts, groups(texts, tmp_path / "b"), strict=True)) == found


def test_a_chain_of_small_changes_is_not_one_group(tmp_path: Path) -> None:
    words = TEXT.split()
    chain = []
    for step in range(len(words)):
        chain.append(" ".join([f"다른말{i}번" for i in range(step)] + words[step:]))
    found = groups(chain, tmp_path)
    signed = signatures([letters(text) for text in chain])
    for name in set(found) - {None}:
        members = [i for i, other in enumerate(found) if other == name]
        own = next(i for i in members if f"{content_hash(chain[i]):016x}" == name)
        assert all(np.mean(signed[own] == signed[i]) >= 0.6 for i in members)
    assert len(set(found)) > 2


def test_signatures_estimate_jaccard() -> None:
    one, two = "".join(map(chr, range(44032, 44432))), "".join(map(chr, range(44132, 44532)))
    agree = np.mean(np.equal(*signatures([one, two])))
    assert agree == pytest.approx(297 / 497, abs=0.13)  # three standard errors


def test_judged_once_with_evidence_in_the_own_text(classifier: Classifier) -> None:
    first = Document(id="1", text=TEXT, source="a")
    again = Document(id="2", text="[재배포] " + TEXT, source="b")
    other = Document(id="3", text="벚꽃 축제를 연다. 가수들의 무대와 먹거리 장터가 이어진다.", source="c")
    one, two, three = predict(classifier, group([first, again, other]))
    assert one.duplicate_group == two.duplicate_group is not None
    assert three.duplicate_group is None
    assert one.scores == two.scores
    assert {one.document.id, two.document.id} == {"1", "2"}
    assert ["대표 글" in "".join(p.notes) for p in (one, two)].count(True) == 1
    for prediction in (one, two):
        assert prediction.evidence
        body = prediction.document.body
        assert all(body[s.start : s.end] == s.text for s in prediction.evidence)
    assert two.to_record()["duplicate_group"] == two.duplicate_group
    assert "duplicate_group" not in three.to_record()


def test_exact_copies_keep_their_own_id_and_answer(classifier: Classifier) -> None:
    documents = [Document(id=str(i), text=TEXT, source=f"s{i}", meta={"담당": str(i)}) for i in range(3)]
    found = list(predict(classifier, group(documents)))
    assert [p.document for p in found] == documents
    assert [p.to_record()["meta"] for p in found] == [{"담당": str(i)} for i in range(3)]
    assert all(replace(p, document=documents[0]) == found[0] for p in found)
    assert not any("대표 글" in note for note in found[0].notes)


def test_a_near_duplicate_of_another_place_or_time_is_judged_by_itself(classifier: Classifier) -> None:
    there = TEXT.replace("우리 군은", "전라남도 목포시는")
    documents = [
        Document("a", there),
        Document("b", TEXT.replace("우리 군은", "부산광역시 강서구는")),
        Document("c", there + " (자료: 보건소)"),
        Document("d", TEXT, region="경기도 수원시"),
        Document("e", TEXT, region="서울특별시 강남구"),
        Document("f", there, date="2019-05-01"),
        Document("g", there, date="2019-06-01"),
        Document("h", there, date="2026-06-01"),
    ]
    entries = group(documents)
    assert len({entry.group for entry in entries}) == 1
    found = dict(zip("abcdefgh", predict(classifier, entries), strict=True))
    for document in documents:
        (alone,) = classifier.classify([document])
        assert found[document.id].regions == alone.regions
        assert [a.name for a in found[document.id].agencies] == [a.name for a in alone.agencies]
