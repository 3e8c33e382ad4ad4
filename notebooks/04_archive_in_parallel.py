# %% [markdown]
# # 4. 큰 자료를 나누어 분류하기
#
# 기사 묶음처럼 큰 자료는 `hyeoksin batch` 가 조각으로 나누어 여러 프로세스나 여러 컴퓨터에서 분류합니다. 여기서는 지어 쓴 글 몇백 건으로
# 같은 일을 해 봅니다.

# %%
import hashlib
import json
import os
import tempfile
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from hyeoksin.batch import Options, Resources, run
from hyeoksin.corpus import read_examples
from hyeoksin.pictures import Tile, treemap
from hyeoksin.pictures.colours import OFF_PLAN, strategy_colour
from hyeoksin.plan import BUILTIN_PLANS, load_plan

if Path.cwd().name == "notebooks":  # where Jupyter opens it; the paths below start at the repository's root
    os.chdir("..")

os.environ.setdefault("OMP_NUM_THREADS", "1")
plans = {name: load_plan(name) for name in BUILTIN_PLANS}
folder = Path(tempfile.mkdtemp())
(folder / "기사").mkdir()
texts = [e.document for e in read_examples(Path("corpus/proposals"), plans)[::20]]
for part in range(3):
    lines = [
        json.dumps({"id": t.id, "title": t.title, "text": t.text}, ensure_ascii=False) for t in texts[part::3]
    ]
    (folder / "기사" / f"묶음{part + 1}.jsonl").write_text("\n".join(lines), encoding="utf-8")
print(f"파일 3개, 글 {len(texts)}건")

# %% [markdown]
# 두 프로세스로 나누어 분류합니다. 결과 폴더에는 조각마다 Parquet 파일이 하나씩 생깁니다.


# %%
def classify(engine: str) -> dict:
    options = Options(inputs=(folder / "기사",), output=folder / "결과", shard_size=100, today="2026-11-28")
    return run(options, engine, Resources(workers=2 if engine == "processes" else 1), progress=False)


def parts() -> list[Path]:
    return sorted((folder / "결과" / "records").glob("part-*.parquet"))


def fingerprint() -> str:
    return hashlib.sha256(b"".join(part.read_bytes() for part in parts())).hexdigest()[:16]


classify("processes")
before = fingerprint()
print(f"조각 {len(parts())}개, 지문 {before}")

# %% [markdown]
# 멈춘 실행은 같은 명령을 다시 치면 이어집니다. 조각 하나를 지워 정전을 흉내 내고, 이번에는 한 프로세스로 다시 실행합니다. 빠진 조각만 다시
# 분류하며, 결과는 한 바이트도 다르지 않습니다.

# %%
lost = parts()[1]
lost.unlink()
classify("local")
print(f"{lost.name} 을 지운 뒤 다시 실행한 지문 {fingerprint()}, 같은가: {fingerprint() == before}")

# %% [markdown]
# 결과는 Parquet 조각이라 판다스나 DuckDB로 바로 읽습니다.

# %%
table = pd.concat([pq.read_table(part).to_pandas() for part in parts()])
table.groupby("판정").size().rename("글 (건)").to_frame()

# %%
plan = plans["2019"]
records = [json.loads(line) for line in table["record"]]
inside = [r["candidates"][0]["code"] for r in records if r["off_plan"] < 0.5]
counts = pd.Series(inside).value_counts()
tiles = [
    Tile(
        f"{leaf.code} {leaf.title}",
        counts[leaf.code] / len(records),
        plan.path(leaf.code)[0].title,
        strategy_colour(plan, leaf.code),
    )
    for leaf in plan.leaves
    if leaf.code in counts
]
treemap(
    [*tiles, Tile("계획 밖", 1 - len(inside) / len(records), "계획 밖", OFF_PLAN)],
    "글 묶음의 나뉨 (2019년 계획)",
)
