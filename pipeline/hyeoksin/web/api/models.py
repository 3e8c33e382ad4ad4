"""``/models``: which model answers, and which ones there were."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from hyeoksin import __version__
from hyeoksin.store import ModelState
from hyeoksin.web.api.keys import Viewer
from hyeoksin.web.api.rounds import stored
from hyeoksin.web.judge import Judge

__all__ = ["router"]

router = APIRouter(prefix="/models", tags=["모델"])


class ModelOut(BaseModel):
    """모델의 한 판."""

    id: str
    state: ModelState = Field(description="candidate 후보, active 쓰는 중, retired 물러남, refused 거절됨")
    created_at: str
    created_by: str
    changed_at: str


class ModelsOut(BaseModel):
    """서버의 모델들."""

    version: str = Field(description="hyeoksin 의 판")
    judge: Literal["starting", "ready", "failed", "stopped"] = Field(description="분류기가 지금 쓸 수 있는지")
    shipped: bool = Field(description="실린 모델로 답하는지 (아니면 active 인 모델)")
    models: list[ModelOut] = Field(description="배운 모델들, 새것부터")


@router.get("", summary="모델들")
def models(request: Request, caller: Viewer) -> ModelsOut:
    """지금 답하는 모델과 배운 모델들입니다."""
    del caller
    judge: Judge = request.app.state.judge
    return ModelsOut(
        version=__version__,
        judge=judge.state,
        shipped=judge.model is None,
        models=[
            ModelOut(
                id=m.id,
                state=m.state,
                created_at=m.created_at,
                created_by=m.created_by,
                changed_at=m.changed_at,
            )
            for m in stored(request).models()
        ],
    )
