"""``hyeoksin plan``: check, show, convert and link plans."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hyeoksin.cli import changes, newplan, translate
from hyeoksin.cli.crosswalks import RELATIONS
from hyeoksin.cli.options import PlanArgument
from hyeoksin.cli.outputs import check_form, refuse_existing
from hyeoksin.commands import quoted

if TYPE_CHECKING:
    from hyeoksin.plan import Plan

_FORMS = (".yaml", ".yml", ".csv", ".tsv", ".xlsx")

app = typer.Typer(help="계획 점검, 보기, 서식, 변환, 대응표.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def check(plan: PlanArgument) -> None:
    """계획 파일의 잘못을 파일과 줄 번호로 알려 줍니다."""
    from hyeoksin.plan import load_plan

    loaded = load_plan(plan)
    bare = [leaf.code for leaf in loaded.leaves if not leaf.definition]
    typer.echo(
        f"이상 없음: {loaded.title} (항목 {len(loaded.nodes)}, 분류 대상 {len(loaded.leaves)}, 지문 {loaded.sha256[:8]})"
    )
    if bare:
        typer.echo(f"정의(definition)를 적으면 더 정확합니다: {', '.join(bare)}")


@app.command()
def show(
    plan: PlanArgument = "2019",
    code: Annotated[str | None, typer.Argument(help="한 항목만 자세히.")] = None,
) -> None:
    """계획을 나무 모양으로, 또는 한 항목을 자세히 보여 줍니다."""
    from hyeoksin.plan import load_plan

    loaded = load_plan(plan)
    if code is None:
        typer.echo(f"{loaded.title}  (지문 {loaded.sha256[:8]})")
        _show_below(loaded, None)
        return
    if code not in loaded:
        raise typer.BadParameter(f"계획 {loaded.id} 에 코드 '{code}' 가 없습니다.")
    node = loaded[code]
    leads = loaded.leads_for(code)
    typer.echo(" › ".join(f"{n.code} {n.title}" for n in loaded.path(code)))
    for label, value in (
        ("정의", node.definition),
        ("포함", "; ".join(node.includes)),
        ("제외", "; ".join(e.why for e in node.excludes)),
        ("주관", ", ".join(leads.agencies) + (" 등" if leads.open else "")),
        ("별칭", "; ".join(node.aliases)),
        ("아래", "; ".join(f"{n.code} {n.title}" for n in loaded.children(code))),
    ):
        if value.strip():
            typer.echo(f"{label}  {value}")


def _show_below(plan: Plan, parent: str | None, depth: int = 1) -> None:
    for node in plan.nodes:
        if node.parent == parent:
            typer.echo(f"{'  ' * depth}{node.code}  {node.title}{'  [역점]' if node.priority else ''}")
            _show_below(plan, node.code, depth + 1)


@app.command()
def template(
    output: Annotated[Path, typer.Argument(help="새 파일 (.yaml .csv .xlsx).")] = Path("my-plan.yaml"),
) -> None:
    """자체 계획을 적을 서식을 만듭니다."""
    from hyeoksin.plan.load import plan_from_text
    from hyeoksin.plan.tables import SUFFIXES, TEMPLATE, write_form
    from hyeoksin.tabular import written_whole

    refuse_existing(output)
    check_form(output, _FORMS, "계획 파일의")
    if output.suffix.lower() in SUFFIXES:
        write_form(plan_from_text(TEMPLATE, output), output)
    else:
        with written_whole(output) as part:
            part.write_text(TEMPLATE, encoding="utf-8")
    typer.echo(f"{output} 을 만들었습니다. 고친 뒤: hyeoksin plan check {quoted(output)}")


@app.command()
def convert(
    plan: PlanArgument, output: Annotated[Path, typer.Argument(help="결과 파일 (.csv .xlsx .yaml).")]
) -> None:
    """계획을 표(CSV, XLSX)나 YAML로 바꾸어 적습니다."""
    from hyeoksin.plan import load_plan
    from hyeoksin.plan.tables import SUFFIXES, write_form
    from hyeoksin.plan.written import write_yaml

    check_form(output, _FORMS, "계획 파일의")
    refuse_existing(output)
    loaded = load_plan(plan)
    if output.suffix.lower() in SUFFIXES:
        write_form(loaded, output)
    else:
        write_yaml(loaded, output)
    typer.echo(f"{output} 에 적었습니다.")


@app.command()
def links(
    plan: PlanArgument,
    code: Annotated[str, typer.Argument(help="항목 코드.")],
    to: Annotated[str | None, typer.Option(help="이 계획과의 대응만.")] = None,
) -> None:
    """한 항목이 다른 해 계획의 어느 항목과 이어지는지 보여 줍니다."""
    from hyeoksin.plan import BUILTIN_PLANS, load_crosswalk, load_plan

    plans = {name: load_plan(name) for name in BUILTIN_PLANS}
    for name in (plan, to):
        if name is not None and name not in plans:
            raise typer.BadParameter(f"'{name}' 의 대응표는 없습니다. 실린 계획: {', '.join(BUILTIN_PLANS)}.")
    if plan == to:
        raise typer.BadParameter(f"같은 계획을 두 번 주었습니다 ({plan}).")
    if code not in plans[plan]:
        raise typer.BadParameter(f"계획 {plan} 에 코드 '{code}' 가 없습니다.")
    found = load_crosswalk(plans).of(plan, code, to)
    if not found:
        typer.echo("이어지는 항목이 없습니다.")
    for link in found:
        title = plans[link.to_plan][link.to_code].title
        typer.echo(f"{RELATIONS[link.relation]}  {link.to_plan} {link.to_code} {title}  ({link.reason})")


app.command("diff")(changes.diff)
app.command("skos")(changes.skos)
app.command("from-skos")(changes.from_skos)
app.command("impact")(translate.impact)
app.command("sankey")(changes.sankey)
app.command("learn")(newplan.learn)
