# %% [markdown]
# # 1. 첫걸음: 과제 목록을 분류하고 읽기
#
# 보기 파일의 과제 30건을 2019년 계획으로 분류해, 어디에 몰려 있고 무엇을 사람이 보아야 하는지 봅니다. 과제는 모두 지어낸 것입니다.

# %%
import os
from collections import Counter
from pathlib import Path

import pandas as pd

from hyeoksin import Document, load_classifier
from hyeoksin.pictures import Bar, bars_with_intervals, strategy_colour
from hyeoksin.plan import load_plan
from hyeoksin.readers import read
from hyeoksin.sinks import STATUS

if Path.cwd().name == "notebooks":  # where Jupyter opens it; the paths below start at the repository's root
    os.chdir("..")

pd.set_option("display.max_colwidth", 30)
plan = load_plan("2019")
sample = Path("tests/data/sample_tasks.csv")
documents = [row for row in read(sample) if isinstance(row, Document)]
predictions = list(load_classifier().classify(documents))

# %% [markdown]
# 한 줄에 과제 하나입니다. '확정 추천'과 '계획 밖'은 교차검증에서 정밀도 95%를 지킨 것이고, 나머지는 '사람 확인'입니다.

# %%
pd.DataFrame(
    {
        "과제": p.document.title or p.document.text,
        "판정": STATUS[p.status],
        "세부과제": p.scores[0].code,
        "확률": round(p.scores[0].probability, 2),
        "계획 밖": round(p.off_plan, 2),
        "주관기관": p.agencies[0].name if p.agencies else "",
    }
    for p in predictions[:12]
)

# %%
print(
    ", ".join(f"{STATUS[status]} {n}건" for status, n in Counter(p.status for p in predictions).most_common())
)

# %% [markdown]
# 가장 그럴듯한 세부과제마다 몇 건인지 봅니다. 색은 전략이며 모든 그림에서 같습니다.

# %%
tally = Counter(p.scores[0].code for p in predictions if p.off_plan < 0.5)
bars_with_intervals(
    [
        Bar(f"{code} {plan[code].title}", n, colour=strategy_colour(plan, code))
        for code, n in tally.most_common()
    ],
    "세부과제별 과제 수",
    value_name="과제 (건)",
    shares=False,
)

# %% [markdown]
# 한 건을 자세히 봅니다. 어느 낱말이 그렇게 말하게 했는지, 다음 후보는 무엇인지, 2024년 계획에서는 어디인지가 함께 나옵니다.

# %%
first = max(predictions, key=lambda p: p.scores[0].probability)
print(first.document.title or first.document.text)
print("경로:", " > ".join(step.title for step in first.path))
print("근거:", ", ".join(span.text for span in first.evidence[:5]))
if first.rival:
    print("다음 후보:", first.rival.code, first.rival.title)
print("2024년 계획:", next(o.scores[0].title for o in first.others if o.plan == "2024"))
