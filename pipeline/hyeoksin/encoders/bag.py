"""The morpheme embedding as a sentence-transformers module: Kiwi in front, a weighted bag of vectors, normalise.

Load a saved folder with ``SentenceTransformer(modules=[MorphemeBag.load(folder)])``; no remote code is trusted. This
module imports torch, so nothing in the default path imports it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from sentence_transformers.base.modules import InputModule

from hyeoksin.domain import Document
from hyeoksin.encoders.morpheme import VOCABULARY, WEIGHTS
from hyeoksin.encoders.packed import packed, unpacked
from hyeoksin.features import analyse
from hyeoksin.morphemes import Tokenizer

__all__ = ["MorphemeBag"]


class MorphemeBag(InputModule):  # type: ignore[misc]  # sentence-transformers' modules are not typed
    """Sum of morpheme vectors, each times a weight of its own, made unit length.

    Args:
        vocabulary: morpheme keys, position = row.
        vectors: (n keys x dimension).
        weights: (n keys,), positive; learnt as logarithms.
        limit: characters read of a text.
    """

    config_keys: ClassVar[list[str]] = ["limit"]

    def __init__(
        self,
        vocabulary: Sequence[str],
        vectors: NDArray[np.float32],
        weights: NDArray[np.float32],
        limit: int = 700,
    ) -> None:
        super().__init__()
        self.vocabulary = tuple(vocabulary)
        self.limit = limit
        self.vectors = torch.nn.Parameter(torch.tensor(vectors, dtype=torch.float32))
        self.log_weights = torch.nn.Parameter(torch.tensor(weights, dtype=torch.float32).log())
        self._row = {key: i for i, key in enumerate(self.vocabulary)}
        self._kiwi = Tokenizer(workers=1)

    def preprocess(
        self, inputs: Sequence[str], prompt: str | None = None, **_: Any
    ) -> dict[str, torch.Tensor]:
        """Return what :meth:`forward` reads, of texts."""
        texts = self._prepend_prompt(list(inputs), prompt) if prompt else inputs
        documents = [Document(id=str(i), text=text) for i, text in enumerate(texts)]
        return self.features(
            [self.known(m.key for m in one.morphemes) for one in analyse(documents, self._kiwi, self.limit)]
        )

    def known(self, keys: Iterable[str]) -> list[int]:
        """Return the rows of those keys that the vocabulary has."""
        return [self._row[key] for key in keys if key in self._row]

    @staticmethod
    def features(rows: Iterable[Sequence[int]]) -> dict[str, torch.Tensor]:
        """Return flat row numbers and where each text begins."""
        known = [torch.tensor(one, dtype=torch.long) for one in rows]
        starts = np.cumsum([0, *(len(one) for one in known)])[:-1]
        return {"input_ids": torch.cat(known), "offsets": torch.from_numpy(starts)}

    def forward(self, features: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Add ``sentence_embedding`` (n texts x dimension), unit length, or zeros for a text without known morphemes."""
        ids = features["input_ids"]
        sums = torch.nn.functional.embedding_bag(
            ids,
            self.vectors,
            features["offsets"],
            mode="sum",
            per_sample_weights=self.log_weights[ids].exp(),
        )
        features["sentence_embedding"] = torch.nn.functional.normalize(sums, dim=1)
        return features

    def get_embedding_dimension(self) -> int:
        """Return the length of a vector."""
        return int(self.vectors.shape[1])

    def save(self, output_path: str, *args: Any, **kwargs: Any) -> None:
        """Write configuration, vocabulary, vectors in eight bits and float16 weights."""
        del args, kwargs
        self.save_config(output_path)
        folder = Path(output_path)
        (folder / VOCABULARY).write_text("\n".join(self.vocabulary), encoding="utf-8", newline="\n")
        weights = self.log_weights.detach().exp().numpy().astype(np.float16)
        save_file(
            packed("vectors", self.vectors.detach().numpy(), 8) | {"weights": weights}, folder / WEIGHTS
        )
        (folder / WEIGHTS).chmod(0o644)  # safetensors writes for the owner alone

    @classmethod
    def load(cls, model_name_or_path: str, subfolder: str = "", **_: Any) -> MorphemeBag:
        """Read a saved folder."""
        folder = Path(model_name_or_path) / subfolder
        tensors = unpacked(load_file(folder / WEIGHTS))
        vocabulary = (folder / VOCABULARY).read_text(encoding="utf-8").split("\n")
        return cls(vocabulary, tensors["vectors"], tensors["weights"], **cls.load_config(str(folder)))
