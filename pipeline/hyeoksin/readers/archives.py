"""Folders and ZIP files of everything else, to a bounded depth and size; nothing is unpacked outside a temporary folder."""

from __future__ import annotations

import gzip
import shutil
import tempfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath

from hyeoksin.causes import cause
from hyeoksin.decoding import readable
from hyeoksin.domain import Document
from hyeoksin.errors import InputError, MissingExtraError, RowError
from hyeoksin.readers import limits
from hyeoksin.readers.kinds import BROKEN_ZIP
from hyeoksin.readers.notes import named
from hyeoksin.readers.own import is_own_file, is_own_row, note_passed, runs

__all__ = [
    "Budget",
    "Item",
    "Read",
    "check_package",
    "folder_files",
    "folder_items",
    "gzip_items",
    "placed",
    "safe_name",
    "zip_items",
]

Item = Document | RowError
Read = Callable[[Path, int], Iterator[Item]]
_OF_WINDOWS = frozenset(
    {"desktop.ini", "thumbs.db", "ehthumbs.db"}
)  # hidden by an attribute, not by their names
_PIECE = 1 << 20  # bytes unpacked at once
_LINK = "바로가기(심볼릭 링크)여서 읽지 않습니다. 읽으려면 그 파일을 직접 주세요."


def folder_files(folder: Path) -> Iterator[tuple[Path, PurePosixPath]]:
    """Yield all files under ``folder`` in the order of their names, each with its place: the folders from ``folder`` on.

    Links are named and not followed; hidden files, Windows' own and the lock files of office programs are left out, and
    so are the folders that a batch run filled.
    """

    def place(path: Path) -> PurePosixPath:
        return PurePosixPath(folder.name, *path.relative_to(folder).parts)

    seen = [
        path for path in sorted(folder.rglob("*")) if not any(map(_is_hidden, path.relative_to(folder).parts))
    ]
    links = [path for path in seen if path.is_symlink()]
    note_passed([str(place(link)) for link in links], _LINK)
    found = [path for path in seen if not path.is_symlink() and path.is_file()]
    own = runs(found)
    note_passed([str(place(run)) for run in sorted(own)])
    for path in found:
        if not own or own.isdisjoint(path.parents):
            yield path, place(path).parent


def folder_items(
    folder: Path, read: Read, depth: int, left: Collection[Path] = frozenset(), results: bool = True
) -> Iterator[Item]:
    """Yield what ``read`` finds in all files under ``folder``, in the order of their names.

    Links are not followed, and files of ``left`` (resolved) are not read; nor, unless ``results``, is what we wrote.
    """
    files = (file for file in folder_files(folder) if not left or file[0].resolve() not in left)
    passed: list[str] = []
    for n_files, (path, place) in enumerate(files):
        if n_files == limits.MAX_FILES:
            yield RowError(folder.name, f"파일이 {limits.MAX_FILES:,}개를 넘습니다. 폴더를 나누세요.")
            break
        yield from placed(read, path, depth, place, None if results else passed)
    note_passed(passed)


class Budget:
    """How much one archive, with all that is packed inside it, may still unpack."""

    def __init__(self) -> None:
        self.n_bytes = limits.MAX_UNPACKED_BYTES
        self.n_files = limits.MAX_MEMBERS

    def refusal(self, member: zipfile.ZipInfo) -> str | None:
        """Return why a member is not unpacked, or take it off the budget.

        No more than it declares ever comes out of a stored or deflated member.
        """
        if member.flag_bits & 1:
            return "암호가 걸린 ZIP입니다. 암호 없이 다시 압축하세요."
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            return "보통 ZIP이 아닌 방식으로 압축되었습니다. 윈도우의 압축 기능으로 다시 압축하세요."
        if member.file_size > self.n_bytes or self.n_files <= 0:
            return (
                f"풀면 {limits.MAX_UNPACKED_BYTES >> 20:,}MB나 파일 {limits.MAX_MEMBERS:,}개를 넘는 압축입니다. "
                "나누어 압축하세요."
            )
        self.n_bytes -= member.file_size
        self.n_files -= 1
        return None


def zip_items(path: Path, read: Read, depth: int, budget: Budget, results: bool = True) -> Iterator[Item]:
    """Yield what ``read`` finds in all members of a ZIP, which are unpacked one at a time.

    Unless ``results``, what we wrote is passed over.

    Raises:
        InputError: too many members, too deep, or the archive is broken.
    """
    _check_depth(path, depth)
    try:
        with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
            members = [m for m in archive.infolist() if not m.is_dir()]
            if len(members) > limits.MAX_MEMBERS:
                raise InputError(
                    f"{path.name}: 파일이 {limits.MAX_MEMBERS:,}개를 넘습니다. 나누어 압축하세요."
                )
            inners = [PurePosixPath(_name(member).replace("\\", "/")) for member in members]
            own = frozenset[PurePosixPath]() if results else runs(inners)
            passed = [str(PurePosixPath(path.name) / run) for run in sorted(own)]
            for number, (member, inner) in enumerate(zip(members, inners, strict=True)):
                if own and not own.isdisjoint(inner.parents):
                    continue
                if any(_is_hidden(part) or part == "__MACOSX" for part in inner.parts if part != ".."):
                    continue
                place = PurePosixPath(path.name, *(p for p in inner.parts[:-1] if p not in ("..", "/")))
                refusal = budget.refusal(member)
                if refusal:
                    yield RowError(f"{place}/{inner.name}", refusal)
                    continue
                target = Path(folder, str(number), safe_name(inner.name))
                target.parent.mkdir()
                try:
                    with archive.open(member) as source, target.open("wb") as file:
                        shutil.copyfileobj(source, file)
                    yield from placed(read, target, depth + 1, place, None if results else passed)
                except BROKEN_ZIP as error:
                    reason = f"압축을 풀 수 없습니다 ({cause(error)}). 다시 압축하거나 다시 내려받으세요."
                    yield RowError(f"{place}/{inner.name}", reason)
                finally:
                    target.unlink(missing_ok=True)
            note_passed(passed)
    except BROKEN_ZIP as error:
        raise InputError(
            f"{path.name}: 깨진 ZIP입니다 ({cause(error)}). 다시 압축하거나 다시 내려받으세요."
        ) from error


