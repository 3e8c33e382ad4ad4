"""What a decision must be before it is written: a word that there is, on an item as it stands, in its turn."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from hyeoksin.errors import RefusedError, StaleDecisionError
from hyeoksin.plan import Plan
from hyeoksin.privacy import masked_id
from hyeoksin.store import schema
from hyeoksin.store.projects import plan_of
from hyeoksin.store.rows import Action, Project

__all__ = ["check_fresh", "check_turn", "check_word", "is_over"]

_d, _l = schema.decisions, schema.lanes


def check_word(connection: Connection, project: Project, action: Action, code: str | None) -> Plan:
    """Return the project's plan; refuse what is no decision, a code that it does not have, and a closed round."""
    if project.closed:
        raise RefusedError("'{name}' 차수는 마감되었습니다. 다시 연 뒤 결정하세요.", name=project.name)
    if action not in ("accept", "pick", "none", "undecided"):
        raise RefusedError(
            "모르는 결정 '{action}'. 쓸 수 있는 것: accept, pick, none, undecided", action=action
        )
    if action == "pick" and not code:
        raise RefusedError("고른 항목의 코드가 없습니다. 코드를 고른 뒤 다시 하세요.")
    plan = plan_of(connection, project.plan_sha)
    if code and code not in plan:
        raise RefusedError(
            "계획 {plan} 에 코드 '{code}' 가 없습니다. 목록에서 고르세요.", plan=project.plan, code=code
        )
    return plan


def check_fresh(
    connection: Connection, item: RowMapping, lane: str, expected: int | Mapping[int, int] | None
) -> None:
    """Refuse a decision made on an older sight of the item; what the other coder does in between does not count."""
    seen = expected.get(item["id"]) if isinstance(expected, Mapping) else expected
    if seen is None or seen == item["version"]:
        return
    if not 1 <= seen <= item["version"]:  # nobody can have seen it
        raise RefusedError(
            "문서 {document}: 판 번호 {seen} 은(는) 없습니다 (지금 {version}). 문서를 다시 읽고 그 판 번호로 결정하세요.",
            document=masked_id(item["document"]),
            seen=seen,
            version=item["version"],
        )
    if item["predicted_version"] > seen:
        raise StaleDecisionError(
            "문서 {document}: 그 사이 새 모델의 추천이 들어왔습니다. 다시 보고 결정하세요.",
            item["id"],
            document=masked_id(item["document"]),
        )
    query = sa.select(_d.c.by, _d.c.at).where(_d.c.item == item["id"], _d.c.version > seen)
    if lane:
        query = query.where(sa.or_(_d.c.by == lane, _d.c.final))
    first = connection.execute(query.order_by(_d.c.id.desc())).first()
    if first is not None:
        raise StaleDecisionError(
            "문서 {document}: {who} 님이 먼저 결정했습니다 ({at}). 다시 보고 결정하세요.",
            item["id"],
            first.by,
            document=masked_id(item["document"]),
            who=first.by,
            at=first.at,
        )


def is_over(connection: Connection, item: int, lane: str, coders: int) -> bool:
    """Return whether two have coded an item, so that no coder's word may follow: they see each other's now."""
    joined = _l.join(_d, _d.c.id == _l.c.decision)
    made = sa.select(sa.func.count()).select_from(joined)
    made = made.where(_l.c.item == item, _l.c.lane != "", _d.c.action != "undecided")
    return bool(lane) and (connection.scalar(made) or 0) >= coders


def check_turn(connection: Connection, item: RowMapping, lane: str, coders: int) -> None:
    """Refuse a coder's word where two have coded an item: only a reviewer's (in the project's lane) may follow."""
    if is_over(connection, item["id"], lane, coders):
        raise RefusedError(
            "문서 {document}: 이미 두 사람이 정했습니다. 달리 본다면 '검토' 권한이 있는 사람에게 알리세요.",
            document=masked_id(item["document"]),
        )
