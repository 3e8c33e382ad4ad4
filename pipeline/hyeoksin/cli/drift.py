"""``hyeoksin drift``: what changed between two periods."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hyeoksin.cli.extras import need
from hyeoksin.cli.failed import list_failed, show_failed
from hyeoksin.cli.options import MainPlan, Model, Texts
from hyeoksin.cli.outputs import check_form, refuse_inputs

__all__ = ["drift"]


def drift(
    old: Annotated[Path, typer.Argument(help="앞 기간의 결과나 글 (파일, 폴더, batch 결과, 저장소(.db)).")],
    new: Annotated[Path, typer.Argument(help="뒤 기간의 결과나 글.")],
    plan: MainPlan = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="보고서 (.html .json .xlsx .csv).")
    ] = None,
    texts: Texts = None,
    decisions: Annotated[
        Path | None, typer.Option(help="사람이 정한 것 (번호, 코드): 맞는 정도의 변화를 봄.")
    ] = None,
    model: Model = None,
    count: Annotated[int, typer.Option(min=0, help="다음에 볼 글을 이만큼 권함.")] = 20,
) -> None:
    """두 기간의 글, 추천, 확률이 달라졌는지 견줍니다. 달라진 것이 없을 때 경보가 울릴 일은 약 5% 이하입니다."""
    from hyeoksin.classifier import load_classifier
    from hyeoksin.cli.screen import show_notes
    from hyeoksin.drift import find_drift
    from hyeoksin.drift.build import samples
    from hyeoksin.drift.report import FORMS, in_words, write_drift
    from hyeoksin.results import main_plan

    check_form(output, FORMS)
    refuse_inputs(output, [old, new, texts, decisions, model, plan])
    need("batch", "rensa")
    show_notes()
    classifier = load_classifier(model, plan or main_plan(new), others=False)
    before, after, errors = samples(old, new, classifier, texts, decisions)
    show_failed(errors)
    found = find_drift(before, after, count)
    typer.echo(in_words(found, classifier.plan))
    if output is not None:
        write_drift(found, classifier.plan, output)
        typer.echo(f"{output} 에 적었습니다.")
    list_failed(errors, output, [path for path in (old, new, texts, decisions) if path is not None])
