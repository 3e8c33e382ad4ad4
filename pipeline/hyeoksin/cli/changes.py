"""``hyeoksin plan diff``, ``sankey``, ``skos`` and ``from-skos``: what changed between plans, and plans for other programs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated

import typer

from hyeoksin.cli.crosswalks import RELATIONS, shipped_links
from hyeoksin.cli.options import PlanArgument
from hyeoksin.cli.outputs import check_form, refuse_existing, refuse_inputs
from hyeoksin.commands import quoted

__all__ = ["diff", "from_skos", "sankey", "skos"]

_ADDRESS = re.compile(r"(?:https?://|urn:)[^\s<>\"{}|\\^`]+")  # what RDF takes as the beginning of a URI


def diff(
    old: PlanArgument,
    new: PlanArgument,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="결과 파일 (.xlsx .csv .tsv .json).")
    ] = None,
) -> None:
    """두 계획 사이에 이어진 것, 나뉜 것, 합쳐진 것, 없어진 것, 새로 생긴 것을 보여 줍니다. 주관기관이 바뀐 것도 보여 줍니다."""
    from hyeoksin.plan import compare, load_plan
    from hyeoksin.plan.compare import FATES, HEADER
    from hyeoksin.tabular import write_rows, written_whole

    check_form(output, (".xlsx", ".csv", ".tsv", ".json"))
    refuse_inputs(output, [old, new])
    before, after = load_plan(old), load_plan(new)
    found = compare(before, after, shipped_links(before, after))
    if found.guessed:
        typer.secho(
            "알림: 두 계획의 대응표가 없어 코드, 제목, 글의 비슷함으로 추측했습니다. 사람이 확인하세요.",
            err=True,
        )
    if output is not None and output.suffix.lower() == ".json":
        with written_whole(output) as part:
            text = json.dumps(found.to_json(), ensure_ascii=False, indent=1)
            part.write_text(text + "\n", encoding="utf-8")
    elif output is not None:
        write_rows(output, HEADER, found.rows(), sheet=f"{found.old.id} {found.new.id}")
    else:
        for change in found.changes:
            typer.echo(f"{FATES[change.fate]}  {change.code} {change.title}")
            plan = found.old if change.fate == "came" else found.new
            for link in change.links:
                title = plan[link.to_code].title
                typer.echo(f"    {RELATIONS[link.relation]}  {link.to_code} {title}  ({link.reason})")
            if change.lead_changed:
                typer.echo(
                    f"    주관기관: 빠짐 {', '.join(change.lead_lost) or '없음'}, "
                    f"새로 {', '.join(change.lead_gained) or '없음'}"
                )
    counts = ", ".join(f"{FATES[fate]} {n}" for fate, n in found.counts().items() if n)
    compared = sum(change.lead_compared for change in found.changes)
    moved = sum(change.lead_changed for change in found.changes)
    leads = (
        f"주관기관이 바뀐 것 {moved} (견준 항목 {compared})"
        if compared
        else "주관기관은 견줄 수 없음 (이어진 항목 가운데 두 계획에 모두 주관기관이 적힌 것이 없음)"
    )
    typer.echo(f"{found.old.id} → {found.new.id}: {counts}; {leads}")
    if output is not None:
        typer.echo(f"{output} 에 적었습니다.")


def skos(
    plan: PlanArgument,
    output: Annotated[Path, typer.Option("--output", "-o", help="결과 파일 (.ttl .jsonld, JSKOS는 .json).")],
    base: Annotated[str | None, typer.Option(help="항목 주소(URI)의 앞부분.")] = None,
    links: Annotated[bool, typer.Option("--links/--no-links", help="다른 계획과의 대응표도 함께.")] = True,
) -> None:
    """계획과 대응표를 SKOS(Turtle, JSON-LD)나 JSKOS로 내보냅니다. SKOS는 hyeoksin[skos] 가 있어야 합니다."""
    from hyeoksin.plan import load_plan
    from hyeoksin.plan.jskos import BASE, jskos
    from hyeoksin.tabular import written_whole

    check_form(output, (".ttl", ".jsonld", ".json"))
    if base and not _ADDRESS.fullmatch(base):
        raise typer.BadParameter(
            f"--base 는 https:// 나 http://, urn: 으로 시작하고 빈칸이 없는 주소입니다 (지금: '{base}')."
        )
    refuse_inputs(output, [plan])
    if (
        output.suffix.lower() != ".json"
    ):  # SKOS is a plan file, read as the YAML and the tables are; JSKOS is none
        refuse_existing(output)
    loaded = load_plan(plan)
    own = []
    if links:
        found = shipped_links(loaded)
        own = [link for node in loaded.nodes for link in found.of(loaded.id, node.code)]
    if output.suffix.lower() == ".json":
        with written_whole(output) as part:
            text = json.dumps(jskos(loaded, own, base or BASE), ensure_ascii=False, indent=1)
            part.write_text(text + "\n", encoding="utf-8")
    else:
        from hyeoksin.plan.skos import graph_of, integrity, write_skos

        write_skos(loaded, output, own, base or BASE)
        for breach in integrity(graph_of(loaded, own, base or BASE)):
            typer.secho(f"알림: {breach}", err=True)
    typer.echo(f"{output} 에 적었습니다 (항목 {len(loaded.nodes)}, 대응 {len(own)}).")


def from_skos(
    file: Annotated[Path, typer.Argument(help="SKOS 파일 (.ttl .jsonld).")],
    output: Annotated[Path, typer.Argument(help="새 계획 파일 (.yaml).")],
    links: Annotated[Path | None, typer.Option(help="대응 관계를 적을 파일 (.csv).")] = None,
) -> None:
    """SKOS 파일에서 계획(과 대응표)을 가져와 YAML(과 CSV)로 적습니다."""
    from hyeoksin.plan import load_plan
    from hyeoksin.plan.crosswalk import write_links
    from hyeoksin.plan.skos import read_links
    from hyeoksin.plan.written import write_yaml

    if file.suffix.lower() not in (".ttl", ".jsonld") or output.suffix.lower() not in (".yaml", ".yml"):
        raise typer.BadParameter("SKOS 파일은 .ttl 이나 .jsonld, 결과는 .yaml 이어야 합니다.")
    refuse_existing(output, links)
    loaded = load_plan(file)
    write_yaml(loaded, output)
    typer.echo(
        f"{output} 에 적었습니다 (항목 {len(loaded.nodes)}). 점검: hyeoksin plan check {quoted(output)}"
    )
    if links is not None:
        found = read_links(file)
        write_links(found, links)
        typer.echo(f"{links} 에 대응 {len(found)}건을 적었습니다.")


def sankey(
    output: Annotated[Path, typer.Option("--output", "-o", help="그림 파일 (.svg .png).")],
    plans: Annotated[
        str, typer.Option(help="차례대로 놓을 계획, 쉼표로 나눔 (2019 … 또는 계획 파일).")
    ] = "2019,2020,2022,2024",
    leaves: Annotated[bool, typer.Option("--leaves", help="과제가 아니라 세부과제까지 그립니다.")] = False,
) -> None:
    """계획이 해마다 어떻게 이어졌는지 흐름 그림(생키)으로 그립니다 (hyeoksin[report])."""
    from itertools import pairwise

    from hyeoksin import pictures
    from hyeoksin.plan import BUILTIN_PLANS, load_plan
    from hyeoksin.plan.compare import links_between
    from hyeoksin.plan.flows import flows
    from hyeoksin.tabular import written_whole

    check_form(output, (".svg", ".png"))
    loaded = [load_plan(name.strip()) for name in plans.split(",") if name.strip()]
    if len(loaded) < 2:
        raise typer.BadParameter("--plans 에 계획을 둘 이상 적어 주세요.")
    crosswalk = shipped_links(*loaded)
    found = [pictures.Flow(*flow) for flow in flows(loaded, crosswalk, leaves)]
    for old, new in pairwise(loaded):
        step = f"{old.id} 과 {new.id}"
        if not any(flow.from_plan == old.id for flow in found):
            raise typer.BadParameter(
                f"{step} 사이에 이어지는 항목이 없어 그릴 수 없습니다. 대응표는 실린 계획({', '.join(BUILTIN_PLANS)}) 사이에만 있습니다."
            )
        if links_between(old, new, crosswalk)[1]:
            typer.secho(
                f"알림: {step} 의 대응표가 없어 코드, 제목, 글의 비슷함으로 추측했습니다. 사람이 확인하세요.",
                err=True,
            )
    name = f"계획의 이어짐: {', '.join(plan.id for plan in loaded)}"
    picture = pictures.sankey(found, name, plans=loaded)
    raw = pictures.png(picture) if output.suffix.lower() == ".png" else pictures.svg(picture).encode()
    with written_whole(output) as part:
        part.write_bytes(raw)
    typer.echo(f"{output} 에 그렸습니다 (흐름 {len(found)}개).")
