"""Accounts: the first admin, new users, new one-time passwords."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hyeoksin.store import Store, UserRole
from hyeoksin.web import passwords

__all__ = ["first_admin", "minutes_locked", "new_account", "new_password", "unlock"]

FIRST = "admin"


def first_admin(store: Store) -> str | None:
    """Make the account ``admin`` in a store without users, and return its one-time password; None where there are any."""
    if store.users():
        return None
    return new_account(store, FIRST, "admin", "hyeoksin serve")


def new_account(store: Store, name: str, role: UserRole, by: str) -> str:
    """Add a user and return the one-time password, which the store does not know.

    Raises:
        RefusedError: the name is taken or no name.
    """
    password = passwords.one_time()
    store.add_user(name, role, passwords.hashed(password), must_change=True)
    store.audit("user.added", by, subject=name, detail={"role": role})
    return password


def new_password(store: Store, name: str, by: str) -> str:
    """Give a user a new one-time password, end their sessions and their lock, and return it."""
    password = passwords.one_time()
    store.change_user(name, secret=passwords.hashed(password), must_change=True)  # ends all sessions
    store.clear_failures(f"login:{name}")
    store.audit("password.reset", by, subject=name)
    return password


def minutes_locked(store: Store, name: str, after: int, minutes: int) -> int:
    """Return for how many minutes yet an account is locked (0: it is not); ``after`` wrong passwords lock it for ``minutes``."""
    failures = store.failures(f"login:{name}")
    if failures is None or failures.count < after:
        return 0
    left = datetime.fromisoformat(failures.last_at) + timedelta(minutes=minutes) - datetime.now(UTC)
    return int(left.total_seconds() // 60) + 1 if left > timedelta() else 0


def unlock(store: Store, name: str, by: str) -> None:
    """Forget the wrong passwords that locked an account."""
    store.clear_failures(f"login:{name}")
    store.audit("user.unlocked", by, subject=name)
