"""Classified records as one DuckDB table on disk: whatever the number of texts, memory stays bounded.

Extensions are neither installed nor loaded by themselves (the closed network of an office would wait for a download that
never comes); Parquet and JSON are built in.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hyeoksin.agency import LOCAL, load_agencies
from hyeoksin.codes import NONE
from hyeoksin.errors import InputError, MissingExtraError
from hyeoksin.gate import MARK
from hyeoksin.plan import Plan
from hyeoksin.privacy import masked
from hyeoksin.region import load_regions

__all__ = ["Records", "Table", "Theme", "opened"]

_ANSWER = {
    "status": "VARCHAR",
    "path": [{"code": "VARCHAR"}],
    "candidates": [{"code": "VARCHAR", "probability": "DOUBLE"}],
    "off_plan": "DOUBLE",
    "plan": "VARCHAR",
    "plan_sha": "VARCHAR",
}
_RECORD = {
    "id": "VARCHAR",
    "source": "VARCHAR",
    "agencies": [{"id": "VARCHAR", "name": "VARCHAR", "role": "VARCHAR"}],
    "regions": ["VARCHAR"],
    "region": "VARCHAR",
    "date": "VARCHAR",
    "model": "VARCHAR",
    "notes": ["VARCHAR"],
}
_MANY_KINDS = 30  # more files than that are no kinds of texts
_MANY_MONTHS = 48
_CHUNK = 100_000


@dataclass(frozen=True, slots=True)
class Records:
    """Where the records stand: ``files`` of one ``form`` (parquet with a ``record`` column, or jsonl of records).

    ``failed`` are the rows of raw texts that could not be read, as lines of ``failed.jsonl``; ``texts`` is where those stand;
    ``notes`` is what a reader should know of them.
    """

    files: tuple[Path, ...]
    form: str
    failed: tuple[str, ...] = ()
    texts: Path | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Theme:
    """A topic as a set of texts: how it is called, its rows, the nearest to its middle first, and why it is unsure, or nothing."""

    name: str
    rows: tuple[int, ...]
    caution: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """The table ``records``, one row a text, ``n`` of them, and the plan whose leaves are its columns ``p0`` ....

    ``answer`` is the likeliest leaf, or NONE where off-plan is at least 0.5. ``n_gated`` texts (column ``gated``) the first gate settled:
    their probabilities are its own, and nobody looked for their agencies. ``main`` is the plan that the records were made for.
    ``themes`` are the topics found among the texts, by what stands for a code ("주제 1").
    """

    connection: Any
    plan: Plan
    n: int
    model: str
    has_texts: bool
    n_gated: int = 0
    main: str = ""
    themes: Mapping[str, Theme] = field(default_factory=dict)

    @property
    def classes(self) -> tuple[str, ...]:
        """The codes of the leaves, then NONE."""
        return (*(leaf.code for leaf in self.plan.leaves), NONE)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        found: list[tuple[Any, ...]] = self.connection.execute(query, list(values)).fetchall()
        return found

    def said(self) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return the (n x (leaves + 1)) probabilities of all rows, and which rows the first gate settled."""
        parts = list(self.probabilities(["gated"]))
        return np.concatenate([chunk for chunk, _ in parts]), np.concatenate([gated for _, (gated,) in parts])

    def probabilities(self, extra: Sequence[str] = ()) -> Iterator[tuple[NDArray[np.float32], list[Any]]]:
        """Yield chunks in the order of the rows: (n x (leaves + 1)) probabilities, off-plan last, and the ``extra`` columns."""
        names = [f"p{i}" for i in range(len(self.plan.leaves))]
        columns = ", ".join([*names, "off", *extra])
        for start in range(0, self.n, _CHUNK):
            found = self.connection.execute(
                f"SELECT {columns} FROM records WHERE row >= ? AND row < ? ORDER BY row",  # noqa: S608 - own column names  # nosec B608
                [start, start + _CHUNK],
            ).fetchnumpy()
            yield (
                np.stack([np.asarray(found[name], dtype=np.float32) for name in (*names, "off")], axis=1),
                [found[name] for name in extra],
            )


@contextmanager
def opened(records: Records, plan: Plan, memory: str = "2GB") -> Iterator[Table]:
    """Give the table of the records, kept in a temporary folder.

    Raises:
        InputError: the records are damaged, or speak of another plan.
        MissingExtraError: duckdb is not installed.
    """
    try:
        import duckdb
    except ModuleNotFoundError as error:
        raise MissingExtraError("duckdb", "audit") from error
    with tempfile.TemporaryDirectory(prefix="hyeoksin-audit-") as folder:
        settings: dict[str, Any] = {
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "memory_limit": memory,
            "threads": "1",
            "temp_directory": folder,
        }
        connection = duckdb.connect(str(Path(folder) / "audit.duckdb"), config=settings)
        try:
            ((bar,),) = connection.execute("SELECT current_setting('enable_progress_bar')").fetchall()
            if bar:  # in a notebook without ipywidgets it is off, and saying so again is an error
                connection.execute("SET enable_progress_bar = false")
            yield _filled(connection, records, plan)
        except (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.IOException) as error:
            names = ", ".join(str(path) for path in records.files[:3])
            raise InputError(
                f"{names}: 분류 결과로 읽을 수 없습니다 ({_short(error)}). hyeoksin batch 나 classify 로 다시 만드세요."
            ) from error
        finally:
            connection.close()


