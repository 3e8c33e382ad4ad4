"""The command line: a thin skin that parses, calls one function and prints. Heavy imports stand inside the commands."""

from __future__ import annotations

import sys

import typer

from hyeoksin import __version__
from hyeoksin.cli import (
    agency,
    audit,
    batch,
    classify,
    corpus,
    drift,
    embed,
    keys,
    learn,
    lessons,
    models,
    plan,
    serve,
    simulate,
    store,
    translate,
    users,
)
from hyeoksin.cli.help import in_korean
from hyeoksin.cli.misuse import show_misuse
from hyeoksin.errors import HyeoksinError

__all__ = ["app", "main"]

_STOPPED = 130  # what typer returns after Ctrl-C

app = typer.Typer(
    name="hyeoksin",
    help="혁신 과제·제안·보도자료를 정부혁신 계획의 전략 › 과제 › 세부과제로 분류하고 주관기관을 추천합니다. "
    "결과는 추천이며 결정이 아닙니다.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("classify")(classify.classify)
app.command("explain")(classify.explain)
app.command("batch")(batch.batch)
app.command("duplicates")(batch.duplicates)
app.command("audit")(audit.audit)
app.command("audit-sample")(audit.audit_sample)
app.command("audit-read")(audit.audit_read)
app.command("simulate")(simulate.simulate)
app.command("learn")(lessons.learn)
app.command("doubts")(lessons.doubts)
app.add_typer(models.app, name="models")
app.command("train")(learn.train)
app.command("train-second")(learn.train_second)
app.command("evaluate")(learn.evaluate)
app.command("drift")(drift.drift)
app.command("embed")(embed.embed)
app.command("serve")(serve.serve)
app.command("translate")(translate.translate)
app.add_typer(plan.app, name="plan")
app.add_typer(agency.app, name="agency")
app.add_typer(keys.app, name="keys")
app.add_typer(corpus.app, name="corpus")
app.add_typer(store.app, name="store")
app.add_typer(users.app, name="users")


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"hyeoksin {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="판 번호를 보여 줍니다."
    ),
) -> None:
    del version


def main() -> None:
    """Run the command line; an error on purpose becomes one message and exit code 2, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
    try:
        code = in_korean(app)(prog_name="hyeoksin", standalone_mode=False)
    except typer.TyperException as error:
        show_misuse(error)
        sys.exit(error.exit_code)
    except HyeoksinError as error:
        typer.secho(f"오류: {error}", fg=typer.colors.RED, err=True)
        sys.exit(2)
    except (KeyboardInterrupt, typer.Abort):
        code = _STOPPED
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        typer.secho(f"오류: {_told(error)}", fg=typer.colors.RED, err=True)
        sys.exit(2)
    if code == _STOPPED:
        typer.secho("멈췄습니다. 끝나지 않은 출력 파일은 남기지 않았습니다.", err=True)
    sys.exit(code)


def _told(error: OSError) -> str:
    from hyeoksin.causes import cause
    from hyeoksin.tabular import is_full, unwritable

    place = error.filename or "파일"  # an error of writing (not of opening) may not know which
    if is_full(error):
        return f"{place}: {unwritable(error)}"
    return f"{place}: 읽거나 쓸 수 없습니다 ({cause(error)}). 경로를 확인하세요."
