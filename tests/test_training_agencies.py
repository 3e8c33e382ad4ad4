from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import TfidfVectorizer

from hyeoksin.agency import load_agencies
from hyeoksin.corpus import Example, duty_examples, read_examples
from hyeoksin.domain import Document
from hyeoksin.encoders import LexicalEncoder
from hyeoksin.features import BLOCKS, Analysed, analyse, feature_names
from hyeoksin.mentions import named_agencies
from hyeoksin.model.heads import Head
from hyeoksin.morphemes import Tokenizer
from hyeoksin.plan import Plan, load_plan
from hyeoksin.signals import SIGNALS, Desk
from hyeoksin.training.agencies import agency_classes, fit_agencies, fit_router, lead_of, ranked, short_forms

CORPUS = Path(__file__).parents[1] / "corpus"
DATA = Path(__file__).parent / "data"
LACKING = [
    "mcst",
    "mogef",
    "mofa",
    "mnd",
    "mpva",
    "npa",
    "nfa",
    "moj",
    "acrc",
    "mpm",
    "forest",
    "kdca",
    "kma",
    "mma",
    "moleg",
    "pipc",
    "khs",
    "mou",
    "dapa",
    "kcg",
    "rda",
    "nssc",
]


@pytest.fixture(scope="module")
def duties(plans: dict[str, Plan]) -> list[Example]:
    return read_examples(CORPUS / "duties", plans)


