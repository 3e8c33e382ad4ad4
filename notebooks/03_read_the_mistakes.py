# %% [markdown]
# # 3. 틀린 것을 읽기
#
# 점수보다 틀린 글이 더 많이 가르쳐 줍니다. 지어 쓴 말뭉치의 일부로 작은 모델을 학습해, 교차검증에서 틀린 글을 읽습니다.

# %%
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from hyeoksin.codes import NONE
from hyeoksin.corpus import node_examples, read_examples
from hyeoksin.evaluation import proportion
from hyeoksin.pictures import Bar, Cell, heat_map, standing_bars, strategy_colour
from hyeoksin.plan import BUILTIN_PLANS, load_plan
from hyeoksin.training.fit import Settings
from hyeoksin.training.train import train

if Path.cwd().name == "notebooks":  # where Jupyter opens it; the paths below start at the repository's root
    os.chdir("..")

pd.set_option("display.max_colwidth", 60)
plans = {name: load_plan(name) for name in BUILTIN_PLANS}
plan = plans["2019"]
written = read_examples(Path("corpus/proposals"), plans)[::24]
examples = [*written, *node_examples(plan)]
settings = Settings(name="small", encoder="lexical", n_folds=2, n_jobs=1, max_features=5_000)
trained = train(examples, {"2019": plan}, settings, progress=False)

# %%
codes = np.array([leaf.code for leaf in plan.leaves])
leaves, off = trained.leaves["2019"][: len(written)], trained.off["2019"][: len(written)]
said = np.where(off < 0.5, codes[leaves.argmax(axis=1)], NONE)
sure = np.where(said == NONE, off, leaves.max(axis=1))
gold = np.array([(e.labels["2019"] or (NONE,))[0] for e in written])
wrong = np.array([
    s not in {*(e.labels["2019"] or (NONE,)), *(e.acceptable or {}).get("2019", ())}
    for s, e in zip(said, written, strict=True)
])  # fmt: skip
print(f"{len(written)}건 가운데 {int(wrong.sum())}건에서 받아들일 수 없는 답")

# %% [markdown]
# 가장 자신 있게 틀린 글부터 읽습니다. 분류표가 틀렸는지, 계획의 경계가 흐린지, 글이 너무 짧은지 하나씩 봅니다.

# %%
order = [i for i in np.argsort(-sure) if wrong[i]][:8]
pd.DataFrame(
    {
        "글": (written[i].document.title or written[i].document.text)[:60],
        "사람": gold[i],
        "모델": said[i],
        "확률": f"{sure[i]:.2f}",
    }
    for i in order
)

# %% [markdown]
# 글이 짧을수록 틀리기 쉽습니다.

# %%
length = np.array([len(e.document.body) for e in written])
bounds = [(0, 30, "30자까지"), (30, 60, "31-60자"), (60, 120, "61-120자"), (120, 10_000, "120자 넘음")]
parts = [(name, (length > low) & (length <= high)) for low, high, name in bounds]
standing_bars(
    [Bar(name, *proportion(wrong[here]), note=f"{here.sum():,}건") for name, here in parts if here.any()],
    "글 길이별 오류",
    value_name="틀린 비율",
    class_name="글 길이",
)

# %% [markdown]
# 어느 항목이 어느 항목과 헷갈리는지 봅니다. 가로는 모델의 답, 세로는 사람의 답이며, 맞은 칸은 비웠습니다. 진한 칸의 두 항목은 계획에서
# 경계를 다시 읽어 볼 만합니다.

# %%
mixed = Counter((g, s) for g, s in zip(gold, said, strict=True) if g != s)
size = Counter(gold)
cells = [
    Cell(g, s, n / size[g], *proportion(((said == s) & (gold == g))[gold == g])[1:])
    for (g, s), n in mixed.items()
]
titles = {leaf.code: f"{leaf.code} {leaf.title}" for leaf in plan.leaves} | {NONE: "계획 밖"}
heat_map(
    cells,
    "틀린 답은 어디로 갔나 (%)",
    rows=[(code, titles[code]) for code in (*codes, NONE)],
    columns=[(code, "밖" if code == NONE else code) for code in (*codes, NONE)],
    colours=[strategy_colour(plan, code) for code in (*codes, NONE)],
)
