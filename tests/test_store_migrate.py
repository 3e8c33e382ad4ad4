"""Migrations: an older file comes up to date with its data, and both ways to make the tables agree."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection, Engine

import hyeoksin.store
from hyeoksin.errors import NotStoredError, RefusedError, StoreDamagedError, StoreError, StoreUnavailableError
from hyeoksin.store import open_store, restore
from hyeoksin.store.engine import address, engine
from hyeoksin.store.migrate import HEAD, REVISIONS, current, migrate
from hyeoksin.store.portable import dump
from hyeoksin.store.schema import metadata
from stores import ENGINES, PLAN, address_on, document, opened, record

OLD = Path(__file__).parent / "data" / "store_0001.sql"


@contextmanager
def raw(url: str) -> Iterator[Engine]:
    made = engine(address(url), create=True).execution_options(write=True)
    yield made
    made.dispose()


def older(url: str) -> None:
    """Make a store as the first revision made it, with rows of that time."""
    with raw(url) as made, made.begin() as connection:
        migrate(connection, "0001")
        for statement in OLD.read_text(encoding="utf-8").split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement)
        if connection.dialect.name == "postgresql":  # numbers given by hand do not move the counters
            for table in ("projects", "items", "decisions"):
                connection.exec_driver_sql(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))")  # noqa: S608


def test_revisions_are_those_of_the_folder() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(hyeoksin.store.__file__).parent / "migrations"))
    script = ScriptDirectory.from_config(config)
    assert tuple(reversed([step.revision for step in script.walk_revisions()])) == REVISIONS
    assert script.get_heads() == [HEAD]


@pytest.mark.parametrize("kind", ENGINES)
def test_migrations_make_the_tables_of_the_schema(kind: str, tmp_path: Path) -> None:
    with opened(kind, tmp_path) as store, store._engine.connect() as connection:
        options = {
            "compare_type": True,
            "include_name": lambda name, what, _: not str(name).startswith("search"),
        }
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize("kind", ENGINES)
def test_an_older_store_is_brought_up_to_date_with_its_data(kind: str, tmp_path: Path) -> None:
    with address_on(kind, tmp_path) as url:
        older(url)
        with raw(url) as made, made.connect() as connection:
            assert current(connection) == "0001"
        with open_store(url) as store:
            (project,) = store.projects()
            assert (project.name, project.plan_sha) == ("2026 상반기", store.plan(project.id).sha256)
            first, second = store.items(project.id, order="id")
            assert (first.document.title, first.standing, first.answer) == ("이동 진료", "decided", "1-1")
            assert first.decision is not None
            assert (first.decision.note, second.standing) == ("옛 결정", "open")
            assert store.verify().sound
            assert store.verify().rows == 2
            assert len(store.unindexed()) == 2
            store.index((item.id, [item.document.title]) for item in store.unindexed())
            assert store.search(project.id, ["이동 진료"])[0].item.id == first.id
            store.decide([second.id], "none", by="lee", expected_version=1)
            assert store.verify().rows == 3
            with pytest.raises(StoreError, match="바꾸거나 지울 수 없습니다"), store._write() as connection:
                connection.execute(sa.text("UPDATE decisions SET note = 'x'"))


def interrupted(connection: Connection) -> None:
    migrate(connection)
    raise KeyboardInterrupt


@pytest.mark.parametrize("kind", ENGINES)
def test_a_migration_that_fails_leaves_the_older_store_as_it_was(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with address_on(kind, tmp_path) as url:
        older(url)
        with raw(url) as made:
            with pytest.raises(KeyboardInterrupt), made.begin() as connection:
                interrupted(connection)
            with made.connect() as connection:
                assert current(connection) == "0001"
                columns = {c["name"] for c in sa.inspect(connection).get_columns("items")}
        assert "indexed" not in columns
        with open_store(url) as store:
            assert store.verify().rows == 2


def test_an_older_backup_goes_where_no_tables_are(tmp_path: Path) -> None:
    backup, empty = tmp_path / "옛판.jsonl", tmp_path / "빈것.db"
    older(str(tmp_path / "옛.db"))
    with raw(str(tmp_path / "옛.db")) as made, made.connect() as connection:
        dump(connection, backup, packed=False)
    open_store(empty).close()
    with pytest.raises(RefusedError, match=rf"다른 판의 표\({HEAD}\).*아직 없는 파일"):
        restore(backup, empty)
    assert restore(backup, tmp_path / "새.db").sound


@pytest.mark.parametrize("kind", ENGINES)
def test_a_store_of_a_newer_version_is_refused(kind: str, tmp_path: Path) -> None:
    with address_on(kind, tmp_path) as url:
        open_store(url).close()
        with raw(url) as made, made.begin() as connection:
            connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(StoreDamagedError, match="더 새 판의 hyeoksin"):
            open_store(url)


def test_what_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.db").write_text("이것은 편지입니다. " * 200, encoding="utf-8")
    with pytest.raises(StoreDamagedError, match="저장소 파일이 아니거나"):
        open_store(tmp_path / "letter.db")
    with raw(str(tmp_path / "other.db")) as made, made.begin() as connection:
        connection.execute(sa.text("CREATE TABLE cats (name TEXT)"))
    with pytest.raises(StoreDamagedError, match="다른 프로그램"):
        open_store(tmp_path / "other.db")
    with pytest.raises(NotStoredError, match="저장소가 없습니다"):
        open_store(tmp_path / "none.db", create=False)
    with pytest.raises(NotStoredError, match="폴더가 없습니다"):
        open_store(tmp_path / "none" / "store.db")
    with pytest.raises(StoreError, match="'mysql' 저장소"):
        open_store("mysql://a@b/c")
    with pytest.raises(StoreUnavailableError, match="답하지 않습니다"):
        open_store("postgresql://127.0.0.1:1/test")


@pytest.mark.parametrize("kind", ENGINES)
def test_an_empty_database_gets_tables_only_from_who_may_make_a_store(kind: str, tmp_path: Path) -> None:
    with address_on(kind, tmp_path) as url, raw(url) as made:
        with made.connect():
            pass  # an empty file
        with pytest.raises(NotStoredError, match="저장소가 없습니다"):
            open_store(url, create=False)
        assert sa.inspect(made).get_table_names() == []
        open_store(url).close()
        open_store(url, create=False).close()


def test_a_store_that_is_up_to_date_opens_without_alembic(tmp_path: Path) -> None:
    import subprocess
    import sys

    open_store(tmp_path / "store.db").close()
    code = (
        "import sys; from hyeoksin.store import open_store; "
        f"open_store({str(tmp_path / 'store.db')!r}); sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_two_openers_of_an_empty_store_make_it_once(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    for kind in ENGINES:
        with address_on(kind, tmp_path) as url, ThreadPoolExecutor(4) as pool:
            stores = list(pool.map(open_store, [url] * 4))
            project = stores[0].create_project("1", PLAN, "kim")
            assert stores[3].add_items(project.id, [(document(1), record())]) == 1
            for store in stores:
                store.close()
