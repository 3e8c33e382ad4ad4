"""A past year: texts with the codes that people decided, from a table or JSONL, and what the model says of them."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hyeoksin.codes import CODE_COLUMNS, NONE, code_in, is_open, key, said, turned
from hyeoksin.domain import Document
from hyeoksin.errors import InputError, RowError
from hyeoksin.plan import Plan
from hyeoksin.readers import Columns, read
from hyeoksin.readers.columns import holds_answers
from hyeoksin.readers.notes import log
from hyeoksin.region import load_regions

__all__ = ["Answered", "PastText", "answered", "read_past"]

_CODE = re.compile(r"[A-Za-z]{0,2}\d+(?:[-.]\d+)+")  # perhaps one that the plan does not have
_KIND_COLUMNS = ("유형", "종류", "글의종류", "구분", "kind", "set")


@dataclass(frozen=True, slots=True)
class PastText:
    """A text and the decision on it: ``code`` (or ``NONE``), and all ``accepted`` codes that count as right."""

    document: Document
    code: str
    accepted: frozenset[str]
    kind: str | None


@dataclass(frozen=True, slots=True)
class Answered:
    """A past text with the model's answer.

    ``leaves`` are the probabilities of the plan's leaves in plan order; ``answer`` is the best leaf, or ``NONE`` where
    off-plan is likelier than not, and ``probability`` its own. ``at`` is an ISO date, or moment, or ``""``.
    """

    id: str
    at: str
    region: str | None
    kind: str | None
    code: str
    answer: str
    probability: float
    off_plan: float
    leaves: tuple[float, ...]
    right: bool


def read_past(
    path: Path, plan: Plan, code_column: str | None = None
) -> tuple[list[PastText], list[RowError]]:
    """Read the decided texts of any format that the readers take, and the rows that cannot be used.

    The decision stands in ``code_column`` (guessed if None); several codes parted by commas are all right, the first
    being the decision; ``NONE`` or "계획 밖" is outside the plan. JSONL may also hold the written corpus's ``labels`` and
    ``acceptable`` (by plan), ``plan2019`` and ``plan2019_ok``, or the desk's ``final``. Rows of our own results without a decision are noted.

    Raises:
        InputError: the file cannot be read, or no row of it holds a decision.
    """
    texts: list[PastText] = []
    errors: list[RowError] = []
    n_open = 0
    for item in read(path, Columns()):
        if isinstance(item, RowError):
            errors.append(item)
            continue
        cells = _as_in_the_workbook(item.meta)
        if _is_undecided(cells, code_column):
            n_open += 1
            continue
        try:
            codes = _codes(cells, plan, code_column)
        except ValueError as error:
            errors.append(RowError(item.source, str(error)))
            continue
        kind = next((v for k, v in cells.items() if key(k) in _KIND_COLUMNS), None)
        texts.append(PastText(item, codes[0], frozenset(codes), kind))
    if not texts:
        why = errors[0].reason if errors else _no_code(code_column) if n_open else ""
        raise InputError(f"{path.name or path}: 결정이 적힌 글이 없습니다.{why and f' 첫 까닭: {why}'}")
    if n_open:
        log.info("%s: 결정되지 않은 %s건은 뺐습니다.", path, f"{n_open:,}")
    return texts, errors


def _as_in_the_workbook(meta: Mapping[str, str]) -> Mapping[str, str]:
    """Return the cells of a line of the desk's JSONL under the headings of its workbook; those of other rows as they are."""
    try:
        final = json.loads(meta["final"])
        outcome, code = final["outcome"], final["code"]
    except (KeyError, ValueError, TypeError):
        return meta
    cell = code or ("" if is_open(outcome) else NONE)
    answers = {"추천 판정": meta.get("status", ""), "계획 밖 확률": meta.get("off_plan", "")}
    return {**meta, **answers, "최종 분류": cell, "결정": outcome}


def _is_undecided(meta: Mapping[str, str], column: str | None) -> bool:
    """Tell whether a row of our own results has no person's decision: officers may write down only some."""
    cells = {key(name): value for name, value in meta.items()}
    code, decided = (meta.get(column, ""), True) if column is not None else said(cells) or ("", True)
    return holds_answers(cells.keys()) and (is_open(code) or not decided)


def _codes(meta: Mapping[str, str], plan: Plan, column: str | None) -> list[str]:
    """Return the decision and what else is acceptable.

    Raises:
        ValueError: there is none, or a code that the plan does not know (Korean).
    """
    if column is None and "labels" in meta:
        labels, also = (_by_plan(meta.get(name, "")) for name in ("labels", "acceptable"))
        if plan.id not in labels:
            raise ValueError(f"계획 {plan.id} 의 결정이 없습니다.")
        found = [*(labels[plan.id] or [NONE]), *also.get(plan.id, ())]
    elif column is None and f"plan{plan.id}" in meta:
        found = [meta[f"plan{plan.id}"], *re.findall(r"[\w-]+", meta.get(f"plan{plan.id}_ok", ""))]
    else:
        found = _parts(_cell(meta, column), plan)
    if not found:
        raise ValueError("결정 칸에 쉼표만 있고 코드가 없습니다.")
    return [_known(code, plan) for code in found]


