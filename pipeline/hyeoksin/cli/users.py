"""``hyeoksin users``: accounts of the desk beside the server, above all the way back in for a locked-out administrator."""

from __future__ import annotations

from typing import Annotated

import typer

from hyeoksin.cli.extras import need
from hyeoksin.cli.options import STORE, Role, StoreUrl

__all__ = ["app"]

app = typer.Typer(
    help="분류 책상의 계정: 보기, 만들기, 새 비밀번호.", no_args_is_help=True, rich_markup_mode=None
)
Name = Annotated[str, typer.Argument(help="아이디.")]
ONCE = "한 번 쓰는 비밀번호입니다. 다시 보이지 않고, 로그인하면 바꾸어야 합니다."


@app.command("list")
def list_users(store: StoreUrl = STORE) -> None:
    """아이디, 권한, 상태, 마지막 로그인을 보여 줍니다."""
    from contextlib import closing
    from pathlib import Path

    need("web", "starlette", "argon2")
    from hyeoksin.cli.screen import when
    from hyeoksin.store import open_store
    from hyeoksin.web.accounts import minutes_locked
    from hyeoksin.web.settings import Settings

    rules = Settings(store, Path())
    with closing(open_store(store, create=False)) as opened:
        for user in opened.users():
            locked = minutes_locked(opened, user.name, rules.lock_after, rules.lock_minutes)
            state = (
                "쓰지 못함"
                if not user.active
                else f"잠김 ({locked}분 남음)"
                if locked
                else "첫 비밀번호"
                if user.must_change
                else "씀"
            )
            last = when(user.last_login) if user.last_login else "로그인한 적 없음"
            typer.echo(f"{user.name}  {user.role}  {state}  {last}")


@app.command()
def add(
    name: Name,
    role: Role = "officer",
    store: StoreUrl = STORE,
) -> None:
    """계정을 만들고 한 번 쓰는 비밀번호를 보여 줍니다."""
    from contextlib import closing

    from hyeoksin.store import open_store
    from hyeoksin.web.accounts import new_account

    with closing(open_store(store, create=False)) as opened:
        password = new_account(opened, name, role, "cli")  # type: ignore[arg-type]  # the store checks the role
    typer.echo(ONCE, err=True)
    typer.echo(password)


@app.command()
def reset(name: Name, store: StoreUrl = STORE) -> None:
    """계정의 잠금을 풀고 새로 한 번 쓰는 비밀번호를 보여 줍니다. 그 계정의 로그인은 모두 끝납니다."""
    from contextlib import closing

    from hyeoksin.store import open_store
    from hyeoksin.web.accounts import new_password

    with closing(open_store(store, create=False)) as opened:
        password = new_password(opened, name, "cli")
    typer.echo(ONCE, err=True)
    typer.echo(password)
