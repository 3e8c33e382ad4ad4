"""Versions of the model: registered with their reports, one of them answering, each of them to be gone back to."""

from __future__ import annotations

from pathlib import Path

from hyeoksin.errors import ModelError, RefusedError
from hyeoksin.lessons.learn import Learned
from hyeoksin.model import Model, check_folder, load_model, save_model
from hyeoksin.resources import resource
from hyeoksin.store import SHIPPED, ModelRow, ModelState, Store

__all__ = [
    "active_path",
    "add_version",
    "follow_shipped",
    "register",
    "register_shipped",
    "roll_back",
    "root_of",
    "use",
]


def active_path(store: Store) -> Path:
    """Return the folder of the model that answers (the shipped one where none was made active)."""
    row = store.active_model()
    return resource("model") if row is None else row.folder


def root_of(store: Store) -> tuple[Path, ModelRow | None]:
    """Return the folder of the model below all lessons of the one that answers, and that one's row if it has lessons."""
    row = store.active_model()
    if row is None or "figures" not in row.report:
        return active_path(store), None
    here = row
    while "figures" in here.report:
        here = store.model(here.report["figures"]["base"])
    return here.folder, row


def register(store: Store, folder: Path, by: str) -> ModelRow:
    """Register a model folder as a candidate; it is read first, so a damaged one never gets there.

    Raises:
        ModelError: the folder is missing or damaged.
        RefusedError: it is registered already.
    """
    row = store.add_model(load_model(folder).id, str(folder.resolve()), by)
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
    state = "candidate" if learned.report.judgement.accepted else "refused"
    return model, store.add_model(model.id, str(folder.resolve()), by, report=report, state=state)  # type: ignore[arg-type]


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
            f"hyeoksin models use {here}"
        )
    if found != name:
        raise ModelError(
            f"{row.path}: 등록된 모델 '{name}' 이 아니라 '{found}' 입니다. 폴더를 되돌리거나, 지금 든 모델을 쓰려면 "
            f"'hyeoksin models add {row.path}' 로 등록하세요."
        )
    register_shipped(store, by)
    before = store.active_model()
    changed = store.set_model_state(name, "active")
    if before is not None and before.id != name and _was_refused(before):
        store.set_model_state(before.id, "refused")  # forced once is not let in for good
    store.audit("model.use", by, subject=name, detail={"forced": force})
    return changed


def roll_back(store: Store, by: str) -> ModelRow:
    """Make the model that answered before the present one answer again; one that the gate refused is passed over.

    For a shipped model that an upgrade took away, the installed one stands in.

    Raises:
        RefusedError: there was none before.
        ModelError: its folder is missing or damaged.
    """
    active = store.active_model()
    before = [row for row in store.models() if row.state == "retired" and not _was_refused(row)]
    if active is not None and active.shipped:
        before = [row for row in before if not row.shipped]
    if active is None or not before:
        raise RefusedError("되돌아갈 앞 모델이 없습니다. 'hyeoksin models list' 로 확인하세요.")
    last = max(before, key=lambda row: row.changed_at)
    return use(store, register_shipped(store, by).id if last.shipped else last.id, by)


def _was_refused(row: ModelRow) -> bool:
    return row.report.get("판정") == "거절"