def cases(name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


def example(lead: str, title: str = "글") -> Example:
    return Example(Document(id=title, title=title), {}, title, "press", "written", lead)


def test_agencies_that_releases_lack_have_texts_and_cases(duties: list[Example]) -> None:
    texts = Counter(e.lead for e in duties)
    agencies = load_agencies()
    tests = Counter(
        agencies.reference(agency.id)
        for row in cases("agency_cases.jsonl")
        if (agency := agencies.named(row["lead"], row["date"])) is not None
    )
    assert all(texts[agency] >= (12 if agency in LACKING[:17] else 6) for agency in LACKING)
    assert all(tests[agency] >= 8 for agency in LACKING)
    for name in ("mention_cases.jsonl", "named_cases.jsonl"):
        roles = Counter(row["role"] for row in cases(name))
        assert min(roles.values()) >= 30


def test_duty_texts_are_not_the_cases(duties: list[Example], written: list[Example]) -> None:
    names = ("agency_cases", "unnamed_cases", "mention_cases", "named_cases", "fresh_cases")
    held = [f"{r['title']}\n{r['text']}" for name in names for r in cases(f"{name}.jsonl")]
    known = [e.document.body for e in [*duties, *written]]
    front = TfidfVectorizer(analyzer="char_wb", ngram_range=(4, 4), sublinear_tf=True).fit(known)
    rows = front.transform([*held, *known[: len(duties)]])
    cosines = csr_array(rows @ front.transform(known).T)
    cosines.setdiag(0.0, k=-len(held))  # a text and itself
    assert cosines.max() < 0.85


def test_no_duty_text_gives_its_agency_away_in_the_title_copies(duties: list[Example]) -> None:
    # the others teach what a mention is worth
    plain = [e for e in duties if not e.document.id.startswith("named-")]
    named = sum(bool(load_agencies().find(e.document.body)) for e in plain)
    assert named < 0.25 * len(plain)


def test_listed_duties_are_read_as_the_agency_of_the_reference_day() -> None:
    found = list(duty_examples())
    assert {e.lead for e in found if e.family == "duty:mogef2025"} == {"mogef"}
    assert {e.lead for e in found if e.family == "duty:kcdc"} <= {"kdca"}
    assert all(e.labels == {} for e in found)


def test_a_small_institution_teaches_its_ministry() -> None:
    assert lead_of(example("kosha")) == "moel"
    assert lead_of(example("kats")) == "kats"
    assert lead_of(example("npa")) == "npa"


def test_classes_lead_four_texts() -> None:
    examples = [example("npa", str(i)) for i in range(4)] + [example("kma", f"k{i}") for i in range(3)]
    assert agency_classes(examples) == ("local", "npa")
    duties = [Example(Document(id="d"), {}, "d", "duty", "duty", "kma")] * 9
    assert agency_classes([*examples, *duties]) == ("local", "npa")


def test_short_forms_are_the_title_and_the_first_sentences(tokenizer: Tokenizer) -> None:
    text = "주민이 직접 뽑은 사업을 먼저 한다. 예산은 마을마다 나누어 쓰게 한다. 짧다.\n- 내년에는 모든 동으로 넓혀 시행할 예정임"
    (one,) = analyse([Document(id="1", title="마을 예산 나눔", text=text)], tokenizer, 700)
    title, *sentences = short_forms(one, 9)
    assert title.body == "마을 예산 나눔"
    assert [s.body for s in sentences] == [
        "주민이 직접 뽑은 사업을 먼저 한다",
        "예산은 마을마다 나누어 쓰게 한다",
        "- 내년에는 모든 동으로 넓혀 시행할 예정임",
    ]
    for part in (title, *sentences):
        assert part.morphemes
        assert all(0 <= m.start < m.end <= len(part.body) for m in part.morphemes)
    assert len(list(short_forms(one, 1))) == 2
    (bare,) = analyse([Document(id="1", title="제목뿐")], tokenizer, 700)
    assert list(short_forms(bare, 3)) == []


def small_head(
    examples: list[Example], tokenizer: Tokenizer, classes: tuple[str, ...], strength: float
) -> tuple[Head, LexicalEncoder, list[Analysed]]:
    analysed = list(analyse([e.document for e in examples], tokenizer, 700))
    names = sorted({f for a in analysed for b in BLOCKS for f in feature_names(a, b)})
    encoder = LexicalEncoder(names, np.ones(len(names), dtype=np.float32))
    encoded = [encoder.encode(a) for a in analysed]
    return fit_agencies(encoder, encoded, examples, analysed, classes, strength, 0), encoder, analysed


def test_two_classes_are_told_apart(tokenizer: Tokenizer) -> None:
    titles = ["호우 특보와 기온 관측", "지진 관측 날씨 예보", "112 순찰 범죄 수사", "교통 단속 범죄 예방"]
    examples = [example("kma" if i < 2 else "npa", title) for i, title in enumerate(titles)]
    head, encoder, analysed = small_head(examples, tokenizer, ("kma", "npa"), 1.0)
    said = head.probabilities(encoder.matrix([encoder.encode(a) for a in analysed]))
    assert (said[:2, 0] > 0.6).all()
    assert (said[2:, 1] > 0.6).all()


def test_the_head_learns_agencies_from_their_texts(duties: list[Example], tokenizer: Tokenizer) -> None:
    few = [e for e in duties if e.lead in ("forest", "mofa", "nfa", "mnd", "npa", "mcst")]
    head, encoder, _ = small_head(few, tokenizer, (*agency_classes(few), "zz"), 0.3)
    tasks = ["산불 감시 초소 정비", "여권 발급 창구 개선", "119 구급대 장비 교체", "군 장병 급식 개선"]
    analysed = analyse([Document(id=t, title=t) for t in tasks], tokenizer, 700)
    rows = encoder.matrix([encoder.encode(a) for a in analysed])
    best = head.probabilities(rows).argmax(axis=1)
    assert [head.classes[i] for i in best] == ["forest", "mofa", "nfa", "mnd"]
    assert head.bias[head.classes.index("zz")] < -10  # a class without examples is never chosen


def test_the_router_learns_that_an_aside_is_no_lead() -> None:
    plan = load_plan("2019")
    desk = Desk(("mohw", "npa"), [plan])
    leads = np.zeros(len(desk.agencies))
    texts = [
        ("복지부는 쉼터를 연다. 경찰청과 협력한다.", "mohw"),
        ("경찰청은 순찰한다. 복지부와 협력한다.", "npa"),
    ]
    found, examples = {}, []
    for i in range(40):
        body, lead = texts[i % 2]
        examples.append(example(lead, str(i)))
        found[i] = desk.candidates(
            named_agencies(body, "2024-06-01"), np.array([0.5, 0.5]), leads, has_region=False
        )
    weights = fit_router(found, examples)
    assert set(weights) == set(SIGNALS)
    assert weights["speaker"] > 0 > weights["aside"]
    assert ranked(found[1], weights)[0] == "npa"
