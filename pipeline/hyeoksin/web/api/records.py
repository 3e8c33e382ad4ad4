"""The JSON record as pydantic models: what :meth:`hyeoksin.domain.Prediction.to_record` writes, word for word."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from hyeoksin.domain import Role, Status

__all__ = [
    "EXAMPLE_RECORD",
    "AgencyOut",
    "AnswerOut",
    "ClauseOut",
    "EvidenceOut",
    "Probability",
    "RecordOut",
    "RivalOut",
    "ScoreOut",
]

Probability = Annotated[float, Field(ge=0, le=1)]


class _Part(BaseModel):
    """A part of a record: nothing unknown is let through."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ScoreOut(_Part):
    """항목 하나와 그 확률."""

    code: str = Field(description="계획의 항목 코드", examples=["3-1"])
    title: str = Field(description="항목 이름")
    probability: Probability = Field(
        description="확률 (0에서 1): 학습한 계획에서는 보정된 값, 아니면 항목의 제목과 정의에 가까운 정도 (`notes` 가 알림)"
    )


class AgencyOut(_Part):
    """주관하거나 돕거나 집행할 만한 기관."""

    id: str = Field(description="기관 id (`/agencies` 의 id, 지방정부 자신은 `local`)")
    name: str = Field(description="글의 날짜에 쓰이던 이름")
    role: Role = Field(description="lead 주관, support 협조, executing 집행")
    probability: Probability = Field(description="그 역할일 확률")
    reasons: list[str] = Field(description="까닭")


class EvidenceOut(_Part):
    """판정을 움직인 글자: `제목 + 줄바꿈 + 본문` 에서 센 자리."""

    start: int = Field(ge=0, description="시작 (0부터)")
    end: int = Field(ge=0, description="끝 (이 글자는 들지 않음)")
    text: str
    weight: float = Field(description="근거 가운데 차지하는 몫")


class ClauseOut(_Part):
    """글과 가장 가까운 계획의 조항."""

    code: str
    title: str
    similarity: float = Field(description="코사인")


class RivalOut(_Part):
    """두 번째로 가까운 항목과, 그쪽을 가리키는 말과 경계 규칙."""

    code: str
    title: str
    probability: Probability
    why: list[str]


class AnswerOut(_Part):
    """한 계획의 답. `candidates` 와 `off_plan` 을 더하면 1."""

    plan: str = Field(description="계획 id", examples=["2019"])
    status: Status = Field(description="settled 확정 추천, review 사람 확인, off_plan 계획 밖")
    path: list[ScoreOut] = Field(description="전략 › 과제 › 세부과제. 계획 밖이면 빈 목록")
    candidates: list[ScoreOut] = Field(description="모든 분류 항목, 높은 것부터")
    off_plan: Probability = Field(description="계획의 어느 항목도 아닐 확률")
    plan_sha: str = Field(description="계획 내용의 지문 (앞 8자)")


class RecordOut(AnswerOut):
    """글 하나의 판정. 추천이며 결정이 아닙니다."""

    id: str = Field(description="보낸 글의 id")
    source: str = Field(description="보낸 글의 출처")
    agencies: list[AgencyOut]
    evidence: list[EvidenceOut]
    clause: ClauseOut | None
    rival: RivalOut | None
    regions: list[str] = Field(description="글에 나온 지역")
    others: dict[str, AnswerOut] = Field(description="다른 해 계획의 답")
    model: str = Field(description="모델 이름과 지문", examples=["default@0123abcd"])
    date: str | None = Field(default=None, description="글의 날짜 (있을 때만)")
    duplicate_group: str | None = Field(default=None, description="같거나 거의 같은 글의 묶음 (있을 때만)")
    notes: list[str] = Field(default=[], description="알릴 것 (있을 때만)")


EXAMPLE_RECORD = {
    "id": "a-1",
    "source": "",
    "plan": "2019",
    "status": "review",
    "path": [{"code": "S1", "title": "전략 이름", "probability": 0.83}],
    "candidates": [
        {"code": "3-1", "title": "세부과제 이름", "probability": 0.61},
        {"code": "3-2", "title": "다른 세부과제", "probability": 0.29},
    ],
    "off_plan": 0.1,
    "plan_sha": "0123abcd",
    "agencies": [
        {
            "id": "mohw",
            "name": "보건복지부",
            "role": "lead",
            "probability": 0.72,
            "reasons": ["글의 내용 0.74"],
        }
    ],
    "evidence": [{"start": 0, "end": 4, "text": "찾아가는", "weight": 0.4}],
    "clause": {"code": "3-1-1", "title": "가까운 조항", "similarity": 0.41},
    "rival": {"code": "3-2", "title": "다른 세부과제", "probability": 0.29, "why": ["이 말은 3-2 쪽: 버스"]},
    "regions": ["전라남도 신안군"],
    "others": {},
    "model": "default@0123abcd",
}
