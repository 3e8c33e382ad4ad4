"""Accounts, log-ins, keys and failures. Secrets come hashed (argon2, SHA-256) from the web layer; none is kept bare."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping
from sqlalchemy.exc import IntegrityError

from hyeoksin.errors import NotStoredError, RefusedError
from hyeoksin.store import schema
from hyeoksin.store.engine import Base, alone, insert_into, now
from hyeoksin.store.rows import ROLES, ApiKey, Failures, Session, User, UserRole
from hyeoksin.store.work import later

__all__ = ["People"]

_u, _s, _f, _k = schema.users, schema.sessions, schema.failures, schema.api_keys
_NAME = re.compile(r"[\w.@-]{2,64}")


class People(Base):
    """Users, sessions, failure counters and API keys."""

    def add_user(
        self, name: str, role: UserRole, secret: str, *, display: str = "", must_change: bool = True
    ) -> User:
        """Add an account; ``secret`` is the hash of the first password.

        Raises:
            RefusedError: the name has other characters than names may have or is taken, or the role is unknown.
        """
        if not _NAME.fullmatch(name):
            raise RefusedError("아이디는 글자, 숫자, . _ @ - 로 2자 이상 64자까지입니다.")
        if role not in ROLES:
            raise RefusedError(
                "모르는 역할 '{role}' 입니다. 역할: {known}", role=role, known=", ".join(ROLES)
            )
        values: dict[str, Any] = {"name": name, "display": display or name, "role": role, "secret": secret}
        values |= {"must_change": must_change, "active": True, "created_at": now(), "last_login": None}
        with self._write() as connection:
            try:
                connection.execute(_u.insert().values(values))
            except IntegrityError as error:
                raise RefusedError(
                    "사용자 '{name}' 이(가) 이미 있습니다. 다른 이름을 주세요.", name=name
                ) from error
            return _user(connection, name)

    def users(self) -> list[User]:
        """Return all accounts by name."""
        with self._read() as connection:
            return [User(**row) for row in connection.execute(sa.select(_u).order_by(_u.c.name)).mappings()]

    def user(self, name: str) -> User:
        """Return one account.

        Raises:
            NotStoredError: there is none of this name.
        """
        with self._read() as connection:
            return _user(connection, name)

    def change_user(
        self,
        name: str,
        *,
        display: str | None = None,
        role: UserRole | None = None,
        active: bool | None = None,
        secret: str | None = None,
        must_change: bool | None = None,
    ) -> User:
        """Change what is given; a new ``secret``, a new role or a locked account ends the user's sessions.

        Raises:
            NotStoredError: no such user.
            RefusedError: it would leave the store without an active administrator.
        """
        given = {
            "display": display, "role": role, "active": active, "secret": secret, "must_change": must_change,
        }  # fmt: skip
        values = {key: value for key, value in given.items() if value is not None}
        with self._write() as connection:
            alone(connection, "administrators")
            before = _user(connection, name)
            if values:
                connection.execute(_u.update().where(_u.c.name == name).values(values))
            after = _user(connection, name)
            admins = sa.select(sa.func.count()).where(_u.c.role == "admin", _u.c.active)
            if before.role == "admin" and before.active and not connection.scalar(admins):
                raise RefusedError(
                    "마지막 관리자는 잠그거나 역할을 바꿀 수 없습니다. 먼저 다른 관리자를 두세요."
                )
            if secret is not None or after.role != before.role or not after.active:
                connection.execute(_s.delete().where(_s.c.user == name))
            return after

    def logged_in(self, name: str) -> None:
        """Note the time of a log-in."""
        with self._write() as connection:
            connection.execute(_u.update().where(_u.c.name == name).values(last_login=now()))

    def add_session(
        self, token: str, user: str, *, seconds: float, data: Mapping[str, Any] | None = None
    ) -> Session:
        """Open a session; ``token`` is the hash of what the cookie carries. Sessions that have ended are swept away."""
        at = now()
        values = {"token": token, "user": user, "created_at": at, "seen_at": at, "expires_at": later(seconds)}
        with self._write() as connection:
            _user(connection, user)
            connection.execute(_s.delete().where(_s.c.expires_at <= at))
            connection.execute(_s.insert().values({**values, "data": dict(data or {})}))
        return Session(**values, data=dict(data or {}))

    def session(self, token: str, *, seconds: float | None = None) -> Session | None:
        """Return a session that has not ended, of an active user; ``seconds`` moves its end that far from now."""
        at = now()
        query = sa.select(_s).join(_u, _u.c.name == _s.c.user).where(_s.c.token == token)
        query = query.where(_s.c.expires_at > at, _u.c.active)
        with self._read() as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            return None
        found = Session(**row)
        if seconds is None:
            return found
        values = {"seen_at": at, "expires_at": later(seconds)}
        with self._write() as connection:
            connection.execute(_s.update().where(_s.c.token == token).values(values))
        return Session(found.token, found.user, found.created_at, at, values["expires_at"], found.data)

    def end_session(self, token: str) -> None:
        """Close a session; one that is not there is no error."""
        with self._write() as connection:
            connection.execute(_s.delete().where(_s.c.token == token))

    def failed(self, key: str, *, within: float) -> Failures:
        """Count a failure under ``key`` (an account, an address); counts without one for ``within`` seconds are swept away."""
        at = now()
        with self._write() as connection:
            connection.execute(_f.delete().where(_f.c.last_at <= later(-within)))
            first = insert_into(connection, _f).values(key=key, count=1, first_at=at, last_at=at)
            more = first.on_conflict_do_update(
                index_elements=["key"], set_={"count": _f.c.count + 1, "last_at": at}
            )
            return Failures(**connection.execute(more.returning(_f)).mappings().one())

    def failures(self, key: str) -> Failures | None:
        """Return the failures counted under ``key``, None where there are none."""
        with self._read() as connection:
            row = connection.execute(sa.select(_f).where(_f.c.key == key)).mappings().first()
            return None if row is None else Failures(**row)

    def clear_failures(self, key: str) -> None:
        """Forget the failures counted under ``key``."""
        with self._write() as connection:
            connection.execute(_f.delete().where(_f.c.key == key))

    def add_api_key(
        self, name: str, role: UserRole, secret: str, by: str, *, expires_at: str | None = None
    ) -> ApiKey:
        """Add a key; ``secret`` is its hash, ``expires_at`` the time (ISO UTC) from which on it no longer works."""
        if not name.strip() or role not in ROLES:
            raise RefusedError(
                "이름이 비었거나 모르는 역할 '{role}' 입니다. 역할: {known}",
                role=role,
                known=", ".join(ROLES),
            )
        values = {
            "name": name,
            "role": role,
            "secret": secret,
            "created_at": now(),
            "created_by": by,
            "expires_at": expires_at,
        }
        with self._write() as connection:
            row = connection.execute(_k.insert().values(values).returning(_k)).mappings().one()
            return _key(row)

    def api_key(self, secret: str) -> ApiKey | None:
        """Return the key with this hash if it works."""
        alive = sa.or_(_k.c.expires_at.is_(None), _k.c.expires_at > now())
        query = sa.select(_k).where(_k.c.secret == secret, _k.c.revoked_at.is_(None), alive)
        with self._read() as connection:
            row = connection.execute(query).mappings().first()
            return None if row is None else _key(row)

    def used_api_key(self, number: int) -> None:
        """Note that a key was used.

        Raises:
            StoreBusyError: another program writes to the SQLite file; it is not waited for.
        """
        with self._write(wait=False) as connection:
            connection.execute(_k.update().where(_k.c.id == number).values(used_at=now()))

    def api_keys(self) -> list[ApiKey]:
        """Return all keys, the revoked ones too, oldest first."""
        with self._read() as connection:
            return [_key(row) for row in connection.execute(sa.select(_k).order_by(_k.c.id)).mappings()]

    def revoke_api_key(self, number: int) -> None:
        """End a key for good."""
        with self._write() as connection:
            ended = _k.update().where(_k.c.id == number, _k.c.revoked_at.is_(None)).values(revoked_at=now())
            known = connection.scalar(sa.select(_k.c.id).where(_k.c.id == number))
            if known is None:
                raise NotStoredError("API 키 {number} 이(가) 없습니다.", number=number)
            connection.execute(ended)


def _user(connection: Connection, name: str) -> User:
    row = connection.execute(sa.select(_u).where(_u.c.name == name)).mappings().first()
    if row is None:
        raise NotStoredError("사용자 '{name}' 이(가) 없습니다. 이름을 확인하세요.", name=name)
    return User(**row)


def _key(row: RowMapping) -> ApiKey:
    return ApiKey(**{name: row[name] for name in ApiKey.__dataclass_fields__})
