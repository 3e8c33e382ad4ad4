"""What goes in and out of the store: frozen dataclasses, never a row of the database library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from hyeoksin.domain import Document, Status
from hyeoksin.resources import model_id, resource

__all__ = [
    "ROLES",
    "SHIPPED",
    "Action",
    "ApiKey",
    "AuditRow",
    "CaseRow",
    "DecisionRow",
    "Failures",
    "Hit",
    "Item",
    "Job",
    "JobState",
    "ModelRow",
    "ModelState",
    "Project",
    "Session",
    "Standing",
    "Suggestion",
    "User",
    "UserRole",
    "Verdict",
    "Why",
    "decision_row",
]

Action = Literal["accept", "pick", "none", "undecided", "undo"]
Standing = Literal["open", "undecided", "half", "disputed", "decided"]
Why = Literal["same", "group", "near"]
UserRole = Literal["viewer", "officer", "reviewer", "admin"]
SHIPPED = "함께 설치된 모델"  # as the report of the installed model says
ROLES: tuple[UserRole, ...] = get_args(UserRole)  # each may do what those before it may
JobState = Literal["waiting", "running", "done", "failed"]
ModelState = Literal["candidate", "active", "retired", "refused"]


@dataclass(frozen=True, slots=True)
class Project:
    """A submission round; ``precision`` is what it promises for settled items, ``coders`` (1 or 2) decide each item."""

    id: int
    name: str
    plan: str
    plan_sha: str
    precision: float
    coders: int
    created_at: str
    created_by: str
    closed: bool


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One row of the ledger.

    ``code`` is what was decided (None: outside the plan, undecided, or an undo); ``replaces`` is the decision that was
    in force in the same lane before (for an undo: the one that it takes back); ``batch`` is shared by the rows of one
    group decision; ``seq`` counts within the project, ``hash`` chains the row to the one before it. ``final`` marks an
    adjudication; ``version`` is the item's version after the row.
    """

    id: int
    project: int
    seq: int
    item: int
    action: Action
    code: str | None
    agency: str | None
    by: str
    at: str
    note: str
    model: str
    replaces: int | None
    batch: str | None
    final: bool
    version: int
    hash: str


def decision_row(row: Mapping[Any, Any], prefix: str = "") -> DecisionRow:
    """Return a ledger row from a row of the database."""
    return DecisionRow(**{name: row[prefix + name] for name in DecisionRow.__dataclass_fields__})


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The latest decision on another item that this one may follow.

    ``item`` is the other item; ``why``: the ``same`` text (perhaps of an earlier round), a duplicate of its ``group``,
    or a text ``near`` to it, with the similarity of their letters.
    """

    decision: DecisionRow
    item: int
    why: Why
    similarity: float


@dataclass(frozen=True, slots=True)
class Item:
    """One document of a project with the latest model's answer and the decision in force.

    ``code`` is the end of the predicted path (None: none of the plan), ``probability`` its probability (of ``off_plan``
    where the path is empty), ``lead`` the id of the likeliest lead agency. ``answer`` is the code in force: the decided
    one, else the predicted one. ``standing`` is where people are with it: ``open``, ``undecided`` (put off with a
    note), ``half`` (one of two coders), ``disputed`` (two coders disagree), ``decided``. ``decision`` is the decision
    in force (with two coders: the adjudication, or the later of two that agree); ``suggestion`` is what was decided on
    the same or nearly the same text, while this one is open. ``version`` goes into ``decide(expected_version=…)``.
    """

    id: int
    project: int
    document: Document
    kind: str
    group: str | None
    status: Status
    code: str | None
    answer: str | None
    probability: float
    off_plan: float
    lead: str | None
    region: str
    record: Mapping[str, Any]
    model: str
    standing: Standing
    decision: DecisionRow | None
    suggestion: Suggestion | None
    assigned_to: str | None
    claimed_by: str | None
    version: int
    content: str
    added_at: str


@dataclass(frozen=True, slots=True)
class Hit:
    """An item that a search found; ``score`` sorts within one answer.

    Of the nearest decided cases also the ``likeness`` (0..1) and the tokens that are ``shared``, the rarest first.
    """

    item: Item
    score: float
    likeness: float = 0.0
    shared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseRow:
    """An item without its texts: what the hours dial needs of all items of a project."""

    id: int
    code: str | None
    answer: str | None
    probability: float
    off_plan: float
    status: Status
    region: str
    kind: str
    group: str | None
    lead: str | None
    standing: Standing
    version: int


@dataclass(frozen=True, slots=True)
class User:
    """An account; ``secret`` is the password's hash as the web layer made it, never a password."""

    name: str
    display: str
    role: UserRole
    secret: str = field(repr=False)
    must_change: bool
    active: bool
    created_at: str
    last_login: str | None


@dataclass(frozen=True, slots=True)
class Session:
    """A log-in: ``token`` is the hash of the cookie's token; times are ISO UTC."""

    token: str = field(repr=False)
    user: str
    created_at: str
    seen_at: str
    expires_at: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key of the REST interface, known by its hash; it works until ``expires_at`` (None: for ever) or ``revoked_at``."""

    id: int
    name: str
    role: UserRole
    secret: str = field(repr=False)
    created_at: str
    created_by: str
    expires_at: str | None
    used_at: str | None
    revoked_at: str | None


@dataclass(frozen=True, slots=True)
class Failures:
    """How often something failed in a row (a log-in, by account or address), and since when."""

    key: str
    count: int
    first_at: str
    last_at: str


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One event of the audit log: append-only."""

    id: int
    at: str
    event: str
    by: str
    subject: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Job:
    """Work in the background: ``done`` of ``total`` steps (0: not known yet), ``result`` when it ended."""

    id: int
    kind: str
    project: int | None
    state: JobState
    done: int
    total: int
    message: str
    payload: Mapping[str, Any]
    result: Mapping[str, Any]
    created_by: str
    created_at: str
    updated_at: str
    attempts: int


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A version of a model: where it stands, its state, and the report of the gate that let it in or not."""

    id: str
    path: str
    state: ModelState
    report: Mapping[str, Any]
    created_at: str
    created_by: str
    changed_at: str

    @property
    def shipped(self) -> bool:
        """Whether it came with the program: an upgrade takes its place."""
        return self.report.get("판정") == SHIPPED

    @property
    def folder(self) -> Path:
        """Where the model stands now: a shipped one wherever the program is installed."""
        return resource("model") if self.shipped else Path(self.path)

    @property
    def replaced(self) -> bool:
        """Whether the model came with the program, and an upgrade has put another one in its place."""
        return self.shipped and self.id != model_id(self.folder)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What checking a ledger found: ``broken`` is the first wrong row's (or item's) description, None if all is sound.

    ``heads`` maps each project to the hash of its last row: noted down elsewhere, it shows later that no row was lost.
    """

    rows: int
    broken: str | None
    heads: Mapping[int, str]

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return self.broken is None