def _parts(cell: str, plan: Plan) -> list[str]:
    """Return the parts of a cell that begin with a code; what else follows a comma belongs to a title or remark."""
    parts = [part for part in re.split(r"[,;]", cell) if part.strip()]
    return [part for n, part in enumerate(parts) if n == 0 or _begins(part, plan)]


def _begins(part: str, plan: Plan) -> bool:
    code = code_in(part, plan)
    return code == NONE or code in plan or _CODE.fullmatch(code) is not None


def _by_plan(cell: str) -> dict[str, list[str]]:
    """Return the codes by plan from the text of a dict, as the JSONL reader leaves it."""
    try:
        value: Any = ast.literal_eval(cell or "{}") or {}
        return {str(plan): [str(code) for code in codes] for plan, codes in value.items()}
    except (ValueError, SyntaxError, AttributeError, TypeError) as error:
        raise ValueError('labels 는 {"계획": ["코드"]} 꼴이어야 합니다.') from error


def _cell(meta: Mapping[str, str], column: str | None) -> str:
    if column is not None:
        found = (meta.get(column, ""), True)
    else:
        found = said({key(name): value for name, value in meta.items()}) or ("", True)
    cell, decided = found
    if not decided:
        raise ValueError("사람이 정하지 않았습니다. '결정' 칸이 수용, 변경, 계획 밖인 줄만 씁니다.")
    if not cell.strip():
        raise ValueError(_no_code(column))
    return cell


def _no_code(column: str | None) -> str:
    where = f"'{column}' 열" if column else f"결정 열({', '.join(CODE_COLUMNS[:4])} …)"
    return f"{where}이 없거나 비어 있습니다. --code-column 으로 열 이름을 주세요."


def _known(cell: str, plan: Plan) -> str:
    code, fault = code_in(cell, plan), turned(cell, plan)
    if fault is not None:
        raise ValueError(fault)
    if code != NONE and code not in plan:
        raise ValueError(f"계획 {plan.id} 에 없는 코드 '{cell.strip()}'. 계획(--plan)이나 코드를 고치세요.")
    return code


def answered(texts: Sequence[PastText], records: Iterable[Mapping[str, Any]], plan: Plan) -> list[Answered]:
    """Join texts to the JSON records of the classifier, in order.

    Raises:
        InputError: a record is of another plan, a text has none, or it is not clear which.
    """
    names, places = [leaf.code for leaf in plan.leaves], load_regions()
    rows = []
    for text, record in _together(texts, records):
        if record["plan"] != plan.id:
            raise InputError(f"{record['id']}: 계획 {record['plan']} 의 결과입니다. --plan 을 맞추세요.")
        chance = {c["code"]: float(c["probability"]) for c in record["candidates"]}
        off, best = float(record["off_plan"]), record["candidates"][0]["code"]
        answer = NONE if off >= 0.5 else best
        above = {answer} if answer == NONE else {node.code for node in plan.path(answer)}
        accepted = {_placed(code, plan) for code in text.accepted}
        rows.append(
            Answered(
                id=text.document.id,
                at=text.document.date or "",
                region=places.filed(text.document.region, text.document.body, record.get("regions") or ())
                or None,
                kind=text.kind,
                code=_placed(text.code, plan),
                answer=answer,
                probability=off if answer == NONE else chance[best],
                off_plan=off,
                leaves=tuple(chance[name] for name in names),
                right=not above.isdisjoint(accepted),
            )
        )
    return rows


def _placed(code: str, plan: Plan) -> str:
    """Return the leaf of a decided code: the model says nothing of the programmes below it."""
    return (plan.leaf_of(code) if code in plan else None) or code


def _together(
    texts: Sequence[PastText], records: Iterable[Mapping[str, Any]]
) -> Iterable[tuple[PastText, Mapping[str, Any]]]:
    """Pair texts and records in their order where it is the same (ids may repeat then), else by id.

    Raises:
        InputError: a text has no record, or an id stands twice among the texts or records, in an order of its own.
    """
    records = list(records)
    ids, wanted = [str(record["id"]) for record in records], [text.document.id for text in texts]
    if ids == wanted:
        return zip(texts, records, strict=True)
    by_id = dict(zip(ids, records, strict=True))
    twice = next((name for name, n in (Counter(ids) | Counter(wanted)).items() if n > 1), None)
    if twice is not None:
        raise InputError(
            f"글이나 결과 파일에 id '{twice}' 가 여러 번 있고 글과 결과의 차례도 다릅니다. 같은 글을 같은 차례로 분류한 파일을 주거나 "
            "글의 id를 서로 다르게 하세요."
        )
    missing = [name for name in wanted if name not in by_id]
    if missing:
        raise InputError(
            f"결과 파일에 {len(missing)}건의 기록이 없습니다 (첫째: {missing[0]}). 같은 글을 분류한 파일을 주세요."
        )
    return [(text, by_id[text.document.id]) for text in texts]
