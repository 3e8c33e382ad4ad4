# %% [markdown]
# # 첫걸음: 과제 목록을 분류하고 결과 읽기
#
# 보기 파일의 과제 30건을 2019년 계획으로 분류하고, 어느 전략에 몰려 있는지 봅니다.

# %%
from collections import Counter
from pathlib import Path

import pandas as pd

from hyeoksin import Document, load_classifier
from hyeoksin.readers import read

sample = Path("tests/data/sample_tasks.csv")
documents = [item for item in read(sample) if isinstance(item, Document)]
predictions = list(load_classifier().classify(documents))

# %% [markdown]
# 한 줄에 과제 하나: 판정, 가장 그럴듯한 세부과제, 확률, 주관기관.

# %%
table = pd.DataFrame(
    {
        "과제": p.document.title,
        "판정": p.status,
        "세부과제": p.scores[0].code,
        "확률": p.scores[0].probability,
        "계획 밖": p.off_plan,
        "주관기관": p.agencies[0].name,
    }
    for p in predictions
)
print(table.to_string(index=False))

# %% [markdown]
# 전략별로 몇 건인지, 그리고 같은 과제가 2024년 계획에서는 어디에 드는지.

# %%
print(Counter(p.path[0].title if p.path else "계획 밖" for p in predictions))
print(
    Counter(
        o.path[-1].title if o.path else "계획 밖" for p in predictions for o in p.others if o.plan == "2024"
    )
)
