"""Passwords: argon2id hashes (pwdlib), what a new one must be, and one-time passwords."""

from __future__ import annotations

import secrets
import threading
from functools import cache

from pwdlib import PasswordHash

from hyeoksin.web.languages import gettext as _

__all__ = ["MAX_LENGTH", "MIN_LENGTH", "fault", "hashed", "one_time", "verify"]

MIN_LENGTH = 10
MAX_LENGTH = 200  # a longer one would only cost time
_EASY = ("password", "qwerty", "12345", "asdf", "hyeoksin", "혁신", "비밀번호", "admin")
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look alike


_at_once = threading.Semaphore(4)  # each check takes 64 MiB for a moment


@cache
def _hasher() -> PasswordHash:
    return PasswordHash.recommended()


@cache
def _nobody() -> str:
    return _hasher().hash(secrets.token_hex())


def hashed(password: str) -> str:
    """Return the argon2id hash of a password."""
    return _hasher().hash(password)


def verify(password: str, known: str | None) -> bool:
    """Tell whether the password fits the hash; None (no such user) takes as long and is False."""
    if len(password) > MAX_LENGTH:
        return False
    with _at_once:
        return _hasher().verify(password, known or _nobody()) and known is not None


def fault(password: str, name: str, old: str) -> str | None:
    """Return what is wrong with a new password, in the request's language, or None."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        return _("새 비밀번호는 10자 이상 200자 이하여야 합니다. 문장처럼 길게 적으면 좋습니다.")
    if password == old:
        return _("새 비밀번호가 지금 비밀번호와 같습니다. 다른 것을 적으세요.")
    low = password.lower()
    if (len(name) > 2 and name.lower() in low) or len(set(low)) < 5 or any(easy in low for easy in _EASY):
        return _("짐작하기 쉬운 비밀번호입니다. 아이디나 흔한 낱말이 들어가지 않게 적으세요.")
    return None


def one_time() -> str:
    """Return a random password that is shown once and must be changed at the first login (about 79 bits)."""
    return "-".join("".join(secrets.choice(_LETTERS) for _n in range(4)) for _m in range(4))
