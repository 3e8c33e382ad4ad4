"""The audit itself: records in, one frozen :class:`Audit` out."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from hyeoksin import __version__
from hyeoksin.audit.counts import count, plan_nodes
from hyeoksin.audit.estimate import corrected
from hyeoksin.audit.findings import node_findings
from hyeoksin.audit.inputs import fingerprints, found
from hyeoksin.audit.methods import notes_on, paragraphs
from hyeoksin.audit.patterns import pattern_findings
from hyeoksin.audit.result import Audit, CutName, Manifest
from hyeoksin.audit.rows import node_rows, period_rows, text_rows
from hyeoksin.audit.table import Table, opened
from hyeoksin.audit.topics import topics
from hyeoksin.held_out import HeldOut, load_held_out
from hyeoksin.plan import load_plan
from hyeoksin.resources import resource

__all__ = ["audit"]

DEFAULT_CUTS: tuple[CutName, ...] = ("region", "year", "agency", "kind")
METHOD = "확률 보정 세기(혼합비를 먼저 맞춘 뒤)"
_LIBRARIES = ("duckdb", "numpy", "pandas", "scikit-learn", "scipy", "kiwipiepy")


def audit(
    path: Path,
    plan: str = "2019",
    by: Sequence[CutName] = DEFAULT_CUTS,
    model: Path | None = None,
    seed: int = 0,
    topic_texts: int = 4_000,
    memory: str = "2GB",
) -> Audit:
    """Audit an input against a plan.

    Args:
        path: batch output folder, records (Parquet, JSONL), or texts, which are classified first.
        plan: id or file of the plan.
        by: the cuts beside the whole.
        model: the model folder that raw texts are classified with, and whose held-out predictions correct the counts.
        seed: of everything random.
        topic_texts: off-plan and weakly placed texts that are clustered at most (0: none).
        memory: what DuckDB may use.

    Raises:
        InputError: nothing to read, or records that an audit cannot use.
        PlanError: the plan file has faults.
    """
    loaded = load_plan(plan)
    with found(path, plan, model) as records, opened(records, loaded, memory) as table:
        nodes = plan_nodes(loaded)
        cuts: list[CutName] = list(dict.fromkeys(("all", *by)))
        counted = [count(table, cut) for cut in cuts]
        times = count(table, "period")
        held = _held_out(table, model)
        shares = None if held is None else corrected(table, held, [cut for cut, _ in (*counted, times)])
        whole = counted[0][1][""]
        findings = (
            *node_findings(table, whole, shares),
            *pattern_findings(table, cuts, nodes, shares, seed),
        )
        themes = topics(table, cuts, seed, topic_texts)
        named = [i for finding in findings for i in finding.texts] + [
            i for topic in themes for i in topic.texts
        ]
        states = dict(table.rows("SELECT status, count(*) FROM records GROUP BY status"))
        return Audit(
            manifest=_manifest(path, table, tuple(by), seed, held),
            plan_title=loaded.title,
            plan_year=loaded.year,
            nodes=nodes,
            n_texts=table.n,
            n_settled=states.get("settled", 0),
            n_review=states.get("review", 0),
            n_off_plan=states.get("off_plan", 0),
            cuts=tuple(cut for cut, _ in counted),
            rows=tuple(row for one in counted for row in node_rows(one, nodes, loaded, shares)),
            periods=tuple(period_rows(times, nodes, loaded, shares)),
            findings=findings,
            topics=themes,
            texts=text_rows(table, named),
            method=METHOD if shares is not None else "",
            estimates=(),
            methods=paragraphs(held, shares),
            notes=notes_on(table, held, shares),
        )


def _held_out(table: Table, model: Path | None) -> HeldOut | None:
    """Return the held-out predictions of the model that made the records; None where they are not at hand."""
    folder = model if model is not None else resource("model")
    return load_held_out(folder, table.plan.id, table.plan.sha256, table.model)


def _manifest(path: Path, table: Table, by: tuple[CutName, ...], seed: int, held: HeldOut | None) -> Manifest:
    return Manifest(
        inputs=fingerprints(path),
        plan=table.plan.id,
        plan_sha256=table.plan.sha256,
        model=table.model,
        by=by,
        seed=seed,
        versions={"hyeoksin": __version__, "python": platform.python_version()}
        | {name: version(name) for name in _LIBRARIES},
        errors_from="" if held is None else held.origin,
        errors_sha256="" if held is None else held.sha256,
    )
