"""The audit itself: records in, one frozen :class:`Audit` out."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from hyeoksin import __version__
from hyeoksin.audit.counts import Cell, count, plan_nodes
from hyeoksin.audit.inputs import fingerprints, found
from hyeoksin.audit.result import NONE, Audit, Cut, CutName, Manifest, NodeRow, PlanNode
from hyeoksin.audit.table import Table, opened
from hyeoksin.plan import load_plan

__all__ = ["audit"]

DEFAULT_CUTS: tuple[CutName, ...] = ("region", "year", "agency", "kind")
_LIBRARIES = ("duckdb", "numpy", "scikit-learn", "scipy", "kiwipiepy")


def audit(
    path: Path,
    plan: str = "2019",
    by: Sequence[CutName] = DEFAULT_CUTS,
    model: Path | None = None,
    seed: int = 0,
    memory: str = "2GB",
) -> Audit:
    """Audit an input against a plan.

    Args:
        path: batch output folder, records (Parquet, JSONL), or texts, which are classified first.
        plan: id or file of the plan.
        by: the cuts beside the whole.
        model: the model folder that raw texts are classified with.
        seed: of everything random.
        memory: what DuckDB may use.

    Raises:
        InputError: nothing to read, or records that an audit cannot use.
        PlanError: the plan file has faults.
    """
    loaded = load_plan(plan)
    with found(path, plan, model) as records, opened(records, loaded, memory) as table:
        nodes = plan_nodes(loaded)
        counted = [count(table, cut) for cut in dict.fromkeys(("all", *by))]
        states = dict(table.rows("SELECT status, count(*) FROM records GROUP BY status"))
        return Audit(
            manifest=_manifest(path, table, tuple(by), seed),
            plan_title=loaded.title,
            plan_year=loaded.year,
            nodes=nodes,
            n_texts=table.n,
            n_settled=states.get("settled", 0),
            n_review=states.get("review", 0),
            n_off_plan=states.get("off_plan", 0),
            cuts=tuple(cut for cut, _ in counted),
            rows=tuple(row for cut, cells in counted for row in _rows(cut, cells, nodes)),
            periods=(),
            findings=(),
            topics=(),
            texts=(),
            method="",
            estimates=(),
            methods=(),
        )


def _rows(cut: Cut, cells: Mapping[str, Cell], nodes: Sequence[PlanNode]) -> Iterator[NodeRow]:
    shown = [(node.code, node.title, node.level) for node in nodes] + [(NONE, "계획 밖", "off_plan")]
    for value, cell in cells.items():
        for code, title, level in shown:
            yield NodeRow(
                cut=cut.name,
                value=value,
                code=code,
                title=title,
                level=level,
                texts=cell.texts,
                counted=cell.counted[code],
                settled=cell.settled[code],
                share=cell.counted[code] / cell.texts,
                estimate=None,
            )


def _manifest(path: Path, table: Table, by: tuple[CutName, ...], seed: int) -> Manifest:
    return Manifest(
        inputs=fingerprints(path),
        plan=table.plan.id,
        plan_sha256=table.plan.sha256,
        model=table.model,
        by=by,
        seed=seed,
        versions={"hyeoksin": __version__, "python": platform.python_version()}
        | {name: version(name) for name in _LIBRARIES},
        errors_from="",
        errors_sha256="",
    )
