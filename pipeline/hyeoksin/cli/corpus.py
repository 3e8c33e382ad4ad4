"""``hyeoksin corpus``: fetch the public texts, and join our labels to them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hyeoksin.cli.options import Corpus
from hyeoksin.cli.outputs import check_form, refuse_inputs

if TYPE_CHECKING:
    from hyeoksin.fetch import Fetched

app = typer.Typer(help="공개 자료 내려받기, 분류 표시와 잇기.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def fetch(
    to: Annotated[Path, typer.Option(help="받을 폴더. 원본은 이 아래 raw/자료이름/ 에 놓입니다.")],
    only: Annotated[list[str] | None, typer.Option(help="이 자료만 (여러 번 쓸 수 있음).")] = None,
    mirror: Annotated[
        str | None, typer.Option(envvar="HYEOKSIN_MIRROR", help="GitHub 대신 쓸 사내 미러의 주소.")
    ] = None,
    corpus: Corpus = Path("corpus"),
) -> None:
    """공개 자료의 원본 파일을 받습니다. 다시 실행하면 빠진 것만 받고, 못 받은 것이 있으면 1로 끝납니다."""
    from hyeoksin.errors import MissingExtraError
    from hyeoksin.external import sources

    try:
        from hyeoksin.fetch import API, RAW
        from hyeoksin.fetch import fetch as fetch_source
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "pooch", "fetch") from error
    entries = sources(_listing(corpus))
    unknown = [name for name in only or () if name not in entries]
    if unknown:
        raise typer.BadParameter(f"모르는 자료: {', '.join(unknown)}. 있는 자료: {', '.join(entries)}.")
    base = mirror.rstrip("/") if mirror else None
    failed = 0
    for name in only or entries:
        place = to / "raw" / name
        found = fetch_source(entries[name], place, base or API, base or RAW)
        failed += bool(found.failures)
        _say(entries[name], place, found)
    if failed:
        typer.secho(f"자료 {failed}개를 다 받지 못했습니다.", fg=typer.colors.YELLOW, err=True)
        raise typer.Exit(1)


def _say(entry: dict[str, Any], place: Path, found: Fetched) -> None:
    typer.echo(f"{entry['name']}  {entry['title']}")
    typer.echo(f"  받음: 파일 {len(found.files)}개 -> {place} (그 가운데 {found.kept}개는 이미 있음)")
    typer.echo(f"  이용 조건: {entry['licence']}")
    if found.failures:
        for failure in found.failures:
            typer.secho(f"  못 받음: {failure}", fg=typer.colors.YELLOW)
        typer.echo(
            f"  손으로: https://{entry['repository']}/tree/{entry['commit']} 에서 {', '.join(entry['raw'])} 를 "
            f"받아 {place} 에 같은 경로로 두세요."
        )
    typer.echo(f"  바꾸기(자동으로 하지 않음): {', '.join(entry['files'])}")
    typer.echo(f"    {' '.join(entry['conversion'].split())}")


@app.command()
def join(
    source: Annotated[
        Path, typer.Option("--from", help="공개 자료 폴더 (corpus/external.yaml의 files가 있는 곳).")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="글과 분류 표시를 적을 파일 (.jsonl).")
    ] = Path("labelled.jsonl"),
    corpus: Corpus = Path("corpus"),
) -> None:
    """분류 표시를 폴더에 있는 글과 잇습니다. 빠지거나 바뀐 글은 *.failed.jsonl 에 적고 1로 끝납니다."""
    from hyeoksin.errors import InputError, RowError
    from hyeoksin.joined import join as join_labels
    from hyeoksin.joined import record
    from hyeoksin.sinks import write_failed
    from hyeoksin.tabular import written_whole

    check_form(output, (".jsonl",))
    if not source.is_dir():
        raise InputError(f"{source}: 그런 폴더가 없습니다.")
    refuse_inputs(output, [source, corpus / "labels"])
    failures: list[RowError] = []
    with written_whole(output) as part, part.open("w", encoding="utf-8", newline="\n") as file:
        for found in join_labels(corpus / "labels", _listing(corpus), source):
            file.writelines(record(example) + "\n" for example in found.examples)
            failures += found.failures
            typer.echo(
                f"{found.name}: 찾음 {len(found.examples):,}, 없음 {len(found.missing):,}, "
                f"바뀜 {len(found.changed):,}"
                + (f", 표시가 틀림 {len(found.wrong):,}" if found.wrong else "")
            )
            for error in found.broken:
                typer.secho(f"  {error.reason}", fg=typer.colors.YELLOW, err=True)
    typer.echo(f"{output} 에 적었습니다.")
    failed = output.with_suffix(".failed.jsonl")
    failed.unlink(missing_ok=True)  # an older run's list would speak of this one
    if failures:
        write_failed(failures, failed)
        typer.secho(f"빠지거나 바뀐 것: {failed}", fg=typer.colors.YELLOW, err=True)
        raise typer.Exit(1)


def _listing(corpus: Path) -> Path:
    from hyeoksin.errors import InputError

    path = corpus / "external.yaml"
    if not path.is_file():
        raise InputError(f"{path}: 없습니다. 저장소의 corpus 폴더를 --corpus 로 주세요.")
    return path
