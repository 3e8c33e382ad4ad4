# %% [markdown]
# # 2. 학습하고 채점하기
#
# 지어 쓴 말뭉치의 일부만으로 작은 모델을 학습하고, 교차검증으로 채점합니다. 함께 설치된 모델은 말뭉치 전체와 공개 글로 학습한 것이므로
# 여기의 점수는 그보다 낮습니다. 온전한 학습은 `make train` 입니다.

# %%
import os
from pathlib import Path

import numpy as np
import pandas as pd

from hyeoksin.codes import NONE
from hyeoksin.corpus import node_examples, read_examples
from hyeoksin.evaluation import plan_scores, proportion, reliability
from hyeoksin.pictures import Bar, Bin, bars_with_intervals, strategy_colour
from hyeoksin.pictures import reliability as reliability_picture
from hyeoksin.plan import BUILTIN_PLANS, load_plan
from hyeoksin.training.fit import Settings
from hyeoksin.training.train import train

if Path.cwd().name == "notebooks":  # where Jupyter opens it; the paths below start at the repository's root
    os.chdir("..")

plans = {name: load_plan(name) for name in BUILTIN_PLANS}
plan = plans["2019"]
written = read_examples(Path("corpus/proposals"), plans)[::24]
examples = [*written, *node_examples(plan)]
settings = Settings(name="small", encoder="lexical", n_folds=2, n_jobs=1, max_features=5_000)
trained = train(examples, {"2019": plan}, settings, progress=False)
print(f"지어 쓴 글 {len(written)}건과 계획의 문구로 학습")

# %% [markdown]
# 채점은 학습에 쓰지 않은 절반으로 합니다. 같은 소재에서 나온 글은 늘 같은 쪽에 있습니다. 괄호는 95% 구간입니다.

# %%
rows = np.arange(len(written))
gold = np.array([(e.labels["2019"] or (NONE,))[0] for e in written])
leaves, off = trained.leaves["2019"][rows], trained.off["2019"][rows]
allowed = [
    frozenset([*(e.labels["2019"] or (NONE,)), *(e.acceptable or {}).get("2019", ())]) for e in written
]
scores = plan_scores(plan, leaves, off, list(gold), allowed)
names = {
    "top1": "1순위 일치", "top3": "3순위 안", "strategy": "전략", "kappa": "카파", "off_plan_auroc": "계획 밖 AUROC",
}  # fmt: skip
pd.DataFrame(
    {"점수": names[key], "값": f"{v:.3f} ({low:.3f}-{high:.3f})"}
    for key, (v, low, high) in scores.items()
    if key in names
)

# %% [markdown]
# 세부과제마다 찾아낸 비율입니다. 글이 적은 항목은 구간이 넓습니다.

# %%
codes = np.array([leaf.code for leaf in plan.leaves])
said = np.where(off < 0.5, codes[leaves.argmax(axis=1)], NONE)
bars = []
for leaf in plan.leaves:
    here = gold == leaf.code
    bars.append(
        Bar(
            f"{leaf.code} {leaf.title}",
            *proportion(said[here] == leaf.code),
            colour=strategy_colour(plan, leaf.code),
            note=f"{here.sum()}건",
        )
    )
bars_with_intervals(bars, "세부과제마다 찾아낸 비율 (재현율)", value_name="찾아낸 비율")

# %% [markdown]
# 말한 확률을 믿어도 되는지 봅니다. 점이 점선 위에 있으면 말한 것보다 더 자주 맞은 것입니다. 숫자는 글의 수입니다.

# %%
sure = np.where(said == NONE, off, leaves.max(axis=1))
right = said == gold
place = np.minimum((sure * 10).astype(int), 9)
ends = {round(float(sure[place == b].mean()), 9): proportion(right[place == b]) for b in np.unique(place)}
reliability_picture(
    [
        Bin(stated, found, *ends[round(stated, 9)][1:], n)
        for stated, found, n in reliability(sure, right.astype(float))
    ],
    "말한 확률과 맞은 비율",
)
