"""``hyeoksin keys``: keys of the REST interface, made and revoked beside the server."""

from __future__ import annotations

from typing import Annotated

import typer

from hyeoksin.cli.options import STORE, Role, StoreUrl

__all__ = ["app"]

app = typer.Typer(
    help="REST(`/api/v1`)의 API 키: 만들기, 보기, 없애기.", no_args_is_help=True, rich_markup_mode=None
)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="키를 쓸 프로그램의 이름. 원장에 'api:이름' 으로 남습니다.")],
    role: Role = "viewer",
    days: Annotated[int, typer.Option("--days", min=1, max=3650, help="며칠 뒤에 끝날지 (1~3650).")] = 365,
    store: StoreUrl = STORE,
) -> None:
    """새 API 키를 만들어 한 번만 보여 줍니다. 저장소에는 지문만 남습니다."""
    from hyeoksin.store import open_store
    from hyeoksin.web.api.keys import ending, key_hash, new_key

    opened = open_store(store, create=False)
    key = new_key()
    made = opened.add_api_key(name, role, key_hash(key), "cli", expires_at=ending(days))  # type: ignore[arg-type]  # the store checks the role
    opened.audit("api key", "cli", subject=str(made.id), detail={"name": name, "role": role})
    opened.close()
    typer.echo(f"{made.id}번 키 ({name}, {role}). 이 키는 다시 보이지 않습니다.", err=True)
    typer.echo(key)


@app.command("list")
def list_keys(store: StoreUrl = STORE) -> None:
    """키의 번호, 이름, 역할, 마지막으로 쓴 때, 끝나는 때를 보여 줍니다."""
    from hyeoksin.cli.screen import when
    from hyeoksin.store import open_store

    opened = open_store(store, create=False)
    for key in opened.api_keys():
        used = when(key.used_at) if key.used_at else "아직"
        last = when(key.expires_at) if key.expires_at else "없음"
        end = f"없앰 {when(key.revoked_at)}" if key.revoked_at else f"끝 {last}"
        typer.echo(f"{key.id}  {key.name}  {key.role}  만듦 {when(key.created_at)}  씀 {used}  {end}")
    opened.close()


@app.command()
def revoke(
    number: Annotated[int, typer.Argument(help="키의 번호 (hyeoksin keys list).")],
    store: StoreUrl = STORE,
) -> None:
    """키를 없앱니다. 2초 안에 쓸 수 없게 되며 되살릴 수 없습니다."""
    from hyeoksin.store import open_store

    opened = open_store(store, create=False)
    opened.revoke_api_key(number)
    opened.audit("api key revoked", "cli", subject=str(number))
    opened.close()
    typer.echo(f"{number}번 키를 없앴습니다.")