def _filled(connection: Any, records: Records, plan: Plan) -> Table:
    files = [_exact(path) for path in records.files]
    has_texts = records.form == "parquet"
    if records.form == "parquet":
        _check_columns(connection, files, records.files[0])
        read = (
            "SELECT filename, file_row_number AS place, record, \"제목\" AS title, \"내용\" AS body "
            "FROM read_parquet(?, filename = true, file_row_number = true)"
        )  # fmt: skip
    else:
        read = (
            "SELECT filename, row_number() OVER () AS place, column0 AS record, NULL::VARCHAR AS title, NULL::VARCHAR AS body "
            "FROM read_csv(?, columns = {'column0': 'VARCHAR'}, delim = '\\x01', quote = '', escape = '', header = false, "
            "auto_detect = false, filename = true, max_line_size = 100000000) WHERE trim(column0) <> ''"
        )
    connection.execute(f"CREATE VIEW texts AS {read.replace('?', _literal(files))}")
    own, other = json.dumps(_RECORD | _ANSWER), json.dumps(_ANSWER)
    leaves = [leaf.code for leaf in plan.leaves]
    columns = ", ".join(f"coalesce(m[{_quoted(code)}], 0)::FLOAT AS p{i}" for i, code in enumerate(leaves))
    sidos = ", ".join(
        _quoted(name) for r in load_regions().all if r.level == "sido" for name in (r.name, *r.aliases)
    )
    connection.execute(
        f"""
        CREATE TABLE records AS
        WITH parsed AS (
            SELECT filename, place, json_transform(record, {_quoted(own)}) AS r,
                   json_transform(record->'others'->{_quoted(plan.id)}, {_quoted(other)}) AS o
            FROM texts
        ), chosen AS (
            SELECT filename, place, r, CASE WHEN r.plan = {_quoted(plan.id)} THEN
                {{'status': r.status, 'path': r.path, 'candidates': r.candidates, 'off_plan': r.off_plan, 'plan': r.plan,
                  'plan_sha': r.plan_sha}} ELSE o END AS a
            FROM parsed
        ), mapped AS (
            SELECT *, map_from_entries(list_transform(a.candidates, lambda c: (c.code, c.probability))) AS m,
                   coalesce(r.region, r.regions[1]) AS filed, split_part(filed, ' ', 1) AS sido FROM chosen
        )
        SELECT (row_number() OVER (ORDER BY filename, place)) - 1 AS row, filename, place,
            r.id AS id, r.source AS source, {_kind("r.source")} AS kind, {_folder("r.source")} AS folder,
            r.date AS date, CASE WHEN r.date ~ '^[0-9]{{4}}-' THEN r.date[:4] END AS year,
            a.status AS status, a.off_plan AS off, a.plan AS plan, a.plan_sha AS plan_sha, r.plan AS main, r.model AS model,
            a.candidates[1].code AS best, a.candidates[1].probability AS best_p,
            a.candidates[2].code AS second, a.candidates[2].probability AS second_p,
            CASE WHEN a.off_plan >= 0.5 THEN '{NONE}' ELSE a.candidates[1].code END AS answer,
            a.path[-1].code AS ending,
            CASE WHEN sido IN ({sidos}) THEN sido ELSE filed END AS region,
            CASE WHEN sido IN ({sidos}) AND sido <> filed THEN filed END AS district,
            list_filter(r.agencies, lambda g: g.role = 'lead')[1].name AS agency,
            list_filter(r.agencies, lambda g: g.role = 'lead')[1].id AS agency_id,
            coalesce(list_bool_or(list_transform(r.notes, lambda note: starts_with(note, {_quoted(MARK)}))), false) AS gated,
            {columns}
        FROM mapped
        """  # noqa: S608 - codes are quoted, the rest is ours  # nosec B608
    )
    connection.execute("UPDATE records SET region = NULL WHERE region = ''")
    local = load_agencies().by_id[LOCAL].name  # one agency: which one it is stands in the region
    connection.execute("UPDATE records SET agency = ? WHERE agency_id = ?", [local, LOCAL])
    n, n_gated, model, sha, main = connection.execute(
        "SELECT count(*), count(*) FILTER (gated), string_agg(DISTINCT model, ', ' ORDER BY model), "
        "string_agg(DISTINCT plan_sha, ', '), coalesce(mode(main), '') FROM records"
    ).fetchone()
    if not n:
        raise InputError(f"{records.files[0]}: 분류한 글이 한 건도 없습니다. 입력을 확인하세요.")
    _check_answers(connection, plan, main)
    _check(sha, plan)
    _name_kinds(connection)
    _mask(connection, "kind")
    _mask(connection, "region")  # a cell that is no place that we know stands as it is
    _name_periods(connection)
    return Table(connection, plan, n, model, has_texts, n_gated, main)


