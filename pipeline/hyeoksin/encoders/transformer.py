"""A transformer encoder (Devlin et al. 2018) in NumPy: a text in, the mean of its last hidden states out.

Each text runs by itself on one thread, so its vector depends neither on its neighbours nor on the number of cores.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

__all__ = ["PARTS", "Transformer", "plain"]

Floats = NDArray[np.float32]
_FIRST, _LAST = 0, 2  # pieces that begin and end a text
_TINY = np.float32(1e-12)
PARTS = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)


class Transformer:
    """BERT layers behind a SentencePiece vocabulary.

    Args:
        tensors: float32 by their names in ``transformers.BertModel``.
        pieces: a serialised SentencePiece model; its ids are the rows of the word embedding.
        n_heads: attention heads.
        n_pieces: the most pieces read of a text, with those that begin and end it.
        prefix: what stands before each text (``query: ``).

    Raises:
        KeyError, ValueError, RuntimeError: the parts do not fit together.
    """

    def __init__(
        self, tensors: Mapping[str, Floats], pieces: bytes, n_heads: int, n_pieces: int, prefix: str = ""
    ) -> None:
        from sentencepiece import SentencePieceProcessor

        self.n_heads, self.n_pieces, self.prefix = n_heads, n_pieces, prefix
        self._split = SentencePieceProcessor(model_proto=pieces)
        self._words = tensors["embeddings.word_embeddings.weight"]
        places = tensors["embeddings.position_embeddings.weight"][:n_pieces]
        self._places = places + tensors["embeddings.token_type_embeddings.weight"][0]
        self._first = _norm_of(tensors, "embeddings.LayerNorm")
        n_layers = sum(name.endswith("intermediate.dense.bias") for name in tensors)
        self._layers = [_Layer(tensors, f"encoder.layer.{i}.", n_heads) for i in range(n_layers)]
        if len(self._words) != self._split.get_piece_size() or len(places) < n_pieces:
            raise ValueError("조각과 임베딩의 수가 다릅니다")

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return int(self._words.shape[1])

    def ids(self, body: str, n_pieces: int | None = None) -> list[int]:
        """Return the pieces of a normalised text, ``n_pieces`` at the most, those that begin and end it included."""
        found: list[int] = self._split.encode(plain(self.prefix + body))
        return [_FIRST, *found[: (n_pieces or self.n_pieces) - 2], _LAST]

    def vectors(self, bodies: Sequence[str], workers: int = 1, n_pieces: int | None = None) -> Floats:
        """Return the (n texts x dimension) vectors, by ``workers`` threads; ``n_pieces`` to read fewer of each."""
        if not bodies:
            return np.zeros((0, self.dimension), np.float32)
        with threadpool_limits(1, "blas"), ThreadPoolExecutor(workers) as threads:
            return np.stack(list(threads.map(self._vector, (self.ids(body, n_pieces) for body in bodies))))

    def _vector(self, ids: Sequence[int]) -> Floats:
        states = _normed(self._words[list(ids)] + self._places[: len(ids)], self._first)
        for layer in self._layers:
            states = layer(states)
        mean: Floats = states.mean(axis=0)
        return mean


class _Layer:
    def __init__(self, tensors: Mapping[str, Floats], name: str, n_heads: int) -> None:
        self.n_heads = n_heads
        asked, out, wide, narrow = (
            _dense(tensors, *(name + part for part in parts))
            for parts in (PARTS[:3], PARTS[3:4], PARTS[4:5], PARTS[5:6])
        )
        self._asked, self._out, self._wide, self._narrow = asked, out, wide, narrow
        self._after_attention = _norm_of(tensors, name + "attention.output.LayerNorm")
        self._after = _norm_of(tensors, name + "output.LayerNorm")

    def __call__(self, states: Floats) -> Floats:
        n, width = states.shape
        # query, key and value: (3 x heads x n x width of a head)
        three = _times(states, self._asked).reshape(n, 3, self.n_heads, -1).transpose(1, 2, 0, 3)
        scores = three[0] @ three[1].transpose(0, 2, 1) * np.float32((width // self.n_heads) ** -0.5)
        scores = np.exp(scores - scores.max(axis=2, keepdims=True))
        scores /= scores.sum(axis=2, keepdims=True)
        seen = (scores @ three[2]).transpose(1, 0, 2).reshape(n, width)
        states = _normed(states + _times(seen, self._out), self._after_attention)
        return _normed(states + _times(_gelu(_times(states, self._wide)), self._narrow), self._after)


def plain(text: str) -> str:
    """Return the text as the SentencePiece model knows it: NFKC, and one blank for all white space."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


Pair = tuple[Floats, Floats]  # weights and bias


def _dense(tensors: Mapping[str, Floats], *names: str) -> Pair:
    """Return the (inputs x outputs) weights and the bias of layers that read the same, side by side."""
    weights = np.concatenate([tensors[f"{name}.weight"] for name in names])
    return np.ascontiguousarray(weights.T), np.concatenate([tensors[f"{name}.bias"] for name in names])


def _norm_of(tensors: Mapping[str, Floats], name: str) -> Pair:
    return tensors[f"{name}.weight"], tensors[f"{name}.bias"]


def _times(states: Floats, layer: Pair) -> Floats:
    found: Floats = states @ layer[0]
    found += layer[1]
    return found


def _normed(states: Floats, norm: Pair) -> Floats:
    centred = states - states.mean(axis=1, keepdims=True)
    centred /= np.sqrt((centred * centred).mean(axis=1, keepdims=True) + _TINY)
    found: Floats = centred * norm[0] + norm[1]
    return found


def _gelu(states: Floats) -> Floats:
    """Return Hendrycks and Gimpel's GELU by its tanh formula: SciPy's erf takes as long as the rest of the layer."""
    inner = states * states
    inner *= np.float32(0.044715 * 0.7978845608)
    inner += np.float32(0.7978845608)
    inner *= states
    np.tanh(inner, out=inner)
    inner += 1.0
    inner *= states
    inner *= np.float32(0.5)
    return inner
