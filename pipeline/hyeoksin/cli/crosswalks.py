"""The shipped crosswalk as the plans of a command may use it, and what its relations are called on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from hyeoksin.plan import Crosswalk, Plan
    from hyeoksin.plan.crosswalk import Relation

__all__ = ["RELATIONS", "shipped_links"]

RELATIONS: dict[Relation, str] = {
    "exact": "같음",
    "close": "비슷함",
    "broad": "그쪽이 넓음",
    "narrow": "그쪽이 좁음",
    "related": "관련 있음",
}


def shipped_links(*plans: Plan) -> Crosswalk:
    """Return the shipped crosswalk; for an office's edition of a shipped plan only where it holds, and say so.

    Raises:
        BadParameter: two of the plans are the same.
    """
    from hyeoksin.plan import BUILTIN_PLANS, load_crosswalk, load_plan

    if len({plan.sha256 for plan in plans}) < len(plans):
        raise typer.BadParameter(f"같은 계획을 두 번 주었습니다 ({', '.join(plan.id for plan in plans)}).")
    shipped = {name: load_plan(name) for name in BUILTIN_PLANS}
    found = load_crosswalk(shipped)
    for plan in plans:
        if plan.id in shipped and plan.sha256 != shipped[plan.id].sha256:
            kept = found.for_edition(plan, shipped[plan.id])
            typer.secho(
                f"알림: {plan.source} 은(는) 실린 계획 {plan.id} 과 id는 같지만 내용이 다릅니다. 실린 대응표에서 코드와 제목이 같은 "
                f"항목의 것만 씁니다 (뺀 대응 {len(found.links) - len(kept.links)}건). 다른 계획이면 id를 바꾸세요.",
                err=True,
            )
            found = kept
    return found
