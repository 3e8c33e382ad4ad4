"""Raw files of the public sources: listed at their commit, downloaded with pooch, checked against git's own hash."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

import pooch
from requests import RequestException

from hyeoksin.causes import cause
from hyeoksin.errors import InputError

__all__ = ["API", "RAW", "Fetched", "fetch"]

API = "https://api.github.com"
RAW = "https://raw.githubusercontent.com"


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of one source: files in place, how many of them were there already, and what went wrong (Korean)."""

    files: tuple[Path, ...]
    kept: int
    failures: tuple[str, ...]


def fetch(entry: Mapping[str, Any], folder: Path, api: str = API, raw: str = RAW) -> Fetched:
    """Download the files of one source (``corpus/external.yaml``) that its ``raw`` patterns name into ``folder``.

    A file that is there with the right hash is kept, so a second call goes on where the first was stopped (by whole
    files). Each file is checked against the git hash in the commit's listing, and against ``sha256`` where given.

    Raises:
        InputError: the folder cannot be written.
    """
    pooch.get_logger().setLevel("ERROR")
    owner_and_name = str(entry["repository"]).removeprefix("github.com/")
    try:
        sha = _json(f"{api}/repos/{owner_and_name}/commits/{entry['commit']}")["sha"]
        tree = _json(f"{api}/repos/{owner_and_name}/git/trees/{sha}?recursive=1")
        blobs = {item["path"]: item["sha"] for item in tree["tree"] if item["type"] == "blob"}
    except (RequestException, ValueError, KeyError, TypeError) as error:
        return Fetched((), 0, (f"저장소의 파일 목록을 받지 못했습니다 ({_short(error)}).",))
    files: list[Path] = []
    kept = 0
    failures: list[str] = ["저장소가 커서 파일 목록이 잘렸습니다."] if tree.get("truncated") else []
    for path, problem in _matching(blobs, entry["raw"]):
        if problem:
            failures.append(problem)
            continue
        target = folder / path
        if target.is_file() and _git_hash(target) == blobs[path]:
            kept += 1
            files.append(target)
            continue
        known = entry.get("sha256", {}).get(path)
        problem = _download(f"{raw}/{owner_and_name}/{sha}/{quote(path)}", target, blobs[path], known)
        if problem:
            failures.append(f"{path}: {problem}")
        else:
            files.append(target)
    return Fetched(tuple(files), kept, tuple(failures))


def _matching(blobs: Mapping[str, str], patterns: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield (path, "") for what a pattern names, and ("", problem) for a pattern without a file or an unsafe path."""
    seen: set[str] = set()
    for pattern in patterns:
        found = sorted(path for path in blobs if fnmatchcase(path, pattern))
        if not found:
            yield "", f"{pattern}: 이 판(commit)에 그런 파일이 없습니다."
        for path in found:
            pure = PurePosixPath(path)
            if pure.is_absolute() or ".." in pure.parts or "\\" in path or ":" in path:
                yield "", f"{path}: 폴더 밖을 가리키는 이름이라 받지 않았습니다."
            elif path not in seen:
                seen.add(path)
                yield path, ""


def _download(url: str, target: Path, git_hash: str, sha256: str | None) -> str:
    """Download one file whole or not at all; return what went wrong, or nothing."""
    part = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)  # pooch would take an old piece without a known hash for the file
        pooch.retrieve(url, known_hash=sha256, fname=part.name, path=part.parent)
        if _git_hash(part) != git_hash:
            return "받은 내용이 저장소에 적힌 해시와 다릅니다. 다시 실행하세요."
        part.replace(target)
    except RequestException as error:
        return f"받지 못했습니다 ({_short(error)})."
    except ValueError:
        return "받은 내용이 external.yaml의 SHA-256과 다릅니다."
    except OSError as error:
        raise InputError(
            f"{target}: 쓸 수 없습니다 ({cause(error)}). 남은 공간과 쓰기 권한을 확인하세요."
        ) from error
    finally:
        part.unlink(missing_ok=True)
    return ""


def _json(url: str) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = pooch.retrieve(url, known_hash=None, fname="answer.json", path=folder)
        return json.loads(Path(path).read_text(encoding="utf-8"))


def _git_hash(path: Path) -> str:
    """Return git's object name of the file: SHA-1 of ``blob``, its size and its bytes."""
    digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def _short(error: Exception) -> str:
    response = getattr(error, "response", None)
    return f"HTTP {response.status_code}" if response is not None else type(error).__name__
