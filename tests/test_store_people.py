"""Accounts, sessions, counters, keys, the audit log, models and jobs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from hyeoksin.errors import NotStoredError, RefusedError, StoreError
from hyeoksin.store import Store
from hyeoksin.store.work import later
from stores import ENGINES, opened, round_of


@pytest.fixture(params=ENGINES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with opened(request.param, tmp_path) as made:
        yield made


def test_accounts(store: Store) -> None:
    admin = store.add_user("admin", "admin", "hash-1", must_change=False)
    kim = store.add_user("kim", "officer", "hash-2", display="김 주무관")
    assert store.users() == [admin, kim]
    assert (kim.must_change, kim.active, kim.last_login) == (True, True, None)
    assert "hash" not in repr(kim)
    with pytest.raises(RefusedError, match="이미 있습니다"):
        store.add_user("kim", "viewer", "x")
    with pytest.raises(RefusedError, match="모르는 역할"):
        store.add_user("lee", "king", "x")  # type: ignore[arg-type]
    for name in ("", "-", "*", " park ", "기획과/홍길동", "api:보고 시스템", "가" * 65):
        with pytest.raises(RefusedError, match="아이디는 글자"):
            store.add_user(name, "viewer", "x")
    with pytest.raises(NotStoredError, match="사용자 'lee'"):
        store.user("lee")
    changed = store.change_user("kim", role="reviewer", secret="hash-3", must_change=False)
    assert (changed.role, changed.secret, changed.display) == ("reviewer", "hash-3", "김 주무관")
    for change in ({"role": "viewer"}, {"active": False}):
        with pytest.raises(RefusedError, match="마지막 관리자"):
            store.change_user("admin", **change)  # type: ignore[arg-type]
    assert store.user("admin") == admin
    store.logged_in("kim")
    assert store.user("kim").last_login is not None


def test_sessions_end(store: Store) -> None:
    store.add_user("kim", "officer", "hash")
    opened_at = store.add_session("token-1", "kim", seconds=60, data={"csrf": "a"})
    assert store.session("token-1") == opened_at
    longer = store.session("token-1", seconds=600)
    assert longer is not None
    assert longer.expires_at > opened_at.expires_at
    store.add_session("token-2", "kim", seconds=-1)
    assert store.session("token-2") is None
    assert store.session("unknown") is None
    store.end_session("token-1")
    store.end_session("token-1")
    assert store.session("token-1") is None
    for change in ({"secret": "new"}, {"role": "viewer"}, {"active": False}):
        store.change_user("kim", active=True)
        store.add_session("token-3", "kim", seconds=60)
        store.change_user("kim", **change)  # type: ignore[arg-type]
        assert store.session("token-3") is None, change
    with pytest.raises(NotStoredError):
        store.add_session("token-4", "nobody", seconds=60)


def test_failures_count_and_are_forgotten(store: Store) -> None:
    assert store.failures("kim") is None
    assert [store.failed("kim", within=60).count for _ in range(3)] == [1, 2, 3]
    assert store.failed("lee", within=60).count == 1
    assert store.failed("kim", within=-1).count == 1  # the time is over
    assert store.failures("lee") is None  # for all of them
    store.clear_failures("kim")
    assert store.failures("kim") is None


def test_api_keys_work_until_they_are_revoked(store: Store) -> None:
    key = store.add_api_key("포털", "viewer", "hash", "admin")
    assert store.api_key("hash") == key
    store.used_api_key(key.id)
    store.revoke_api_key(key.id)
    assert store.api_key("hash") is None
    (kept,) = store.api_keys()
    assert kept.used_at is not None
    assert kept.revoked_at is not None
    with pytest.raises(NotStoredError):
        store.revoke_api_key(99)
    with pytest.raises(StoreError):
        store.add_api_key("또", "viewer", "hash", "admin")


def test_the_audit_log_only_grows(store: Store) -> None:
    rows = [
        store.audit(event, "kim", subject="1", detail={"n": i})
        for i, event in enumerate(["login", "export", "login"])
    ]
    assert store.audit_log() == rows[::-1]
    assert store.audit_log(event="login", limit=1) == [rows[2]]
    assert store.audit_log(before=rows[2].id, by="kim") == rows[1::-1]
    for statement in ("UPDATE audit_log SET event = 'x'", "DELETE FROM audit_log"):
        with pytest.raises(StoreError, match="바꾸거나 지울 수 없습니다"), store._write() as connection:
            connection.execute(sa.text(statement))
    assert store.audit_log() == rows[::-1]


def test_one_model_is_active_and_roll_back_is_one_call(store: Store) -> None:
    assert store.active_model() is None
    store.add_model("m@1", "models/1", "kim", state="active")
    store.add_model("m@2", "models/2", "kim", report={"kappa": 0.7})
    store.set_model_state("m@2", "active")
    assert {model.id: model.state for model in store.models()} == {"m@1": "retired", "m@2": "active"}
    store.set_model_state("m@1", "active", report={"why": "되돌림"})
    active = store.active_model()
    assert active is not None
    assert (active.id, active.report) == ("m@1", {"why": "되돌림"})
    with pytest.raises(RefusedError, match="이미 등록"):
        store.add_model("m@1", "x", "kim")
    with pytest.raises(NotStoredError):
        store.set_model_state("m@9", "active")


def test_jobs_are_taken_once_and_again_when_their_worker_died(store: Store) -> None:
    project = round_of(store)
    first = store.add_job("upload", "kim", project=project.id, total=10, payload={"file": "a.xlsx"})
    second = store.add_job("upload", "kim")
    store.add_job("other", "kim")
    taken = store.claim_job(["upload"])
    assert taken is not None
    assert (taken.id, taken.state, taken.attempts) == (first.id, "running", 1)
    store.progress_job(first.id, 3, message="분류하는 중")
    assert (store.job(first.id).done, store.job(first.id).total) == (3, 10)
    other = store.claim_job(["upload"])
    assert other is not None
    assert other.id == second.id
    assert store.claim_job(["upload"]) is None
    again = store.claim_job(["upload"], silent=-1)
    assert again is not None
    assert (again.id, again.attempts) == (first.id, 2)
    late = store.finish_job(first.id, failed=True, attempt=1)  # by the worker that was taken for dead
    assert (late.state, late.attempts) == ("running", 2)
    assert store.return_job(first.id, 1).state == "running"
    assert (store.return_job(first.id, 2).state, store.job(first.id).attempts) == ("waiting", 1)
    done = store.finish_job(first.id, result={"new": 3})
    assert store.finish_job(first.id, failed=True) == done
    failed = store.finish_job(second.id, failed=True, message="깨진 파일")
    assert (done.state, done.result, failed.state) == ("done", {"new": 3}, "failed")
    assert store.claim_job(["upload"], silent=-1) is None
    assert [job.id for job in store.jobs(project.id)] == [first.id]
    assert [job.kind for job in store.jobs(state="waiting")] == ["other"]
    with pytest.raises(NotStoredError):
        store.job(99)


def test_a_clock_that_is_set_back_holds_up_no_work(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    project = round_of(store, 2)
    job = store.add_job("upload", "kim")
    with monkeypatch.context() as early:
        early.setattr("hyeoksin.store.register.now", lambda: later(9 * 3_600))
        early.setattr("hyeoksin.store.work.later", lambda seconds: later(9 * 3_600 + seconds))
        assert store.claim_job(["upload"]) is not None
        held = store.claim_next(project.id, "kim")
    again, lent = store.claim_job(["upload"]), store.claim_next(project.id, "lee")
    assert again is not None
    assert (again.id, again.attempts) == (job.id, 2)
    assert store.claim_job(["upload"]) is None
    assert lent is not None
    assert held is not None
    assert lent.id == held.id
