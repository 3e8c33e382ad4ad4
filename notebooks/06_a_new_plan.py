# %% [markdown]
# # 6. 새 계획이 나왔을 때
#
# 계획은 한두 해마다 바뀝니다. 새 계획이 나오면 무엇이 달라졌는지 보고, 제목과 정의만으로 바로 분류해 보고, 얼마나 맞는지 잽니다.

# %%
import os
import tempfile
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pandas as pd

from hyeoksin import Document
from hyeoksin.classifier import load_classifier
from hyeoksin.corpus import read_examples
from hyeoksin.evaluation import proportion
from hyeoksin.pictures import Bar, Flow, bars_with_intervals, sankey, standing_bars, strategy_colour
from hyeoksin.plan import BUILTIN_PLANS, load_crosswalk, load_plan
from hyeoksin.plan.compare import FATES, compare
from hyeoksin.plan.tables import TEMPLATE

if Path.cwd().name == "notebooks":  # where Jupyter opens it; the paths below start at the repository's root
    os.chdir("..")

plans = {name: load_plan(name) for name in BUILTIN_PLANS}
crosswalk = load_crosswalk(plans)

# %% [markdown]
# ## 무엇이 달라졌나
#
# 2019년 계획의 항목이 2024년 계획에서 어떻게 되었는지 셉니다(`hyeoksin plan diff 2019 2024`).

# %%
difference = compare(plans["2019"], plans["2024"], crosswalk)
counts = difference.counts()
bars_with_intervals(
    [Bar(FATES[fate], n) for fate, n in counts.items() if n],
    "2019년에서 2024년으로",
    value_name="항목 (개)",
    shares=False,
)

# %% [markdown]
# 네 계획의 이어짐입니다. 가장 아래 항목만 그렸습니다. 띠 하나가 대응표의 한 줄이고, 색은 앞 계획의 전략입니다. 관련만 있는 느슨한 대응은 뺐습니다.

# %%
order = ["2019", "2020", "2022", "2024"]
flows = [
    Flow(old, node.code, new, link.to_code, 1.0)
    for old, new in pairwise(order)
    for node in plans[old].leaves
    for link in crosswalk.of(old, node.code, new)
    if link.relation != "related" or (old, new) == ("2022", "2024")
]
sankey(flows, "네 계획의 이어짐", plans=[plans[name] for name in order])

# %% [markdown]
# ## 배우지 않은 계획으로 분류하기
#
# 기관의 계획 파일(YAML, CSV, XLSX)에는 제목과 정의만 있으면 됩니다. 학습하지 않은 계획의 추천은 모두 '사람 확인'으로 나옵니다.

# %%
folder = Path(tempfile.mkdtemp())
(folder / "우리계획.yaml").write_text(TEMPLATE, encoding="utf-8")
own = load_classifier(plan=folder / "우리계획.yaml")
texts = [
    "여권 만료일을 문자로 알려 드립니다",
    "거동이 불편한 어르신 댁으로 찾아가는 민원 처리",
    "가을 음악회",
]
pd.DataFrame(
    {
        "글": p.document.text,
        "항목": f"{p.scores[0].code} {p.scores[0].title}",
        "확률": round(p.scores[0].probability, 2),
        "계획 밖": round(p.off_plan, 2),
    }
    for p in own.classify(Document(id=text, text=text) for text in texts)
)

# %% [markdown]
# ## 얼마나 맞나
#
# 2024년 계획을 처음 보는 것으로 치고, 제목과 정의만으로 지어 쓴 글을 분류해 사람의 답과 견줍니다. 계획 안의 글만 봅니다.

# %%
new = replace(plans["2024"], id="처음 보는 계획")
unseen = load_classifier(plan=new, others=False)
examples = [e for e in read_examples(Path("corpus/proposals"), plans) if e.labels.get("2024")][::9]
answers = list(unseen.classify(e.document for e in examples))
codes = {e.document.id: {*e.labels["2024"], *(e.acceptable or {}).get("2024", ())} for e in examples}
ranks = [
    next((n for n, s in enumerate(p.scores, start=1) if s.code in codes[p.document.id]), 99) for p in answers
]
standing_bars(
    [Bar(f"{n}순위 안", *proportion([rank <= n for rank in ranks])) for n in (1, 2, 3)],
    f"제목과 정의만으로 맞힌 비율 (글 {len(examples)}건, 항목 {len(new.leaves)}개)",
    value_name="받아들일 수 있는 답의 비율",
)

# %%
bars = []
for leaf in new.leaves:
    mine = [r for r, e in zip(ranks, examples, strict=True) if e.labels["2024"][0] == leaf.code]
    colour = strategy_colour(plans["2024"], leaf.code)
    bars.append(
        Bar(
            f"{leaf.code} {leaf.title}",
            *proportion([r == 1 for r in mine]),
            colour=colour,
            note=f"{len(mine)}건",
        )
    )
bars_with_intervals(bars, "항목마다 1순위로 맞힌 비율", value_name="받아들일 수 있는 답의 비율")

# %% [markdown]
# 낮은 항목은 정의와 포함 항목을 더 적어 주면 오릅니다. 그다음은 사람의 결정을 모아 배우게 하는 일입니다.
