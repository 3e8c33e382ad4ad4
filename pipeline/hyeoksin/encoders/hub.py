"""Any sentence-transformers model, from a folder or from the local cache of the hub; nothing is imported before use."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hyeoksin.errors import MissingExtraError, ModelError
from hyeoksin.features import Analysed

__all__ = ["SentenceEncoder"]

_BATCH = 64


class SentenceEncoder:
    """A sentence-transformers model; it never goes to the network and never runs code out of a model folder.

    Args:
        model: a folder, or the name of a hub model that stands in the local cache.

    Raises:
        ModelError: no such model on this computer.
        MissingExtraError: sentence-transformers is not installed.
    """

    def __init__(self, model: str) -> None:
        place = Path(model)  # a trained model keeps the name, and is read from any folder
        self.name = f"sentence-transformers:{place.resolve() if place.exists() else model}"
        self._model = _load(model)
        self.dimension = int(self._model.get_embedding_dimension())

    def encode(self, analysed: Sequence[Analysed]) -> NDArray[np.float32]:
        """Return the (n documents x dimension) unit vectors of the normalised texts."""
        if not analysed:
            return np.zeros((0, self.dimension), np.float32)
        vectors = self._model.encode(
            [one.body for one in analysed],
            batch_size=_BATCH,
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        return np.asarray(vectors, dtype=np.float32)


def _load(model: str) -> Any:
    if not model:
        raise ModelError("인코더의 이름이나 폴더를 적으세요: --encoder sentence-transformers:이름_또는_폴더")
    is_folder = Path(model).exists()
    if not is_folder and (model.count("/") > 1 or model.startswith((".", "/", "~"))):
        raise ModelError(
            f"{model}: 인코더의 폴더가 없습니다. 경로를 확인하세요. 이 인코더로 학습한 모델은 폴더가 그 자리에 있어야 합니다."
        )
    try:
        from sentence_transformers import SentenceTransformer
    except ModuleNotFoundError as error:
        raise MissingExtraError("sentence-transformers", "neural") from error
    try:
        return SentenceTransformer(model, device="cpu", local_files_only=True)
    except (OSError, ValueError) as error:
        if is_folder:
            raise ModelError(f"{model}: sentence-transformers 모델로 읽을 수 없습니다 ({error}).") from error
        raise ModelError(
            f"'{model}' 모델이 이 컴퓨터에 없습니다 (폴더 {Path(model).absolute()} 도 없음). 인터넷이 되는 컴퓨터에서 'hf download {model} --local-dir 폴더' 로 받아 "
            "그 폴더를 옮기고 --encoder sentence-transformers:폴더 로 주세요."
        ) from error
