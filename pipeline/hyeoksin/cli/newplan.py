"""``hyeoksin plan learn``: a first model for a new plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hyeoksin.cli.decided import decided_of, told_in
from hyeoksin.cli.failed import list_failed, show_failed
from hyeoksin.cli.options import Links, Texts
from hyeoksin.cli.outputs import check_form, refuse_existing, refuse_file, refuse_inputs
from hyeoksin.commands import quoted
from hyeoksin.errors import RowError

if TYPE_CHECKING:
    from hyeoksin.newplan import Learnt

__all__ = ["learn"]


def learn(
    plan: Annotated[str, typer.Argument(help="새 계획 파일 (.yaml .csv .xlsx .ttl).")],
    output: Annotated[Path, typer.Option("--output", "-o", help="새 모델 폴더.")],
    decisions: Annotated[
        list[Path] | None,
        typer.Option(
            help="새 계획으로 정한 것: 번호, 코드, 제목, 내용 (.xlsx .csv .jsonl, 저장소(.db); 여러 번 쓸 수 있음)."
        ),
    ] = None,
    old: Annotated[
        str | None, typer.Option("--from-plan", help="앞 계획. --on 의 결정을 대응표로 옮겨 배웁니다.")
    ] = None,
    on: Annotated[
        Path | None, typer.Option("--on", help="앞 계획의 결정이나 결과 (파일, batch 폴더, 저장소(.db)).")
    ] = None,
    texts: Texts = None,
    links: Links = None,
    ask: Annotated[
        Path | None, typer.Option(help="다음에 정하면 가장 도움이 될 글을 적을 표 (.xlsx .csv).")
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="--ask 에 적을 글의 수.")] = 50,
    model: Annotated[
        Path | None, typer.Option("--model", help="바탕 모델 폴더 (기본: 함께 설치된 모델).")
    ] = None,
) -> None:
    """새 계획의 첫 모델을 만듭니다: 제목과 정의, 앞 계획에서 옮긴 결정, 새로 정한 몇 건으로."""
    from hyeoksin.cli.screen import show_notes
    from hyeoksin.cli.translate import links_table
    from hyeoksin.model import check_folder, load_model
    from hyeoksin.newplan import learn_plan, save_learnt
    from hyeoksin.plan import load_plan
    from hyeoksin.resources import resource
    from hyeoksin.texts import read_texts

    if not decisions and on is None:
        raise typer.BadParameter("--decisions 나 --on 가운데 하나는 주세요.")
    if (on is None) != (old is None):
        raise typer.BadParameter("--on 과 --from-plan 은 함께 주세요.")
    if links is not None and on is None:
        raise typer.BadParameter(
            "--links 는 --on 의 결정을 옮길 때 씁니다. --on 과 --from-plan 을 함께 주세요."
        )
    if ask is not None and on is None:
        raise typer.BadParameter("--ask 는 --on 의 글에서 고르므로 --on 을 함께 주세요.")
    check_form(ask, (".xlsx", ".csv", ".tsv"), "--ask 의")
    read = [*(decisions or ()), on, texts, links, model]
    refuse_inputs(output, [*read, plan, old])
    refuse_file(output)
    check_folder(output)
    refuse_inputs(ask, [*read, plan, old], "--ask")
    refuse_existing(ask)
    show_notes()
    loaded, before = load_plan(plan), load_plan(old) if old is not None else None
    folder, errors = model or resource("model"), list[RowError]()
    known = read_texts(texts, errors) if texts is not None else None
    decided = [
        one
        for path in decisions or ()
        for one in decided_of(told_in(path, loaded, known, errors), path, loaded, errors)
    ]
    carried = told_in(on, before, known, errors) if on is not None and before is not None else []
    show_failed(errors)
    learnt = learn_plan(
        loaded,
        load_model(folder),
        decided,
        carried,
        links_table(before, loaded, links) if before is not None else None,
        before,
        count if ask is not None else 0,
    )
    made = save_learnt(learnt, folder, output)
    _told(learnt)
    typer.echo(
        f"{made.id} 을 {output} 에 적었습니다. 쓰기: hyeoksin classify 파일 --model {quoted(output)} --plan {quoted(plan)}"
    )
    if ask is not None:
        _write_questions(learnt, ask)
    list_failed(errors, output, [path for path in read if path is not None])


def _told(learnt: Learnt) -> None:
    typer.echo(f"배운 것: 새 결정 {learnt.n_decided:,}건, 옮긴 것 {learnt.n_carried:,}건.")
    for untaught, what, remedy in (
        (learnt.above, "아래 항목이 있는 코드의", "맨 아래 항목의 코드로"),
        (
            learnt.unplaced,
            "원칙이나 어느 과제에도 딸리지 않은 사업의",
            "글이 들어갈 항목의 코드나 '계획 밖'으로",
        ),
    ):
        if untaught:
            codes = ", ".join(f"{code}: {n:,}건" for code, n in untaught.items())
            typer.secho(
                f"{what} 결정은 배우지 않았습니다 ({codes}). {remedy} 정해 다시 주세요.",
                fg=typer.colors.YELLOW,
                err=True,
            )
    if learnt.agreement is None and len(learnt.by_code) == 1:
        typer.echo("새 결정이 모두 한 항목이라 배우지 않은 결정과의 일치를 잴 수 없습니다.")
    elif learnt.agreement is None:
        typer.echo(
            "새 결정이 항목 수의 다섯 배에 못 미쳐 고치지도 재지도 않았습니다 (적으면 오히려 나빠집니다). 모두 '사람 확인'으로 나옵니다."
        )
    else:
        typer.echo(f"배우지 않은 결정과의 일치(카파, 5겹 교차검증): {learnt.agreement:.2f}")
    if learnt.bare:
        typer.echo(f"결정이 다섯 건에 못 미치는 항목: {', '.join(learnt.bare)}")


def _write_questions(learnt: Learnt, path: Path) -> None:
    from hyeoksin.codes import NONE
    from hyeoksin.tabular import write_rows

    def named(code: str) -> str:
        return "계획 밖" if code == NONE else f"{code} {learnt.plan[code].title}"

    rows = [
        (r.document.id, "", r.document.title, r.document.text, named(code), round(share, 3))
        for r, code, share in learnt.waiting
    ]
    write_rows(path, ("번호", "코드", "제목", "내용", "지금 추천", "확률"), rows, sheet="정해 주세요")
    typer.echo(
        f"{path} 에 {len(rows)}건을 적었습니다. '코드' 열에 새 계획의 코드나 '계획 밖'을 적고 --decisions 로 다시 주세요."
    )