def gzip_items(path: Path, read: Read, depth: int, budget: Budget) -> Iterator[Item]:
    """Yield what ``read`` finds in the one file that a gzip file holds.

    Raises:
        InputError: too large, too deep, or the file is broken.
    """
    _check_depth(path, depth)
    inner = path.stem if path.suffix.lower() == ".gz" else path.name
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, safe_name(inner))
        try:
            with gzip.open(path) as source, target.open("wb") as file:
                while piece := source.read(_PIECE):
                    budget.n_bytes -= len(piece)
                    if budget.n_bytes < 0:
                        raise InputError(
                            f"{path.name}: 풀면 {limits.MAX_UNPACKED_BYTES >> 20:,}MB를 넘는 압축입니다. 나누어 압축하세요."
                        )
                    file.write(piece)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise InputError(
                f"{path.name}: 깨진 gzip 파일입니다 ({cause(error)}). 다시 압축하거나 다시 내려받으세요."
            ) from error
        yield from placed(read, target, depth + 1, PurePosixPath(path.name))


def _check_depth(path: Path, depth: int) -> None:
    if depth >= limits.MAX_DEPTH:
        raise InputError(f"{path.name}: 압축이 {limits.MAX_DEPTH}겹을 넘습니다. 풀어서 넣으세요.")


def check_package(path: Path) -> None:
    """Refuse a DOCX or HWPX that unpacks to more than the limit, before any parser opens it.

    Raises:
        InputError: too large, or not a ZIP.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            n_bytes = sum(member.file_size for member in members)
            if any(member.flag_bits & 1 for member in members):
                raise InputError(f"{path.name}: 암호가 걸린 파일입니다. 암호를 풀고 다시 저장하세요.")
    except BROKEN_ZIP as error:
        raise InputError(f"{path.name}: 깨진 파일입니다 ({cause(error)}). 다시 저장하세요.") from error
    if len(members) > limits.MAX_MEMBERS or n_bytes > limits.MAX_PACKAGE_BYTES:
        raise InputError(
            f"{path.name}: 풀면 너무 커지는 파일입니다 ({n_bytes >> 20:,}MB, {len(members):,}개). 나누어 저장하세요."
        )


def placed(
    read: Read, path: Path, depth: int, place: PurePosixPath, passed: list[str] | None = None
) -> Iterator[Item]:
    """Yield the items of one file with ``place`` before their sources; a file that cannot be read is one error.

    A source that a row brought along itself stays as it is. Where ``passed`` is given, what we wrote ourselves yields
    nothing and is named there.
    """
    name, own_name = readable(str(place / path.name)), readable(path.name)
    if passed is not None and is_own_file(path):
        passed.append(name)
        return
    n_items = 0
    try:
        for item in named(read(path, depth), path.name, name) if place.parts else read(path, depth):
            if passed is not None and not n_items and is_own_row(item):
                passed.append(name)
                return
            n_items += 1
            own = not own_name or not item.source.startswith(own_name)
            source = item.source if own else name + item.source[len(own_name) :]
            if isinstance(item, RowError):
                yield RowError(source, item.reason)
            else:
                whole = bool(place.parts) and (item.id, item.source) == (readable(path.stem), own_name)
                unnamed = item.id == item.source or whole
                yield replace(item, source=source, id=source if unnamed else item.id)
        if n_items == 0:
            yield RowError(name, "읽을 글이 한 줄도 없습니다. 머리글 아래에 내용이 있는지 확인하세요.")
    except (InputError, MissingExtraError) as error:
        yield RowError(name, str(error).removeprefix(f"{path.name}: ").removeprefix(f"{path}: "))


def _name(member: zipfile.ZipInfo) -> str:
    """Return the member's name, its letters composed; Windows in Korea writes it in cp949, macOS in UTF-8 that it does not declare.

    Both come as cp437. A few words in cp949 are valid UTF-8 too, but never with a letter of three bytes.
    """
    name = member.filename
    if not member.flag_bits & 0x800:
        with suppress(UnicodeError):
            raw = name.encode("cp437")
            name = _utf8(raw) or raw.decode("cp949")
    return unicodedata.normalize("NFC", name)


def _utf8(raw: bytes) -> str | None:
    try:
        name = raw.decode("utf-8")
    except UnicodeError:
        return None
    return name if name.isascii() or max(name) >= "\u0800" else None


def safe_name(name: str) -> str:
    """Return a file name that every system can hold: no separators, at most 120 characters, the suffix kept."""
    clean = "".join(char if char.isprintable() and char not in '<>:"/\\|?*' else "_" for char in name) or "_"
    if clean.strip(".") == "":
        return "_"
    suffix = PurePosixPath(clean).suffix[:10]
    return clean if len(clean.encode()) <= 200 else clean[:40] + suffix


def _is_hidden(part: str) -> bool:
    return part.startswith((".", "~$")) or part.lower() in _OF_WINDOWS
