"""``hyeoksin serve``."""

from __future__ import annotations

import socket
import sys
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from hyeoksin.cli.options import STORE, Model, StoreUrl

__all__ = ["serve"]

_LOCAL = ("127.0.0.1", "localhost", "::1")
_ANY = ("0.0.0.0", "::", "")  # every address of this computer, none that a browser opens  # noqa: S104  # nosec B104


def serve(
    host: Annotated[str, typer.Option("--host", help="듣는 주소. 기본은 이 컴퓨터에서만.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="포트 (0: 빈 곳).")] = 8000,
    store: StoreUrl = STORE,
    model: Model = None,
    uploads: Annotated[
        Path | None,
        typer.Option(
            "--uploads", help="올린 파일을 두는 폴더 (기본: 저장소 이름에 .uploads, hyeoksin.uploads 처럼)."
        ),
    ] = None,
    behind_proxy: Annotated[
        str | None,
        typer.Option(
            "--behind-proxy",
            help="TLS 를 맡은 프록시의 주소 (예: 127.0.0.1). 이 주소가 알린 프로토콜만 믿음.",
        ),
    ] = None,
    allow_host: Annotated[
        list[str] | None, typer.Option("--allow-host", help="브라우저가 쓰는 서버 이름 (여러 번 가능).")
    ] = None,
    max_upload: Annotated[int, typer.Option("--max-upload", min=1, help="올리는 파일의 한도 (MB).")] = 100,
) -> None:
    """분류 책상을 브라우저에서 엽니다. 처음이면 관리자 계정을 만들고 한 번 쓰는 비밀번호를 보여 줍니다."""
    try:
        import uvicorn

        from hyeoksin.web.accounts import first_admin
        from hyeoksin.web.app import create_app
        from hyeoksin.web.settings import LOCAL_HOSTS, Settings
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.startswith("hyeoksin"):
            raise
        from hyeoksin.errors import MissingExtraError

        raise MissingExtraError(error.name or "fastapi", "web") from error
    from hyeoksin.store import open_store

    local = host in (*LOCAL_HOSTS, "::1")
    folder = uploads or (Path("hyeoksin.uploads") if "://" in store else Path(store).with_suffix(".uploads"))
    settings = Settings(
        store=store,
        uploads=folder.resolve(),
        model=model,
        hosts=(*LOCAL_HOSTS, host, *(allow_host or ())) if allow_host or local else ("*",),
        max_upload_bytes=max_upload << 20,
    )
    with _listening(host, port) as listener, closing(open_store(store)) as opened:
        app = create_app(settings, opened)
        password = first_admin(opened)
        if password is not None:
            typer.echo("처음 여는 저장소라 관리자 계정을 만들었습니다. 이 비밀번호는 다시 보이지 않습니다.")
            typer.echo(f"  아이디: admin    비밀번호: {password}")
        typer.echo(f"브라우저에서 여세요: {_address(host, listener.getsockname()[1])}  (끝내기: Ctrl+C)")
        if host.strip("[]") in _ANY:
            typer.echo("다른 컴퓨터에서는 localhost 대신 이 컴퓨터의 이름이나 IP 주소를 쓰세요.")
        sys.stdout.flush()
        config = uvicorn.Config(
            app,
            log_level="warning",
            proxy_headers=behind_proxy is not None,
            forwarded_allow_ips=behind_proxy or "",
            server_header=False,
        )
        uvicorn.Server(config).run(sockets=[listener])


def _address(host: str, port: int) -> str:
    """Return what to type into a browser on this computer."""
    host = host.strip("[]")
    if host in (*_LOCAL, *_ANY):
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises:
        HyeoksinError: the address is taken, not ours, or forbidden.
    """
    from hyeoksin.causes import cause
    from hyeoksin.errors import HyeoksinError

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host.strip("[]"), port), family=family)
    except OSError as error:
        raise HyeoksinError(
            f"{host}:{port} 에서 들을 수 없습니다 ({cause(error)}). 다른 프로그램이 쓰고 있으면 --port 를 바꾸세요."
        ) from error
