# %% [markdown]
# # 5. 계획이 어디까지 덮는지 감사하기
#
# 분류한 글을 세면 분류기의 오류까지 함께 세게 됩니다. `hyeoksin audit` 은 그 오류를 바로잡아 구간과 함께 추정하고, 빈 곳과 몰린 곳, 계획에
# 자리가 없는 주제를 찾아 보고서를 만듭니다. 여기서는 지어 쓴 글에 지역과 날짜를 붙여 흐름만 봅니다. 모델이 배운 글이므로
# 숫자 자체는 뜻이 없습니다. 배운 글에는 모델이 지나치게 자신 있어 추정의 가정(오류를 잰 글과 같게 생겼다)이 깨집니다. 보고서는 그것을
# 맨 먼저 알립니다.

# %%
import json
import os
import tempfile
from pathlib import Path

import pandas as pd

from hyeoksin.audit import audit, write_audit
from hyeoksin.audit.report.wording import leaf_codes, share_of, summary
from hyeoksin.corpus import read_examples
from hyeoksin.pictures import Bar, Cell, bars_with_intervals, heat_map, strategy_colour
from hyeoksin.plan import BUILTIN_PLANS, load_plan

if Path.cwd().name == "notebooks":  # where Jupyter opens it; the paths below start at the repository's root
    os.chdir("..")

plans = {name: load_plan(name) for name in BUILTIN_PLANS}
plan = plans["2019"]
folder = Path(tempfile.mkdtemp())
regions = ["서울특별시", "부산광역시", "경기도", "전라남도"]
lines = [
    json.dumps(
        {
            "id": e.document.id,
            "title": e.document.title,
            "text": f"{regions[n % 4]} {e.document.text}",
            "date": f"202{2 + n % 3}-0{1 + n % 9}-10",
        },
        ensure_ascii=False,
    )
    for n, e in enumerate(read_examples(Path("corpus/proposals"), plans)[::16])
]
(folder / "과제.jsonl").write_text("\n".join(lines), encoding="utf-8")
found = audit(folder / "과제.jsonl", "2019", by=("region", "year"))

# %%
for sentence in summary(found)[:5]:
    print("-", sentence)
print(found.notes[0])

# %% [markdown]
# 막대는 센 비중입니다. 추정을 쓸 수 있는 입력이면 막대는 바로잡은 추정, 마름모는 센 비중, 가는 선은 95% 구간이 됩니다.

# %%
leaves = [row for row in found.cells() if row.code in leaf_codes(found)]
bars_with_intervals(
    [
        Bar(
            f"{r.code} {r.title}",
            *share_of(r),
            counted=r.share if r.estimate else None,
            colour=strategy_colour(plan, r.code),
        )
        for r in leaves
    ],
    "항목별 비중",
    value_name="모든 글 가운데 비중",
)

# %%
heat_map(
    [
        Cell(r.code, r.value, *share_of(r))
        for r in found.rows
        if r.cut == "region" and r.code in leaf_codes(found)
    ],
    "시도별 항목의 비중 (%)",
    rows=[(r.code, f"{r.code} {r.title}") for r in leaves],
    columns=[(region, region) for region in regions],
    colours=[strategy_colour(plan, r.code) for r in leaves],
)

# %% [markdown]
# 제출할 보고서와 엑셀은 한 줄로 나옵니다. 보고서는 파일 하나이고 밖에서 아무것도 가져오지 않습니다.

# %%
for name in ("보고서.html", "보고서.xlsx", "감사.json"):
    write_audit(found, folder / name)
pd.DataFrame(
    {"파일": name, "만들어짐": (folder / name).is_file()}
    for name in ("보고서.html", "보고서.xlsx", "감사.json")
)
