"""Versions of the model: registered with their reports, one of them answering, each of them to be gone back to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hyeoksin.commands import quoted
from hyeoksin.errors import ModelError, RefusedError
from hyeoksin.lessons.decided import decided_items
from hyeoksin.lessons.learn import Learned
from hyeoksin.model import Model, check_folder, load_model, save_model
from hyeoksin.resources import model_id, resource
from hyeoksin.store import SHIPPED, Item, ModelRow, ModelState, Store
from hyeoksin.training.card import read_card

__all__ = [
    "active_path",
    "add_version",
    "follow_shipped",
    "learnt_items",
    "register",
    "register_shipped",
    "roll_back",
    "root_of",
    "stopped_rounds",
    "use",
]


def active_path(store: Store) -> Path:
    """Return the folder of the model that answers (the shipped one where none was made active)."""
    row = store.active_model()
    return resource("model") if row is None else row.folder


def root_of(store: Store) -> tuple[Path, ModelRow | None]:
    """Return the folder of the model below all lessons of the one that answers, and that one's row if it has lessons.

    Raises:
        ModelError: that model is not registered.
    """
    row = store.active_model()
    if row is None or "figures" not in row.report:
        return active_path(store), None
    known, here = {one.id: one for one in store.models()}, row
    while "figures" in here.report:
        base = here.report["figures"]["base"]
        if base not in known:
            raise ModelError(
                f"모델 {here.id} 의 바탕 모델 {base} 이 이 저장소에 등록되어 있지 않아 더 배울 수 없습니다. 그 폴더를 "
                "'hyeoksin models add 폴더' 로 등록하거나, 'hyeoksin models use' 로 다른 모델을 쓴 뒤 다시 하세요."
            )
        here = known[base]
    return here.folder, row


def learnt_items(store: Store, plan: str) -> Iterator[Item]:
    """Yield the decided items that the head of a plan has learnt in the model that answers.

    A version keeps the other plans' heads of the one that answered before it, so the newest of them that learnt the plan
    says from which rounds, and when. Where it names tables, which may hold decisions of any round, it is taken to know all.
    """
    known = {row.id: row for row in store.models()}
    row = store.active_model()
    while row is not None and "figures" in row.report and row.report["figures"]["plan"] != plan:
        row = known.get(row.report["figures"]["against"])
    if row is None or "figures" not in row.report:
        return
    rounds, names = store.projects(), set(row.report["figures"]["rounds"])
    some = names <= {one.name for one in rounds}
    for one in rounds:
        if one.plan == plan and (one.name in names or not some):
            for item in decided_items(store, one):
                if item.decision is not None and item.decision.at <= row.created_at:
                    yield item


def register(store: Store, folder: Path, by: str) -> ModelRow:
    """Register a model folder with the report on its card, if it learnt from decisions; one that the gate refused stays so.

    It is read first, so a damaged one never gets there.

    Raises:
        ModelError: the folder is missing or damaged.
        RefusedError: it is registered already.
    """
    name, report = load_model(folder).id, read_card(folder).get("lessons", {})
    if report and report["figures"]["base"] == model_id(resource("model")):
        register_shipped(store, by)
    row = store.add_model(name, str(folder.resolve()), by, report=report, state=_first_state(report))
    store.audit("model.registered", by, subject=row.id)
    return row


def register_shipped(store: Store, by: str) -> ModelRow:
    """Return the row of the installed model, registering it so that one can go back to it.

    It becomes the active one if nothing is, or if what it took the place of in an upgrade is.
    """
    folder = resource("model")
    name = load_model(folder).id
    known = {row.id: row for row in store.models()}
    active = store.active_model()
    state: ModelState = "active" if active is None or active.shipped else "candidate"
    if name not in known:
        return store.add_model(name, str(folder), by, report={"판정": SHIPPED}, state=state)
    if active is not None and active.shipped and active.id != name:
        return store.set_model_state(name, "active")
    return known[name]


def follow_shipped(store: Store) -> None:
    """Write down which model answers where an upgrade has put another one in the place of the active shipped one."""
    active = store.active_model()
    if active is not None and active.replaced:
        register_shipped(store, "hyeoksin")


def add_version(store: Store, learned: Learned, folder: Path, by: str) -> tuple[Model, ModelRow]:
    """Write a new model's folder and register it: as a candidate, or as refused where the gate did not let it in.

    Raises:
        ModelError: there is something in the folder already.
    """
    check_folder(folder)
    report = learned.report.to_json()
    model = save_model(learned.model, folder, {"model": learned.model.name, "lessons": report})
    return model, store.add_model(
        model.id, str(folder.resolve()), by, report=report, state=_first_state(report)
    )


def use(store: Store, name: str, by: str, force: bool = False) -> ModelRow:
    """Make a registered model answer; its folder is read first, so a damaged one never gets there.

    Raises:
        NotStoredError: there is none of this name.
        RefusedError: the gate refused it and ``force`` is false.
        ModelError: the folder is missing, damaged, or another model.
    """
    row = store.model(name)
    if row.state == "refused" and not force:
        raise RefusedError(
            f"모델 '{name}' 은 시험에서 거절되었습니다: {row.report.get('까닭', '')} 그래도 쓰려면 --force 를 주세요."
        )
    found = load_model(row.folder).id
    if found != name and row.shipped:
        here = register_shipped(store, by).id
        raise ModelError(
            f"모델 '{name}' 은 이 프로그램의 앞 판에 함께 설치되었던 것이라 이제 없습니다. 지금 함께 설치된 모델을 쓰려면: "
            f"hyeoksin models use {quoted(here)}"
        )
    if found != name:
        raise ModelError(
            f"{row.path}: 등록된 모델 '{name}' 이 아니라 '{found}' 입니다. 폴더를 되돌리거나, 지금 든 모델을 쓰려면 "
            f"'hyeoksin models add {quoted(row.path)}' 로 등록하세요."
        )
    register_shipped(store, by)
    before = store.active_model()
    changed = store.set_model_state(name, "active")
    if before is not None and before.id != name and _refused(before.report):
        store.set_model_state(before.id, "refused")  # forced once is not let in for good
    store.audit("model.use", by, subject=name, detail={"forced": force})
    return changed


def stopped_rounds(store: Store, row: ModelRow) -> list[str]:
    """Return the names of the open rounds that a model cannot judge, since it learnt another edition of their plan."""
    heads = load_model(row.folder).plans
    return [
        one.name
        for one in store.projects(closed=False)
        if one.plan in heads and heads[one.plan].sha256 != one.plan_sha
    ]


def roll_back(store: Store, by: str) -> ModelRow:
    """Make the model that answered before the present one answer again; one that the gate refused is passed over.

    For a shipped model that an upgrade took away, the installed one stands in.

    Raises:
        RefusedError: there was none before.
        ModelError: its folder is missing or damaged.
    """
    active = store.active_model()
    before = [row for row in store.models() if row.state == "retired" and not _refused(row.report)]
    if active is not None and active.shipped:
        before = [row for row in before if not row.shipped]
    if active is None or not before:
        raise RefusedError("되돌아갈 앞 모델이 없습니다. 'hyeoksin models list' 로 확인하세요.")
    last = max(before, key=lambda row: row.changed_at)
    return use(store, register_shipped(store, by).id if last.shipped else last.id, by)


def _first_state(report: Mapping[str, Any]) -> ModelState:
    return "refused" if _refused(report) else "candidate"


def _refused(report: Mapping[str, Any]) -> bool:
    return report.get("판정") == "거절"
