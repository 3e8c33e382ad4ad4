"""The audit itself: records in, one frozen :class:`Audit` out."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from hyeoksin import __version__
from hyeoksin.audit.coded import audited, input_hash
from hyeoksin.audit.counts import count, plan_nodes
from hyeoksin.audit.estimate import below, corrected
from hyeoksin.audit.findings import node_findings
from hyeoksin.audit.inputs import asked_plan, fingerprints, found, refuse_inside
from hyeoksin.audit.methods import method, notes_on, other_plan, paragraphs, unread
from hyeoksin.audit.patterns import pattern_findings
from hyeoksin.audit.prevalence import calibrate
from hyeoksin.audit.result import Audit, CutName, Manifest
from hyeoksin.audit.rows import node_rows, other_estimates, period_rows, sample_texts, text_rows
from hyeoksin.audit.sample import allocate, draw, sample_size, strata
from hyeoksin.audit.sheet import About, SampleText, write_sheet
from hyeoksin.audit.table import Table, opened
from hyeoksin.audit.topics import topics
from hyeoksin.domain import Document
from hyeoksin.errors import InputError
from hyeoksin.held_out import HeldOut, load_held_out
from hyeoksin.plan import load_plan
from hyeoksin.readers import Columns, read_told
from hyeoksin.readers.notes import log
from hyeoksin.resources import resource
from hyeoksin.sinks import KEPT

__all__ = ["audit", "draw_sample"]

DEFAULT_CUTS: tuple[CutName, ...] = ("region", "year", "agency", "kind")
_LIBRARIES = ("duckdb", "numpy", "pandas", "scikit-learn", "scipy", "kiwipiepy")


def audit(
    path: Path,
    plan: str | None = None,
    by: Sequence[CutName] = DEFAULT_CUTS,
    model: Path | None = None,
    seed: int = 0,
    topic_texts: int = 4_000,
    coded: Path | None = None,
    memory: str = "2GB",
) -> Audit:
    """Audit an input against a plan.

    Args:
        path: batch output folder, records (Parquet, JSONL), a store (its recommendations), or texts, which are classified first.
        plan: id or file of the plan; by default that of the records, and 2019 for texts and a store.
        by: the cuts beside the whole.
        model: the model folder that raw texts are classified with, and whose held-out predictions correct the counts.
        seed: of everything random.
        topic_texts: off-plan and weakly placed texts that are clustered at most (0: none).
        coded: the coded sample of this input (``draw_sample``); its coders' word then stands over the classifier's.
        memory: what DuckDB may use.

    Raises:
        InputError: nothing to read, or records that an audit cannot use.
        PlanError: the plan file has faults.
    """
    if coded is not None:
        refuse_inside(path, coded)
    plan = plan or asked_plan(path)
    loaded = load_plan(plan)
    with found(path, plan, model) as records, opened(records, loaded, memory) as table:
        nodes = plan_nodes(loaded)
        cuts = _cuts(table, by)
        counted = [count(table, cut) for cut in cuts]
        times = count(table, "period")
        held = _held_out(table, model)
        sample = None if coded is None else audited(coded, table, seed)
        cells = [cut for cut, _ in (*counted, times)]
        shares = corrected(table, held, cells, sample)
        whole = counted[0][1][""]
        told, themes, unsought = topics(table, cuts, seed, topic_texts)
        findings = (
            *node_findings(table, whole, shares),
            *pattern_findings(replace(table, themes=themes), cuts, nodes, shares, seed),
        )
        named = [i for f in findings for i in f.texts] + [i for topic in told for i in topic.texts]
        states = dict(table.rows("SELECT status, count(*) FROM records GROUP BY status"))
        return Audit(
            manifest=_manifest(fingerprints(path), table, tuple(by), seed, held),
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
            topics=told,
            topics_unsought=unsought,
            texts=text_rows(table, named),
            method=method(held, shares, sample),
            estimates=()
            if held is None
            else other_estimates(whole, nodes, loaded, shares, coded is not None),
            methods=paragraphs(held, shares, sample),
            sample=None if sample is None else sample.result,
            notes=(
                *unread(records),
                *other_plan(table),
                *notes_on(table, held, shares, by, sample),
            ),
            failed=tuple(json.loads(line) for line in records.failed),
        )


def draw_sample(
    path: Path,
    output: Path,
    plan: str | None = None,
    margin: float = 0.03,
    coders: int = 1,
    model: Path | None = None,
    seed: int = 0,
    texts: Path | None = None,
) -> int:
    """Draw the texts that people must code for intervals of at most +-``margin``, write the sheet, return how many there are.

    ``texts`` are the texts that were classified: results keep their beginnings only. The interval is that of every strategy's share and of what is outside the plan, over all texts.

    Raises:
        InputError: as :func:`audit`, or the input holds no texts to code.
    """
    refuse_inside(path, output)
    plan = plan or asked_plan(path)
    loaded = load_plan(plan)
    with found(path, plan, model) as records, opened(records, loaded) as table:
        if not table.has_texts:
            raise InputError(
                f"{path.name}: 제목과 내용이 없는 결과(JSONL)입니다. hyeoksin batch 의 결과 폴더나 결과.parquet 를 주세요."
            )
        for note in (*unread(records), *other_plan(table)):
            log.info(note)
        held = _held_out(table, model)
        said, gated = table.said()
        known = said.astype(np.float64) if held is None else calibrate(held)(said.astype(np.float64), gated)
        groups = [below(loaded, node.code) for node in loaded.branches(None)] + [[len(loaded.leaves)]]
        layers = strata(known)
        rows = draw(layers, allocate(layers, sample_size(layers, groups, margin)), seed)
        about = About(
            loaded.id,
            loaded.sha256,
            table.model,
            table.n,
            input_hash(table),
            margin,
            seed,
            coders,
            tuple(layers.sizes.tolist()),
        )
        known_texts = {one.row: one for one in sample_texts(table, rows, layers.place)}
        some = [known_texts[row] for row in rows.tolist()]
        write_sheet(output, loaded, about, _whole(some, texts or records.texts))
        return len(rows)


def _cuts(table: Table, by: Sequence[CutName]) -> list[CutName]:
    """Return the cuts, the whole first; what the gate settled has no agency, and shares of the others alone mislead."""
    return [cut for cut in dict.fromkeys(("all", *by)) if cut != "agency" or not table.n_gated]


def _whole(some: Sequence[SampleText], source: Path | None) -> list[SampleText]:
    """Return the drawn texts with those of ``source`` in place of their beginnings; say so where some stay cut."""
    items = () if source is None else read_told(source, Columns())
    known: dict[str, list[str]] = {}
    for item in items:
        if isinstance(item, Document):
            known.setdefault(item.id, []).append(item.text)
    found = [
        replace(one, text=next((t for t in known.get(one.id, ()) if t.startswith(one.text)), one.text))
        for one in some
    ]
    n_cut = sum(len(one.text) == KEPT for one in found)
    if n_cut:
        log.info(
            "글 %d건은 앞 %d자까지만 적었습니다. 분류할 때 넣은 파일을 --texts 로 주면 다 적습니다.",
            n_cut,
            KEPT,
        )
    return found


def _held_out(table: Table, model: Path | None) -> HeldOut | None:
    """Return the held-out predictions of the model that made the records; None where they are not at hand."""
    folders = [resource("model"), resource("second")] if model is None else [model]
    found = (load_held_out(one, table.plan.id, table.plan.sha256, table.model) for one in folders)
    return next((held for held in found if held is not None), None)


def _manifest(
    inputs: tuple[Mapping[str, Any], ...],
    table: Table,
    by: tuple[CutName, ...],
    seed: int,
    held: HeldOut | None,
) -> Manifest:
    return Manifest(
        inputs=inputs,
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
