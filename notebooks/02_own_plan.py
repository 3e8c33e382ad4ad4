# %% [markdown]
# # 자체 계획으로 분류하기
#
# 계획 서식을 그대로 계획으로 삼아, 학습 없이 제목과 정의만으로 분류해 봅니다.

# %%
import tempfile
from pathlib import Path

from hyeoksin import Document
from hyeoksin.classifier import load_classifier
from hyeoksin.plan.tables import TEMPLATE

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "우리계획.yaml"
    path.write_text(TEMPLATE, encoding="utf-8")
    classifier = load_classifier(plan=path)

# %%
texts = [
    "여권 만료일을 문자로 알려 드립니다",
    "거동이 불편한 어르신 댁으로 찾아가는 민원 처리",
    "가을 음악회",
]
for prediction in classifier.classify(Document(id=text, text=text) for text in texts):
    best = prediction.scores[0]
    print(
        f"{prediction.document.text}: {best.code} {best.title} {best.probability:.2f} (계획 밖 {prediction.off_plan:.2f})"
    )
    print("  ", *prediction.notes)