def _check_columns(connection: Any, files: Sequence[str], first: Path) -> None:
    found = connection.execute("SELECT DISTINCT name FROM parquet_schema(?)", [list(files)]).fetchall()
    missing = {"record", "제목", "내용"} - {name for (name,) in found}
    if missing:
        raise InputError(
            f"{first}: 분류 결과의 열 {', '.join(sorted(missing))} 이 없습니다. hyeoksin batch 나 classify 의 Parquet를 주세요."
        )


def _check_answers(connection: Any, plan: Plan, main: str) -> None:
    """Refuse records that lack an answer for the plan, and say what would have one."""
    missing, n_gated = connection.execute(
        "SELECT count(*), count(*) FILTER (gated) FROM records WHERE plan IS NULL OR off IS NULL OR best IS NULL"
    ).fetchone()
    if not missing:
        return
    again = f"--plan {plan.id} 로 다시 분류하세요."
    if n_gated:
        again = f"hyeoksin batch --gate off 로 다시 분류하세요(그 가운데 1차 거르기가 넘긴 글 {n_gated:,}건은 다른 계획을 보지 않았습니다)."
    if main not in ("", plan.id):
        again = f"계획 {main} 로 분류한 결과이니 --plan {main} 로 감사하거나, {again}"
    raise InputError(f"글 {missing:,}건에 계획 {plan.id} 의 판정이 없습니다. {again}")


def _check(sha: str, plan: Plan) -> None:
    if sha != plan.sha256[:8]:
        raise InputError(
            f"계획 {plan.id} 의 다른 판({sha})으로 분류한 결과입니다 (지금 {plan.sha256[:8]}). 다시 분류하세요."
        )


def _name_kinds(connection: Any) -> None:
    """Let the kind of a text be its file; where there are many files, their folder."""
    (n_kinds,) = connection.execute("SELECT count(DISTINCT kind) FROM records").fetchone()
    if n_kinds > _MANY_KINDS:
        connection.execute("UPDATE records SET kind = folder")
    connection.execute("UPDATE records SET kind = NULL WHERE kind = ''")


def _mask(connection: Any, column: str) -> None:
    """Mask personal data in the values of a column."""
    query = f"SELECT DISTINCT {column} FROM records WHERE {column} IS NOT NULL"  # noqa: S608 - own column names  # nosec B608
    for (value,) in connection.execute(query).fetchall():
        if (hidden := masked(value)) != value:
            connection.execute(
                f"UPDATE records SET {column} = ? WHERE {column} = ?",  # noqa: S608 - own column names  # nosec B608
                [hidden, value],
            )


def _name_periods(connection: Any) -> None:
    """Add the column ``period``: months where they are few, else quarters, else years."""
    (n_months,) = connection.execute(
        "SELECT count(DISTINCT date[:7]) FROM records WHERE year IS NOT NULL"
    ).fetchone()
    quarter = "year || '-Q' || ((date[6:7]::INTEGER + 2) // 3)"
    period = "date[:7]" if n_months <= _MANY_MONTHS else quarter if n_months <= 3 * _MANY_MONTHS else "year"
    connection.execute("ALTER TABLE records ADD COLUMN period VARCHAR")
    connection.execute(f"UPDATE records SET period = {period} WHERE year IS NOT NULL")  # noqa: S608 - one of three  # nosec B608


def _kind(source: str) -> str:
    file = f"regexp_extract({source}, '([^/]*?)(#(sheet|page|table|row|form)=.*)?$', 1)"  # as readers write places
    return f"regexp_replace({file}, '[.][A-Za-z0-9]+$', '')"


def _folder(source: str) -> str:
    return f"regexp_extract({source}, '^(.*)/[^/]*$', 1)"


def _exact(path: Path) -> str:
    """Return the pattern that fits this path alone: DuckDB takes every name for a pattern."""
    return re.sub(r"([\[*?])", r"[\1]", str(path))


def _literal(files: Sequence[str]) -> str:
    return "[" + ", ".join(map(_quoted, files)) + "]"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _short(error: Exception) -> str:
    return re.sub(r"\s+", " ", str(error))[:200]
