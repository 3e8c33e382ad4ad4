"""Tables of decisions, as the commands that learn from them read them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from hyeoksin.cli.failed import show_failed
from hyeoksin.errors import InputError, RowError

if TYPE_CHECKING:
    from hyeoksin.plan import Plan
    from hyeoksin.results import Result
    from hyeoksin.texts import TextsById

__all__ = ["decided_of", "told_in"]


def told_in(path: Path, plan: Plan, texts: TextsById | None, errors: list[RowError]) -> list[Result]:
    """Return what stands in a table, folder or store; ``errors`` receives the rows that cannot be used."""
    from hyeoksin.results import read_results
    from hyeoksin.texts import with_texts

    found = list(read_results(path, plan))
    errors += [item for item in found if isinstance(item, RowError)]
    return list(with_texts((item for item in found if not isinstance(item, RowError)), texts))


def decided_of(found: Sequence[Result], path: Path, plan: Plan, errors: Sequence[RowError]) -> list[Result]:
    """Return what people decided of the results ``found`` in ``path``; a model's own recommendations teach nothing.

    Raises:
        InputError: nobody decided anything.
    """
    decided = [result for result in found if result.decided]
    if not decided:
        show_failed(errors)
        raise InputError(
            f"{path}: 계획 {plan.id} 의 결정이 한 건도 없습니다 (추천만 {len(found):,}건). 표의 '코드'나 '결정 코드' 열에 "
            "사람이 정한 코드를 적어 주거나, 결정이 쌓인 저장소(.db)를 --decisions 로 주세요."
        )
    if len(decided) < len(found):
        typer.secho(
            f"{path}: 결정되지 않은 {len(found) - len(decided):,}건은 뺐습니다.",
            fg=typer.colors.YELLOW,
            err=True,
        )
    return decided
