"""Matrices in few bits: eight with a scale a row, four with a scale for 32 weights (Q4_0 of llama.cpp)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["SCALE", "packed", "unpacked"]

SCALE = ".scale"  # behind a matrix's name: its scales
_BLOCK = 32
Floats = NDArray[np.float32]


def packed(name: str, matrix: Floats, bits: int) -> dict[str, NDArray[Any]]:
    """Return the tensors that :func:`unpacked` makes the (rows x columns) matrix of again, by name.

    With four bits the columns are a multiple of 32.
    """
    if bits == 8:
        scale = (np.abs(matrix).max(axis=1, initial=0.0) / np.float32(127.0)).astype(np.float16)
        codes = np.clip(np.rint(matrix / _divisor(scale)[:, None]), -127, 127).astype(np.int8)
        return {name: codes, name + SCALE: scale}
    blocks = matrix.reshape(len(matrix), -1, _BLOCK)
    furthest = np.take_along_axis(blocks, np.abs(blocks).argmax(axis=2)[..., None], axis=2)
    scales = (furthest / np.float32(-8.0)).astype(np.float16)
    codes = np.clip(np.rint(blocks / _divisor(scales)) + 8, 0, 15).astype(np.uint8)
    halves = codes[..., : _BLOCK // 2] | codes[..., _BLOCK // 2 :] << 4
    return {name: halves.reshape(len(matrix), -1), name + SCALE: scales[..., 0]}


def unpacked(tensors: Mapping[str, NDArray[Any]]) -> dict[str, Floats]:
    """Return all tensors as float32 by name; what was not packed is widened alone."""
    found: dict[str, Floats] = {}
    for name, tensor in tensors.items():
        if name.endswith(SCALE):
            continue
        if tensor.dtype == np.int8:
            found[name] = tensor * tensors[name + SCALE].astype(np.float32)[:, None]
        elif tensor.dtype == np.uint8:
            halves = tensor.reshape(len(tensor), -1, _BLOCK // 2)
            codes = np.concatenate([halves & 15, halves >> 4], axis=2).astype(np.float32) - 8.0
            scales = tensors[name + SCALE].astype(np.float32)[..., None]
            found[name] = (codes * scales).reshape(len(tensor), -1)
        else:
            found[name] = tensor.astype(np.float32)
    return found


def _divisor(scale: NDArray[np.float16]) -> Floats:
    """Return the scales to divide by; what is all zero stays so."""
    return np.where(scale, scale, np.float16(1.0)).astype(np.float32)
