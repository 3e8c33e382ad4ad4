"""Uploaded files on disk: kept whole before anybody is told so, until their rows stand in the store."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from hyeoksin.errors import InputError, StoreFullError
from hyeoksin.tabular import is_full
from hyeoksin.web.languages import gettext as _

__all__ = ["KEPT_DAYS", "file_name", "keep", "kept", "remove", "sweep"]

KEPT_DAYS = 7  # of files that no job needs, since another store's may need them
_CHUNK = 1 << 20
_TOKEN = re.compile(r"[0-9a-f]{16}")  # how ``keep`` names a folder
_BAD = '<>:"/\\|?*'


def file_name(given: str) -> str:
    """Return a harmless name for a file that a browser sent: no folders, no controls, at most 150 bytes."""
    name = PurePosixPath(given.replace("\\", "/")).name
    clean = (
        "".join(char if char.isprintable() and char not in _BAD else "_" for char in name).strip(". ")
        or "파일"
    )
    stem, dot, suffix = clean.rpartition(".")
    while len(clean.encode("utf-8", "replace")) > 150:
        stem = (stem or suffix)[:-1]
        clean = f"{stem}{dot}{suffix[:10]}"
    return clean


def keep(folder: Path, files: Iterable[tuple[str, BinaryIO]], limit: int) -> tuple[str, list[str]]:
    """Write files below ``folder``, safe on the disk when this returns.

    Args:
        folder: where uploads stand.
        files: pairs of name as sent and open file.
        limit: most bytes of all files together.

    Returns:
        The name of the new folder, and the files' names in it (numbered folders keep equal names apart).

    Raises:
        InputError: nothing sent, or too much.
        StoreFullError: no room on the disk.
    """
    token = secrets.token_hex(8)
    target = folder / token
    names, left = [], limit
    try:
        target.mkdir(mode=0o700, parents=True)
        for number, (given, source) in enumerate(files):
            name = f"{number}/{file_name(given)}"
            (target / name).parent.mkdir()
            left -= _copy(source, target / name, left)
            names.append(name)
        if not names:
            raise InputError(_("파일을 고르지 않았습니다. 파일을 고른 뒤 올리세요."))
    except (InputError, OSError) as error:
        shutil.rmtree(target, ignore_errors=True)
        if isinstance(error, OSError) and is_full(error):
            raise StoreFullError(
                _("올린 파일을 둘 자리가 없습니다. 관리자에게 디스크를 비워 달라고 하세요.")
            ) from error
        raise
    return token, names


def _copy(source: BinaryIO, target: Path, limit: int) -> int:
    size = 0
    with target.open("wb") as file:
        while chunk := source.read(_CHUNK):
            size += len(chunk)
            if size > limit:
                raise InputError(_("올린 파일이 모두 합해 한도를 넘습니다. 나누어 올리세요."))
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return size


def kept(folder: Path, token: str, names: Sequence[str]) -> list[Path]:
    """Return the files of an upload.

    Raises:
        InputError: they are gone.
    """
    paths = [folder / token / name for name in names]
    if not all(path.is_file() for path in paths):
        raise InputError(_("올린 파일이 서버에 남아 있지 않습니다. 다시 올리세요."))
    return paths


def remove(folder: Path, token: str) -> None:
    """Delete an upload; one that is gone is no error."""
    shutil.rmtree(folder / token, ignore_errors=True)


def sweep(folder: Path, wanted: Iterable[str]) -> int:
    """Delete uploads that no job needs and that are older than ``KEPT_DAYS``; return how many.

    Only folders that ``keep`` made are touched, whatever else stands there. What is younger may still get its job, or
    belong to another store.
    """
    needed, old = set(wanted), time.time() - KEPT_DAYS * 86_400
    paths = folder.iterdir() if folder.is_dir() else ()
    made = (path for path in paths if _TOKEN.fullmatch(path.name) and path.is_dir())
    gone = [path for path in made if path.name not in needed and _at(path) < old]
    for path in gone:
        shutil.rmtree(path, ignore_errors=True)
    return len(gone)


def _at(path: Path) -> float:
    """Return when a path was changed; one that is just being deleted is new."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()
