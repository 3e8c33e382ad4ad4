"""Texts as they come in."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from hyeoksin.domain import Document
from hyeoksin.normalise import is_blank
from hyeoksin.web.api.limits import MAX_ID, MAX_TEXT, MAX_TEXTS, MAX_TITLE

__all__ = ["NO_NULL", "SEEN", "Clean", "Day", "TextIn", "TextsIn", "Whole", "documents"]


NO_NULL = r"^[^\x00]*$"
SEEN = r"[^\s\x00-\x1f\x7f\x85\xad\u200b-\u200d\ufeff\ufffd]"  # is_blank, as a pattern that a schema may hold
Clean = Annotated[str, Field(pattern=NO_NULL)]


def _iso(value: object) -> object:
    """Let only written days pass: pydantic would read a number as seconds since 1970."""
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise ValueError("2024-03-29 같은 날짜여야 합니다.")
    return value


def _whole(value: object) -> object:
    """JSON knows one kind of number: 3.0 is 3."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Day = Annotated[datetime.date, BeforeValidator(_iso), Field(strict=False)]
Whole = Annotated[int, BeforeValidator(_whole)]


class TextIn(BaseModel):
    """글 하나: 제목과 본문 가운데 하나는 있어야 합니다."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "anyOf": [
                {"required": [name], "properties": {name: {"type": "string", "pattern": SEEN}}}
                for name in ("title", "text")
            ]
        },
    )

    id: Annotated[Clean, Field(min_length=1, max_length=MAX_ID)] | None = Field(
        default=None, description="부르는 쪽의 번호. 없으면 1부터 차례로 매김", examples=["a-1"]
    )
    title: Clean = Field(default="", max_length=MAX_TITLE, examples=["찾아가는 이동 진료버스 운영"])
    text: Clean = Field(
        default="", max_length=MAX_TEXT, examples=["의사가 섬을 돌며 주민을 진료하는 버스를 운영한다."]
    )
    date: Day | None = Field(
        default=None, description="글의 날짜: 기관 이름을 이날로 읽음", examples=["2024-03-29"]
    )
    region: Annotated[Clean, Field(max_length=MAX_ID)] | None = Field(
        default=None, description="글을 낸 지역", examples=["전라남도 신안군"]
    )
    source: Clean = Field(default="", max_length=MAX_TITLE, description="어디서 온 글인지 (그대로 돌려줌)")

    @model_validator(mode="after")
    def _some_text(self) -> TextIn:
        if is_blank(self.title) and is_blank(self.text):
            raise ValueError("제목(title)과 본문(text)이 모두 비어 있습니다. 하나는 적으세요.")
        return self


class TextsIn(BaseModel):
    """분류할 글들."""

    model_config = ConfigDict(extra="forbid", strict=True)

    documents: list[TextIn] = Field(
        min_length=1, max_length=MAX_TEXTS, description=f"1건부터 {MAX_TEXTS:,}건까지"
    )


def documents(texts: Sequence[TextIn]) -> list[Document]:
    """Return the texts as documents; those without an id are numbered from 1."""
    return [
        Document(
            id=text.id if text.id is not None else str(number),
            text=text.text,
            title=text.title,
            source=text.source,
            date=text.date.isoformat() if text.date else None,
            region=(text.region or "").strip() or None,
        )
        for number, text in enumerate(texts, start=1)
    ]
