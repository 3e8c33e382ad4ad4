"""``hyeoksin serve``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["serve"]


def serve(
    host: Annotated[str, typer.Option("--host", help="듣는 주소. 기본은 이 컴퓨터에서만.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="포트 (0: 빈 곳).")] = 8000,
    store: Annotated[
        str,
        typer.Option("--store", help="저장소 파일 또는 postgresql+psycopg:// 주소.", envvar="HYEOKSIN_STORE"),
    ] = "hyeoksin.db",
    model: Annotated[Path | None, typer.Option("--model", help="모델 폴더 (기본: 함께 설치된 모델).")] = None,
    uploads: Annotated[Path | None, typer.Option("--uploads", help="올린 파일을 두는 폴더.")] = None,
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
    from hyeoksin.errors import MissingExtraError

    try:
        import uvicorn

        from hyeoksin.web import Settings, create_app
        from hyeoksin.web.accounts import first_admin
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.startswith("hyeoksin"):
            raise
        raise MissingExtraError(error.name or "fastapi", "web") from error
    from hyeoksin.store import open_store
    from hyeoksin.web.settings import LOCAL_HOSTS

    opened = open_store(store)
    folder = uploads or (Path("hyeoksin.uploads") if "://" in store else Path(store).with_suffix(".uploads"))
    settings = Settings(
        store=store,
        uploads=folder.resolve(),
        model=model,
        hosts=(*LOCAL_HOSTS, host, *(allow_host or ())) if allow_host or host in LOCAL_HOSTS else ("*",),
        max_upload_bytes=max_upload << 20,
    )
    password = first_admin(opened)
    if password is not None:
        typer.echo("처음 여는 저장소라 관리자 계정을 만들었습니다. 이 비밀번호는 다시 보이지 않습니다.")
        typer.echo(f"  아이디: admin    비밀번호: {password}")
    typer.echo(
        f"브라우저에서 여세요: http://{'localhost' if host in LOCAL_HOSTS else host}:{port}  (끝내기: Ctrl+C)"
    )
    uvicorn.run(
        create_app(settings, opened),
        host=host,
        port=port,
        log_level="warning",
        proxy_headers=behind_proxy is not None,
        forwarded_allow_ips=behind_proxy or "",
        server_header=False,
    )
    opened.close()
