"""What an officer filters the queue by, read from the address and written back into it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, get_args
from urllib.parse import urlencode

from hyeoksin.errors import HyeoksinError
from hyeoksin.store import Order
from hyeoksin.web.languages import gettext as _
from hyeoksin.web.languages import marked

__all__ = [
    "NOBODY",
    "OFF",
    "ORDERS",
    "PAGE",
    "STANDINGS",
    "STATUSES",
    "BadFilterError",
    "QueueFilters",
    "address",
]

NOBODY = "-"  # nobody is assigned
OFF = "-"  # none of the plan
PAGE = 50  # documents of the queue
STANDINGS = {
    "open": marked("아직 안 정함"),
    "undecided": marked("보류"),
    "half": marked("한 사람만 정함"),
    "disputed": marked("두 사람이 다름"),
    "decided": marked("정함"),
}
STATUSES = {"settled": marked("확정 추천"), "review": marked("사람 확인"), "off_plan": marked("계획 밖")}
ORDERS: dict[Order, str] = {
    "queue": marked("사람의 시간이 가장 도움이 되는 차례"),
    "doubt": marked("의심스러운 것부터"),
    "probability": marked("확률이 낮은 것부터"),
    "id": marked("올린 차례"),
    "recent": marked("최근에 정한 것부터"),
    "title": marked("제목"),
}


class BadFilterError(HyeoksinError):
    """An address with a filter that means nothing."""


@dataclass(frozen=True, slots=True)
class QueueFilters:
    """The filters of one view of the queue; empty strings mean any.

    ``node`` is a node of the plan with all below it (:data:`OFF`: none of the plan), ``standing`` one of
    :data:`STANDINGS`, ``waiting`` (open, put off, half or disputed) or ``any``; ``assigned`` a user or :data:`NOBODY`;
    ``low`` and ``high`` are percents of the recommendation's probability; ``page`` of the list and ``at``, the open
    document's place in it, count from 1. Where a document was found by a search, ``q`` holds its words and ``everywhere``
    says that it went over all rounds: one comes back to it after a decision.
    """

    node: str = ""
    agency: str = ""
    region: str = ""
    kind: str = ""
    status: str = ""
    standing: str = "waiting"
    low: str = ""
    high: str = ""
    assigned: str = ""
    order: Order = "queue"
    q: str = ""
    everywhere: str = ""
    page: int = 1
    at: int = 1

    @classmethod
    def read(cls, query: Mapping[str, str]) -> QueueFilters:
        """Return the filters of a query string; what it does not name stays at its default.

        Raises:
            BadFilterError: a number or a name that means nothing.
        """
        words = [f.name for f in fields(cls) if f.name not in ("page", "at")]
        named: dict[str, Any] = {name: query[name].strip() for name in words if name in query}
        found = cls(**named, page=_count(query.get("page", "")), at=_count(query.get("at", "")))
        if found.order not in get_args(Order):
            raise BadFilterError(_("모르는 차례입니다. 목록에서 고르세요."))
        if found.standing not in (*STANDINGS, "waiting", "any"):
            raise BadFilterError(_("모르는 상태입니다. 목록에서 고르세요."))
        for percent in (found.low, found.high):
            _share(percent)
        return found

    def query(self, **changes: Any) -> str:
        """Return the query string of these filters, with some changed; defaults are left out."""
        changed = replace(self, **changes)
        plain = QueueFilters()
        named = {f.name: getattr(changed, f.name) for f in fields(self)}
        return urlencode({k: v for k, v in named.items() if v != getattr(plain, k)})

    def list_path(self, project: int, *told: str) -> str:
        """Return the address of the list that a document was opened from, with ``told`` as further queries.

        It is the page of the search, or of the queue.
        """
        if self.q:
            return address(f"/rounds/{project}/search", self.query(), *told)
        return address(f"/rounds/{project}/queue", self.query(page=(self.at - 1) // PAGE + 1, at=1), *told)

    def asked(self, coder: str | None = None) -> dict[str, Any]:
        """Return the arguments of ``Store.items`` and ``Store.count``.

        ``coder`` is who asks in a round with two coders: what waits is then what this one has not decided,
        and what was put off is also what this one put off, whatever the other said.
        """
        found: dict[str, Any] = {}
        if self.node:
            found |= {"code": ""} if self.node == OFF else {"under": self.node}
        found |= {
            name: value for name in ("agency", "region", "kind", "status") if (value := getattr(self, name))
        }
        if self.standing == "waiting":
            found |= {"decided": False} | ({} if coder is None else {"undecided_by": coder})
        elif self.standing == "undecided" and coder is not None:
            found["put_off_by"] = coder
        elif self.standing != "any":
            found["standing"] = self.standing
        if self.assigned:
            found["assigned_to"] = "" if self.assigned == NOBODY else self.assigned
        low, high = _share(self.low), _share(self.high)
        return found | ({} if low is None else {"low": low}) | ({} if high is None else {"high": high})


def address(path: str, *queries: str) -> str:
    """Return the path with the query strings that are not empty."""
    query = "&".join(one for one in queries if one)
    return f"{path}?{query}" if query else path


def _count(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and 0 < len(text) < 8 and int(text) > 0 else 1


def _share(percent: str) -> float | None:
    if not percent:
        return None
    try:
        share = float(percent.rstrip("%")) / 100
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise BadFilterError(
            _("확률 '{percent}' 을(를) 읽을 수 없습니다. 0에서 100 사이의 수를 적으세요.").format(
                percent=percent[:20]
            )
        )
    return share
