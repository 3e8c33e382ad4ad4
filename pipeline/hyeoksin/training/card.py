"""The model card: ``card.json`` for programs, ``MODEL_CARD.md`` for people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hyeoksin.errors import ModelError
from hyeoksin.resources import resource

__all__ = ["SCORE_NAMES", "read_card", "write_card"]

SCORE_NAMES = {
    "top1": "1순위 일치",
    "top1_acceptable": "1순위 수용",
    "top3": "3순위 안 일치",
    "top3_acceptable": "3순위 안 수용",
    "strategy": "전략 일치",
    "macro_f1": "macro-F1",
    "kappa": "카파 (계획 밖 포함)",
    "acceptable": "수용되는 답",
    "off_plan_auroc": "계획 밖 AUROC",
    "false_tag_rate": "밖인데 붙임",
    "in_plan_found": "안인데 찾음",
    "brier": "Brier",
    "ece": "ECE",
}


def read_card(model: str | Path | None = None) -> dict[str, Any]:
    """Return the card of a model folder (default: the shipped one)."""
    folder = Path(model) if model is not None else resource("model")
    try:
        card: dict[str, Any] = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{folder}: 모델 카드(card.json)를 읽을 수 없습니다. 모델을 다시 받으세요."
        ) from error
    return card


def write_card(card: Mapping[str, Any], folder: Path) -> None:
    """Write ``MODEL_CARD.md`` beside the model."""
    lines = [
        f"# 모델 카드: {card['model']}",
        "",
        "이 파일은 `hyeoksin train` 이 만듭니다. 모델의 답은 추천이며 결정이 아닙니다.",
        "",
        f"- hyeoksin {card['version']}; " + ", ".join(f"{k} {v}" for k, v in card["libraries"].items()),
        f"- 학습한 글: {', '.join(f'{k} {v}' for k, v in card['examples'].items())} (SHA-256 {card['examples_sha256'][:16]})",
        f"- 공개 자료 사용: {'예' if card['public_texts'] else '아니오'} (출처: corpus/external.yaml)",
        f"- 계획: {', '.join(f'{k} ({v[:8]})' for k, v in card['plans'].items())}",
        f"- 확정 문턱은 교차검증에서, 판정자가 받아들인 답을 모두 맞은 것으로 세어, 정밀도 {card['promised_precision']:.0%} 를 지키는 가장 낮은 확률입니다. 1.01은 확정하지 않음을 뜻합니다: "
        + "; ".join(
            f"{p} {t['settle']:.2f} (계획 밖 {t['settle_off']:.2f}, 윗단계 {', '.join(f'{k} {v:.2f}' for k, v in t['above'].items())})"
            for p, t in card["settle"].items()
        ),
        "",
        f"## 교차검증 (글 묶음 단위 {card['settings']['n_folds']}겹, 95% 부트스트랩 구간)",
        "",
        "`written` 은 저장소의 지어 쓴 글, `coded` 는 지어 쓴 글 가운데 글을 짓지 않은 두 판정자가 따로 분류한 것(국민 제안, 과제, 보도자료), `title` 은 공개 글 하나하나를 본떠 다른 말로 지은 제목(몸글 없음), `real` 은 두 번 따로 분류하고 갈린 것을 세 번째로 정한 공개 글입니다. 문턱과 온도는 같은 교차검증 예측에서 맞추었습니다.",
        "",
    ]
    for part, values in card["cross_validation"].items():
        lines += [f"### {part}", "", "| 지표 | 값 | 95% 구간 |", "|---|---|---|"]
        lines += [
            f"| {SCORE_NAMES.get(n, n)} | {v:.3f} | {'-' if lo is None else f'{lo:.3f}-{hi:.3f}'} |"
            for n, (v, lo, hi) in values.items()
        ]
        lines.append("")
    for plan, found in card["real_texts"].items():
        lines += _real_texts(plan, found)
    for plan, classes in card["classes"].items():
        lines += [
            f"## 분류별: {plan}",
            "",
            "| 코드 | 글 | 재현율 | 정밀도 | 가장 헷갈림 |",
            "|---|---|---|---|---|",
        ]
        for code, row in classes.items():
            shown = ["-" if row[k] is None else f"{row[k]:.2f}" for k in ("recall", "precision")]
            lines.append(
                f"| {code} | {row['texts']} | {shown[0]} | {shown[1]} | {row['mixed_with'] or '-'} |"
            )
        lines.append("")
    lines += [
        "## 알려진 약점",
        "",
        "- 2020과 2022 계획은 지어 쓴 글과 계획의 이름만으로 배웠습니다. 실제 글에서는 재지 않았습니다.",
        f"- 교차검증 재현율이 낮은 세부과제(2019): {_weakest(card['classes']['2019'])}.",
        "- 이름이 바뀐 기관은 글의 날짜로 읽습니다. 날짜가 없으면 오늘의 이름으로 적습니다.",
        f"- 앞 {card['settings']['limit']}자만 읽습니다. 뒤에서야 주제가 드러나는 긴 글은 놓칠 수 있습니다.",
        "",
    ]
    (folder / "MODEL_CARD.md").write_text("\n".join(lines), encoding="utf-8", newline="\n")


def _real_texts(plan: str, found: Mapping[str, Any]) -> list[str]:
    """Return the part on held-out public texts: settled texts, reliability, and errors by length."""
    right = found["settled_right"]
    return [
        f"## 공개 글에서: {plan}",
        "",
        f"세부 항목까지 확정한 것: 계획 안 글의 {found['settled_share_of_in_plan']:.0%}"
        + (f", 그 가운데 맞음 {right:.1%}" if right is not None else ""),
        "",
        "| 말한 확률 | 맞은 비율 | 글 |",
        "|---|---|---|",
        *(f"| {said:.2f} | {hit:.2f} | {n} |" for said, hit, n in found["reliability"]),
        "",
        "| 글자 수 | 글 | 밖인데 붙임 | 안인데 찾음 |",
        "|---|---|---|---|",
        *(
            f"| {row['from']}부터 | {row['texts']} | {row['false_tags']:.3f} | {row['found']:.3f} |"
            for row in found["by_length"]
        ),
        "",
    ]


def _weakest(classes: Mapping[str, Any]) -> str:
    """Return the three leaves that are found least, with what they are taken for."""
    known = [
        (row["recall"], code, row["mixed_with"]) for code, row in classes.items() if row["recall"] is not None
    ]
    return ", ".join(
        f"{code} ({recall:.2f}, {mixed or '-'} 로 봄)" for recall, code, mixed in sorted(known)[:3]
    )
