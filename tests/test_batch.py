from __future__ import annotations

import errno
import json
import random
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from distributed import LocalCluster

from hyeoksin.audit.inputs import found
from hyeoksin.batch import ENGINES, Options, Resources, engines, run
from hyeoksin.batch.run import _NAMES
from hyeoksin.batch.settings import Spec
from hyeoksin.batch.shards import Done, Shard
from hyeoksin.classifier import Classifier
from hyeoksin.corpus import Example
from hyeoksin.domain import Document
from hyeoksin.errors import HyeoksinError, InputError, MissingExtraError
from hyeoksin.model import save_model
from hyeoksin.sinks import json_line
from hyeoksin.training.train import Trained

TODAY = "2026-01-02"


def write(path: Path, documents: list[Document]) -> Path:
    lines = [
        json.dumps({"id": d.id, "title": d.title, "text": d.text, "region": d.region}, ensure_ascii=False)
        for d in documents
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def records(folder: Path) -> list[dict[str, Any]]:
    lines = [
        line for p in sorted((folder / "records").iterdir()) for line in p.read_text("utf-8").split("\n")
    ]
    return [json.loads(line) for line in lines if line]


def count_only(spec: Spec, shard: Shard) -> Done:
    text = "".join(
        json.dumps({"id": e.document.id, "source": e.document.source}) + "\n" for e in shard.entries
    )
    return Done(shard.number, text.encode(), {"review": len(shard.entries)})


@pytest.fixture
def documents(written: list[Example]) -> list[Document]:
    return [replace(e.document, id=str(i)) for i, e in enumerate(written[::100])]


def options(source: Path, output: Path, **more: Any) -> Options:
    return Options(
        (source,), output, **{"format": "jsonl", "gate": "off", "duplicates": False, "today": TODAY} | more
    )


def without_place(record: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in record.items() if k != "source"}


def test_same_row_same_answer_in_any_size_order_and_engine(tmp_path: Path, documents: list[Document]) -> None:
    run(options(write(tmp_path / "a.jsonl", documents), tmp_path / "a", shard_size=7), progress=False)
    expected = {r["id"]: without_place(r) for r in records(tmp_path / "a")}
    assert len(expected) == len(documents)
    shuffled = documents[:]
    random.Random(1).shuffle(shuffled)
    for name, size, rows in (("processes", 5, shuffled), ("dask", 20, documents), ("local", 1, shuffled[:5])):
        source, output = write(tmp_path / f"{name}.jsonl", rows), tmp_path / name
        run(options(source, output, shard_size=size), name, Resources(workers=1), progress=False)
        found = {r["id"]: without_place(r) for r in records(output)}
        assert found == {d.id: expected[d.id] for d in rows}, name


@pytest.mark.parametrize("twice", [False, True])
def test_the_records_are_those_of_classify(
    tmp_path: Path, documents: list[Document], classifier: Classifier, careful: Classifier, twice: bool
) -> None:
    dated = [replace(d, date=TODAY) for d in documents[:10]]
    source = tmp_path / "a.jsonl"
    rows = [
        {"id": d.id, "title": d.title, "text": d.text, "date": TODAY, "region": d.region, "source": d.source}
        for d in dated
    ]
    source.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    run(options(source, tmp_path / "out", careful=twice), progress=False)
    expected = (careful if twice else classifier).classify(dated)
    assert records(tmp_path / "out") == [json.loads(json_line(p)) for p in expected]


def test_another_model_is_not_read_twice(tmp_path: Path, documents: list[Document], trained: Trained) -> None:
    save_model(trained.model, tmp_path / "small", {})
    source = write(tmp_path / "a.jsonl", documents[:2])
    with pytest.raises(InputError, match="--fast"):
        run(options(source, tmp_path / "out", model=tmp_path / "small", careful=True), progress=False)


def test_parquet_holds_the_same_records(tmp_path: Path, documents: list[Document]) -> None:
    source = write(tmp_path / "a.jsonl", documents[:12])
    run(options(source, tmp_path / "jsonl"), progress=False)
    run(options(source, tmp_path / "parquet", format="parquet", shard_size=5), progress=False)
    table = pq.read_table(tmp_path / "parquet" / "records")
    assert [json.loads(line) for line in table["record"].to_pylist()] == records(tmp_path / "jsonl")
    assert len(list((tmp_path / "parquet" / "records").iterdir())) == 3


def test_every_row_is_accounted_for(tmp_path: Path, documents: list[Document]) -> None:
    folder = tmp_path / "in"
    (folder / "b").mkdir(parents=True)
    write(folder / "a.jsonl", documents[:3])
    write(folder / "b" / "a.jsonl", documents[3:5])
    (folder / "b" / "bad.jsonl").write_text('{"id": 1}\nx\n', encoding="utf-8")
    (folder / "picture.png").write_bytes(b"\x89PNG")
    (folder / ".hidden.jsonl").write_text("x", encoding="utf-8")
    manifest = run(options(folder, tmp_path / "out", shard_size=2), progress=False, work=count_only)
    assert manifest["rows"] == {"in": 8, "out": 5, "failed": 3}
    assert [i["name"] for i in manifest["inputs"]] == [
        "in/a.jsonl",
        "in/b/a.jsonl",
        "in/b/bad.jsonl",
        "in/picture.png",
    ]
    assert [r["source"] for r in records(tmp_path / "out")] == [
        *(f"in/a.jsonl#row={i}" for i in (1, 2, 3)),
        *(f"in/b/a.jsonl#row={i}" for i in (1, 2)),
    ]
    failed = [
        json.loads(line) for line in (tmp_path / "out" / "failed.jsonl").read_text("utf-8").splitlines()
    ]
    assert [(f["file"], f["row"]) for f in failed] == [
        ("in/b/bad.jsonl", 1),
        ("in/b/bad.jsonl", 2),
        ("in/picture.png", None),
    ]


def test_output_inside_the_input_folder_is_not_read(tmp_path: Path, documents: list[Document]) -> None:
    write(tmp_path / "a.jsonl", documents[:3])
    told = options(tmp_path, tmp_path / "out")
    for _ in range(2):
        assert run(told, progress=False, work=count_only)["rows"]["in"] == 3


def test_lost_rows_are_noticed(tmp_path: Path, documents: list[Document]) -> None:
    def lossy(spec: Spec, shard: Shard) -> Done:
        return replace(count_only(spec, shard), records=b"")

    with pytest.raises(HyeoksinError, match="줄 수"):
        run(options(write(tmp_path / "a.jsonl", documents), tmp_path / "out"), progress=False, work=lossy)


def test_finished_shards_are_kept_and_harmed_ones_made_again(
    tmp_path: Path, documents: list[Document]
) -> None:
    judged: list[int] = []

    def noted(spec: Spec, shard: Shard) -> Done:
        judged.append(shard.number)
        return count_only(spec, shard)

    source, output = write(tmp_path / "a.jsonl", documents[:20]), tmp_path / "out"
    told = options(source, output, shard_size=5)
    run(told, progress=False, work=noted)
    run(told, progress=False, work=noted)
    assert judged == [0, 1, 2, 3]
    (output / "records" / "part-000001.jsonl").write_bytes(b"torn")
    (output / "shards" / "000002.json").write_bytes(b"{")
    write(source, [*documents[:15], *documents[16:20]])  # the last shard's content changes
    run(told, progress=False, work=noted)
    assert judged == [0, 1, 2, 3, 1, 2, 3]
    write(source, documents[:10])
    assert run(told, progress=False, work=noted)["rows"]["out"] == 10
    assert len(list((output / "records").iterdir())) == 2


@pytest.mark.parametrize(
    "copy", ["records/part-000000 - 복사본.jsonl", "records/part-000000(1).parquet", "shards/000000 (2).json"]
)
@pytest.mark.parametrize("restart", [False, True])
def test_a_copy_among_the_parts_is_named_before_any_work(
    tmp_path: Path, documents: list[Document], copy: str, restart: bool
) -> None:
    told = options(write(tmp_path / "a.jsonl", documents[:2]), tmp_path / "out", restart=restart)
    run(told, progress=False, work=count_only)
    (tmp_path / "out" / copy).write_bytes(b"")
    with pytest.raises(InputError, match=r"만든 파일이 아닙니다.*지운 뒤"):
        run(told, progress=False, work=lambda spec, shard: pytest.fail("judged"))  # type: ignore[arg-type,return-value]
    (tmp_path / "out" / copy).unlink()
    assert (tmp_path / "out" / "manifest.json").exists()
    (tmp_path / "out" / "records" / "part-000001.jsonl.tmp").write_bytes(b"of a run that was killed")
    assert run(told, progress=False, work=count_only)["rows"]["out"] == 2
    assert [path.name for path in (tmp_path / "out" / "records").iterdir()] == ["part-000000.jsonl"]


def test_other_columns_reach_the_records_and_a_change_of_them_is_judged_again(tmp_path: Path) -> None:
    def told(department: str) -> list[str]:
        source.write_text(
            f"과제명,내용,담당부서\n축구 대회,공을 찬다,{department}\n축구 대회,공을 찬다,\n", "utf-8"
        )
        run(options(source, tmp_path / "out", gate="safe", duplicates=True), progress=False)
        return [record.get("meta", {}).get("담당부서", "") for record in records(tmp_path / "out")]

    source = tmp_path / "a.csv"
    assert told("체육과") == ["체육과", ""]
    assert told("총무과") == ["총무과", ""]


def test_every_setting_has_a_name_in_the_message(tmp_path: Path, documents: list[Document]) -> None:
    told = options(write(tmp_path / "a.jsonl", documents[:4]), tmp_path / "out")
    settings = run(told, progress=False, work=count_only)["settings"]
    assert set(settings) - {"workers", "engine"} <= set(_NAMES)


def test_other_settings_are_refused_unless_restarted(tmp_path: Path, documents: list[Document]) -> None:
    told = options(write(tmp_path / "a.jsonl", documents[:4]), tmp_path / "out")
    run(told, progress=False, work=count_only)
    with pytest.raises(InputError, match=r"계획\(--plan\) 2019 → 2024"):
        run(replace(told, plan="2024"), progress=False, work=count_only)
    assert (
        run(replace(told, plan="2024", restart=True), progress=False, work=count_only)["settings"]["plan"]
        == "2024"
    )
    (tmp_path / "out" / "duplicates").mkdir()  # as a run that was killed leaves it
    run(replace(told, duplicates=False, restart=True), progress=False, work=count_only)
    assert not (tmp_path / "out" / "duplicates").exists()
    (tmp_path / "photos" / "2026").mkdir(parents=True)
    with pytest.raises(InputError, match="빈 폴더"):
        run(replace(told, output=tmp_path / "photos"), progress=False, work=count_only)
    with pytest.raises(InputError, match="경로"):
        run(replace(told, inputs=(tmp_path / "none",)), progress=False, work=count_only)


def test_a_second_driver_is_kept_out_until_the_first_ends(tmp_path: Path, documents: list[Document]) -> None:
    told = options(write(tmp_path / "a.jsonl", documents[:8]), tmp_path / "out", shard_size=2)
    refused: list[str] = []

    def meanwhile(spec: Spec, shard: Shard) -> Done:
        for second in (told, replace(told, restart=True), replace(told, plan="2024")):
            with pytest.raises(InputError, match="이 폴더에 쓰고 있습니다") as error:
                run(second, progress=False, work=count_only)
            refused.append(str(error.value))
        return count_only(spec, shard)

    assert run(told, progress=False, work=meanwhile)["rows"]["out"] == 8
    assert len(refused) == 12
    assert all(str(told.output) in message for message in refused)
    assert run(told, progress=False, work=meanwhile)["timings"]["shards_reused"] == 4


def test_a_failed_run_gives_its_folder_free(tmp_path: Path, documents: list[Document]) -> None:
    def failing(spec: Spec, shard: Shard) -> Done:
        raise ZeroDivisionError

    told = options(write(tmp_path / "a.jsonl", documents[:4]), tmp_path / "out")
    with pytest.raises(ZeroDivisionError):
        run(told, progress=False, work=failing)
    assert run(told, progress=False, work=count_only)["rows"]["out"] == 4


def test_a_run_over_changed_input_that_falls_does_not_look_finished(
    tmp_path: Path, documents: list[Document]
) -> None:
    def falling(spec: Spec, shard: Shard) -> Done:
        if shard.number:
            raise ZeroDivisionError
        return count_only(spec, shard)

    source, output = write(tmp_path / "a.jsonl", documents[:8]), tmp_path / "out"
    told = options(source, output, shard_size=4)
    run(told, progress=False, work=count_only)
    write(source, documents[8:16])
    with pytest.raises(ZeroDivisionError):
        run(told, progress=False, work=falling)
    assert not {"manifest.json", "failed.jsonl"} & {path.name for path in output.iterdir()}
    with pytest.raises(InputError, match="끝나지 않은 분류"), found(output, "2024"):
        pass
    assert run(told, progress=False, work=count_only)["timings"]["shards_reused"] == 1
    write(source, documents[:8])
    with pytest.raises(TypeError):  # before anything was written
        run(told, progress=False, work=None)  # type: ignore[arg-type]
    assert (output / "manifest.json").exists()


def test_a_file_that_cannot_be_read_does_not_keep_a_run_from_its_end(
    tmp_path: Path, documents: list[Document]
) -> None:
    def losing(spec: Spec, shard: Shard) -> Done:
        (folder / "b.jsonl").unlink()
        return count_only(spec, shard)

    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a.jsonl", "b.jsonl"):
        write(folder / name, documents[:2])
    manifest = run(options(folder, tmp_path / "out"), progress=False, work=losing)
    first, second = manifest["inputs"]
    assert first["bytes"] == (folder / "a.jsonl").stat().st_size
    assert second == {"name": "in/b.jsonl", "bytes": None, "sha256": None}
    assert json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8")) == manifest


def test_a_run_that_fell_before_it_began_is_taken_up(
    tmp_path: Path, documents: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = options(write(tmp_path / "a.jsonl", documents[:4]), tmp_path / "out")

    def full(file: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("hyeoksin.batch.shards._flush", full)
        with pytest.raises(OSError, match="No space") as error:
            run(told, progress=False, work=count_only)
    assert error.value.filename == str(told.output / "run.json")
    assert not (told.output / "records").exists()
    (told.output / "records").mkdir()
    (told.output / "shards").mkdir()
    assert run(told, progress=False, work=count_only)["rows"]["out"] == 4
    (tmp_path / "other" / "records").mkdir(parents=True)
    (tmp_path / "other" / "records" / "사진.jpg").touch()
    with pytest.raises(InputError, match="빈 폴더"):
        run(replace(told, output=tmp_path / "other"), progress=False, work=count_only)


def test_without_filelock_the_install_command_is_named(
    tmp_path: Path, documents: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "filelock", None)
    told = options(write(tmp_path / "a.jsonl", documents[:4]), tmp_path / "out")
    with pytest.raises(MissingExtraError, match=r"\.\[batch\]"):
        run(told, progress=False, work=count_only)
    assert not told.output.exists()


def test_a_resumed_run_keeps_the_day_it_was_started_on(tmp_path: Path, documents: list[Document]) -> None:
    told = options(write(tmp_path / "a.jsonl", documents[:4]), tmp_path / "out")
    run(told, progress=False, work=count_only)
    assert run(replace(told, today=None), progress=False, work=count_only)["settings"]["today"] == TODAY


def test_engines_give_one_result_per_job_and_pull_no_more_than_they_need() -> None:
    drawn = 0

    def jobs() -> Iterator[int]:
        nonlocal drawn
        for number in range(50):
            drawn = number
            yield number

    for name, engine in ENGINES.items():
        results = engine(abs, jobs(), Resources(workers=2))
        first = next(results)
        assert drawn < 10, name
        assert sorted([first, *results]) == list(range(50)), name


def test_an_error_of_the_work_reaches_the_user() -> None:
    for engine in ENGINES.values():
        with pytest.raises(ZeroDivisionError):
            list(engine((1).__truediv__, iter([1, 0]), Resources(workers=1)))


def test_a_scheduler_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "_PATIENCE", "1s")
    with pytest.raises(InputError, match="스케줄러"):
        list(ENGINES["dask"](abs, iter([1]), Resources(scheduler="tcp://127.0.0.1:1")))


def test_a_cluster_by_address() -> None:
    with LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=1, threads_per_worker=1, processes=False, protocol="tcp", dashboard_address=":0"
    ) as cluster:
        results = ENGINES["dask"](abs, iter(range(9)), Resources(scheduler=cluster.scheduler_address))
        assert sorted(results) == list(range(9))


def test_a_shard_that_never_comes_back_is_noticed(
    tmp_path: Path, documents: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        ENGINES, "forgetful", lambda work, jobs, _: (work(job) for job in jobs if job.number != 1)
    )
    told = options(write(tmp_path / "a.jsonl", documents), tmp_path / "out", shard_size=5)
    with pytest.raises(HyeoksinError, match="돌아오지 않은 묶음이 1개"):
        run(told, "forgetful", progress=False, work=count_only)


def test_a_pool_that_breaks_when_a_job_is_handed_over_loses_no_job(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0

    class Fragile(ProcessPoolExecutor):
        def submit(self, *args: Any, **more: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls in (1, 4, 5):
                raise BrokenProcessPool
            return super().submit(*args, **more)

    monkeypatch.setattr(engines, "ProcessPoolExecutor", Fragile)
    assert sorted(ENGINES["processes"](abs, iter(range(12)), Resources(workers=1))) == list(range(12))


def test_workers_that_die_again_and_again_end_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(ProcessPoolExecutor):
        def submit(self, *args: Any, **more: Any) -> Any:
            raise BrokenProcessPool

    monkeypatch.setattr(engines, "ProcessPoolExecutor", Broken)
    with pytest.raises(HyeoksinError, match="거듭 죽었습니다"):
        list(ENGINES["processes"](abs, iter(range(3)), Resources(workers=1)))
