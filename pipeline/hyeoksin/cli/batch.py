"""``hyeoksin batch``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from hyeoksin.cli.extras import need
from hyeoksin.cli.failed import failed_place, list_failed, show_failed
from hyeoksin.cli.options import (
    Careful,
    DateColumn,
    IdColumn,
    Model,
    PlanName,
    RegionColumn,
    TextColumn,
    TitleColumn,
)
from hyeoksin.cli.outputs import check_form, refuse_file, refuse_inputs

__all__ = ["batch", "duplicates"]

_STATUS = {
    "settled": "확정 추천",
    "review": "사람 확인",
    "off_plan": "계획 밖",
    "off_plan_by_gate": "계획 밖(1차 거르기)",
}
_GROUPS = ("묶음", "출처", "번호", "제목", "내용")


def batch(
    inputs: Annotated[list[Path], typer.Argument(help="파일이나 폴더 (Parquet, CSV, JSONL, XLSX, TXT …).")],
    output: Annotated[Path, typer.Option("--output", "-o", help="결과 폴더.")],
    plan: PlanName = "2019",
    model: Model = None,
    engine: Annotated[
        str,
        typer.Option(
            "--engine", help="돌리는 곳: local(이 프로세스), processes(여러 프로세스), dask(클러스터)."
        ),
    ] = "local",
    scheduler: Annotated[
        str | None, typer.Option("--scheduler", help="Dask 스케줄러 주소 (tcp://…:8786). 없으면 이 컴퓨터.")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", min=1, help="작업 프로세스 수 (local: 스레드 수; 기본: 코어 수)."),
    ] = None,
    shard_size: Annotated[int, typer.Option("--shard-size", min=1, help="한 묶음의 줄 수.")] = 1_000,
    restart: Annotated[
        bool, typer.Option("--restart/--resume", help="앞 결과를 지우고 새로 / 끝난 묶음은 두고 이어서.")
    ] = False,
    gate: Annotated[str, typer.Option("--gate", help="1차 거르기: off, safe, fast.")] = "safe",
    form: Annotated[str, typer.Option("--format", help="parquet 또는 jsonl.")] = "parquet",
    duplicates: Annotated[
        bool, typer.Option("--duplicates/--no-duplicates", help="거의 같은 글을 묶어 한 번만 판정.")
    ] = True,
    today: Annotated[
        str | None, typer.Option("--today", help="날짜 없는 글의 기관 이름을 읽을 날 (기본: 처음 시작한 날).")
    ] = None,
    title_column: TitleColumn = None,
    text_column: TextColumn = None,
    id_column: IdColumn = None,
    date_column: DateColumn = None,
    region_column: RegionColumn = None,
    careful: Careful = False,
) -> None:
    """큰 자료를 묶음으로 나누어 분류합니다. 언제 멈춰도 같은 명령으로 이어서 하고, 결과는 같습니다."""
    from hyeoksin.batch import ENGINES, Options, Resources, run
    from hyeoksin.batch.settings import Format
    from hyeoksin.cli.screen import show_notes
    from hyeoksin.gate import Mode
    from hyeoksin.readers import Columns
    from hyeoksin.readers.dates import iso_date

    known = {
        "--engine": (engine, tuple(ENGINES)),
        "--gate": (gate, get_args(Mode)),
        "--format": (form, get_args(Format)),
    }
    for option, (value, values) in known.items():
        if value not in values:
            raise typer.BadParameter(f"{option} 은 {', '.join(values)} 가운데 하나입니다.")
    if scheduler is not None and engine != "dask":
        raise typer.BadParameter("--scheduler 는 --engine dask 와 함께 씁니다.")
    if today is not None and iso_date(today) != today:
        raise typer.BadParameter("--today 는 2026-01-31 같은 날짜입니다.")
    need("batch", "filelock", "rensa", *(["pyarrow"] if form == "parquet" else []))
    _refuse_places(output, inputs, model, plan)
    show_notes()
    options: dict[str, Any] = {"gate": gate, "format": form}
    columns = Columns(id_column, title_column, text_column, date_column, region_column)
    asked = Options(
        inputs=tuple(inputs),
        output=output,
        plan=plan,
        model=model,
        shard_size=shard_size,
        restart=restart,
        duplicates=duplicates,
        today=today,
        columns=columns,
        careful=careful,
        **options,
    )
    try:
        manifest = run(asked, engine, Resources(workers, scheduler))
    except KeyboardInterrupt:
        again = "같은 명령을 --restart 없이" if restart else "같은 명령을"
        typer.secho(f"끝난 묶음은 {output} 에 있습니다. {again} 다시 치면 이어서 합니다.", err=True)
        raise
    rows, counts = manifest["rows"], manifest["counts"]
    if manifest["settings"]["gate"] != gate:
        typer.echo(
            f"알림: 모델 {manifest['settings']['model']} 에는 계획 {plan} 의 1차 거르기가 없어 모든 글을 분석했습니다.",
            err=True,
        )
    parts = ", ".join(f"{_STATUS.get(name, name)} {n:,}" for name, n in counts.items())
    typer.echo(
        f"{rows['in']:,}건 가운데 {rows['out']:,}건 분류 ({parts}), 실패 {rows['failed']:,}건: {output}",
        err=True,
    )
    if rows["failed"]:
        typer.secho(f"실패한 줄과 까닭: {output / 'failed.jsonl'}", fg=typer.colors.YELLOW, err=True)
        raise typer.Exit(1)


def _refuse_places(output: Path, inputs: list[Path], model: Path | None, plan: str) -> None:
    """Refuse a result folder that is a file, that would cover what is read, or that holds the inputs."""
    refuse_file(output)
    refuse_inputs(output, [*inputs, model, plan])
    inside = next((path for path in inputs if path.resolve().is_relative_to(output.resolve())), None)
    if inside is not None:
        raise typer.BadParameter(
            f"입력 {inside} 이(가) 결과 폴더 {output} 안에 있습니다. 다른 결과 폴더를 주세요."
        )


def duplicates(
    files: Annotated[list[Path], typer.Argument(help="파일이나 폴더.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="묶음 표 (.csv .xlsx).")],
) -> None:
    """같거나 거의 같은 글을 찾아 묶음마다 적습니다. 못 쓰는 줄이 있으면 따로 적고 1로 끝납니다."""
    import tempfile

    from hyeoksin.batch.inputs import items, sources
    from hyeoksin.cli.screen import show_notes
    from hyeoksin.duplicates import grouped
    from hyeoksin.errors import RowError
    from hyeoksin.readers import Columns
    from hyeoksin.sinks import is_failed_list
    from hyeoksin.tabular import write_rows

    check_form(output, (".csv", ".xlsx"))
    left = refuse_inputs(output, files, own=_is_groups)
    left |= refuse_inputs(failed_place(output, files), files, own=is_failed_list)
    need("batch", "rensa")
    show_notes()
    found = [source for source in sources(files) if source.path.resolve() not in left]
    rows: list[tuple[str, ...]] = []
    errors: list[RowError] = []
    with tempfile.TemporaryDirectory() as folder:
        for e in grouped(lambda: items(found, Columns()), Path(folder)):
            if isinstance(e, RowError):
                errors.append(e)
            elif e.group is not None:
                document = e.document
                rows.append((e.group, document.source, document.id, document.title, document.text[:200]))
    write_rows(output, _GROUPS, sorted(rows), sheet="중복 묶음")
    n_groups = len({row[0] for row in rows})
    typer.echo(f"묶음 {n_groups:,}개, 글 {len(rows):,}건을 {output} 에 적었습니다.", err=True)
    show_failed(errors)
    list_failed(errors, output, files)


def _is_groups(path: Path) -> bool:
    from hyeoksin.errors import InputError
    from hyeoksin.tabular import first_row

    try:
        return first_row(path) == _GROUPS
    except InputError:
        return False
