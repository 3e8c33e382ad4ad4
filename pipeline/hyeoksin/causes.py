"""Why a file could not be read or written: the Korean words for what systems and libraries say in English."""

from __future__ import annotations

import errno
from pathlib import Path

__all__ = ["cause", "missing"]

_OF_SYSTEMS = {
    errno.ENOENT: "그런 파일이나 폴더가 없음",
    errno.EISDIR: "파일이 아니라 폴더임",
    errno.ENOTDIR: "경로 가운데에 폴더가 아닌 파일이 있음",
    errno.EEXIST: "이미 있음",
    errno.EACCES: "권한이 없음",
    errno.EPERM: "권한이 없음",
    errno.EROFS: "읽기만 할 수 있는 곳임",
    errno.ENAMETOOLONG: "이름이 너무 긺",
    errno.EMFILE: "연 파일이 너무 많음",
    errno.EBUSY: "다른 프로그램이 쓰고 있음",
    errno.ETXTBSY: "다른 프로그램이 쓰고 있음",
    errno.EIO: "저장 장치의 오류",
    errno.ELOOP: "바로가기가 맴돎",
    errno.ENOSPC: "디스크가 가득 참",
    errno.EADDRINUSE: "다른 프로그램이 쓰고 있음",
    errno.EADDRNOTAVAIL: "이 컴퓨터의 주소가 아님",
}
_OF_LIBRARIES = {
    "File is not a zip file": "ZIP 꼴이 아님",
    "Cannot detect file format": "엑셀 꼴이 아님",
}


def cause(error: BaseException) -> str:
    """Return in Korean why something failed, in the error's own words where they are not known."""
    if isinstance(error, OSError):
        return _OF_SYSTEMS.get(error.errno or 0) or error.strerror or str(error)
    return _OF_LIBRARIES.get(str(error), str(error))


def missing(path: Path) -> str:
    """Return what to tell of results that are not there: the address of a store on PostgreSQL is no path to read."""
    if str(path).startswith(("postgresql:", "postgresql+")):
        return (
            "PostgreSQL 저장소는 여기서 바로 읽지 못합니다. 'hyeoksin store backup 백업.jsonl.gz --store 주소' 와 "
            "'hyeoksin store restore 백업.jsonl.gz --store 옮긴것.db' 를 차례로 한 뒤 옮긴것.db 를 주세요. "
            "learn, doubts, simulate 는 --project 차수 --store 주소 로 바로 읽습니다."
        )
    return f"{path}: 파일도 폴더도 아닙니다. 경로를 확인하세요."
