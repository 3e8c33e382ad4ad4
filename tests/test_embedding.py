from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from hyeoksin.corpus import Example
from hyeoksin.encoders import load_morpheme_encoder
from hyeoksin.features import analyse
from hyeoksin.morphemes import Tokenizer
from hyeoksin.training.cong import DIMENSION, Cong
from hyeoksin.training.pairs import read_pairs, title_body_pairs, vocabulary

pytest.importorskip("sentence_transformers")
CORPUS = Path(__file__).parents[1] / "corpus"
LISTING = """\
- {name: town, repository: example.org/town, commit: abc, files: [town.jsonl], fields: {id: id, title: title, text: text}}
"""


@pytest.fixture(scope="module")
def external(tmp_path_factory: pytest.TempPathFactory, written: list[Example]) -> Path:
    """The written corpus in the guise of a public source: 400 titles with their texts."""
    folder = tmp_path_factory.mktemp("public")
    documents = [e.document for e in written if e.document.title and e.document.text][:300]
    rows = ({"id": d.id, "title": d.title, "text": d.text} for d in documents)
    lines = [
        json.dumps(row, ensure_ascii=False) for row in [*rows, {"id": "x", "title": "제목뿐", "text": ""}]
    ]
    (folder / "town.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (folder / "external.yaml").write_text(LISTING, encoding="utf-8")
    (folder / "proposals").mkdir()
    (folder / "proposals" / "1-1.jsonl").symlink_to(CORPUS / "proposals" / "1-1.jsonl")
    return folder


def test_pairs_have_two_sides(external: Path, tokenizer: Tokenizer) -> None:
    documents = list(title_body_pairs(external / "external.yaml", external))
    assert len(documents) > 200
    assert all(d.title and d.text for d in documents)
    first = read_pairs(documents[:1], tokenizer, 700)[0]
    assert first.title
    assert first.body


def test_the_vocabulary_is_bounded_and_frequent_first() -> None:
    known = vocabulary([["가/N", "나/N", "나/N"], ["나/N", "다/N"], ["가/N"], ["나/N"]], 2, 10)
    assert known.keys == ("나/N", "가/N")
    assert known.idf[0] < known.idf[1]
    assert vocabulary([["가/N", "나/N"], ["나/N"]], 1, 1).keys == ("나/N",)


def test_training_brings_titles_to_their_bodies_and_saves_what_numpy_reads(
    external: Path,
    tmp_path: Path,
    written: list[Example],
    tokenizer: Tokenizer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from sentence_transformers import SentenceTransformer

    from hyeoksin.encoders.bag import MorphemeBag
    from hyeoksin.training import embedding as recipe
    from hyeoksin.training.embed import EmbedSettings

    nothing = Cong(np.zeros((1, DIMENSION), np.float32), ("",), ("",))
    monkeypatch.setattr(recipe, "recover", lambda kiwi, seed: nothing)
    monkeypatch.setattr(recipe, "_HELD_OUT", 100)
    settings = EmbedSettings(limit=200, min_count=1, max_keys=3_000, batch=64, epochs=2)
    for name in ("first", "second"):
        card = recipe.embedding(external, external, tmp_path / name, settings)
    assert card["held_out_title_finds_body"]["trained"] > 0.3
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("first", "second")]
    assert weights[0] == weights[1]

    analysed = list(analyse([e.document for e in written[::40]], tokenizer, settings.limit))
    ours = load_morpheme_encoder(tmp_path / "first").encode(analysed)
    model = SentenceTransformer(modules=[MorphemeBag.load(str(tmp_path / "first"))], device="cpu")
    theirs = model.encode([one.document.body for one in analysed], show_progress_bar=False)
    np.testing.assert_allclose(ours, theirs, atol=1e-3)
    assert not model.encode("∎∎∎").any()


def test_labels_bring_texts_to_their_leaf_and_off_plan_texts_away() -> None:
    from hyeoksin.encoders.bag import MorphemeBag
    from hyeoksin.training.embed import EmbedSettings, Labelled, train_on_labels

    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(30, 16)).astype(np.float32)
    bag = MorphemeBag([f"{i}/N" for i in range(30)], vectors, np.ones(30, np.float32))
    leaf = np.repeat([0, 1, -1], 40)
    rows = [list(rng.choice(10, 3) + 10 * part) for part in leaf % 3]  # ten words each, -1 has the last ten
    labelled = Labelled(rows, leaf, [[0], [10]])
    train_on_labels(
        bag,
        {"plan": labelled},
        [(rows[i], rows[i]) for i in range(120)],
        EmbedSettings(label_epochs=60, label_rate=0.05),
    )
    texts, anchors = (
        bag(bag.features(some))["sentence_embedding"].detach() for some in (rows, labelled.wordings)
    )
    cosines = (texts @ anchors.T).numpy()
    assert (cosines[:80].argmax(axis=1) == leaf[:80]).mean() > 0.95
    assert cosines[80:].max(axis=1).mean() + 0.3 < cosines[:80].max(axis=1).mean()
