"""What the pages and the interface for programs say of faults alike: wrong values in Korean, the unforeseen by a number."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from hyeoksin.web.languages import marked

__all__ = ["detail", "numbered"]

log = logging.getLogger("hyeoksin.web")

_SAYS: dict[str, str] = {
    "missing": marked("빠졌습니다. 이 값을 넣으세요."),
    "extra_forbidden": marked("모르는 이름입니다. 지우거나 이름을 확인하세요."),
    "string_unicode": marked("글자가 아닌 것(짝이 없는 대리 문자)이 있습니다. 지우고 보내세요."),
    "string_type": marked("글(문자열)이어야 합니다."),
    "string_too_short": marked("{min_length}자 이상이어야 합니다."),
    "string_too_long": marked("{max_length}자를 넘습니다. 줄여서 보내세요."),
    "string_pattern_mismatch": marked("쓸 수 없는 글자나 모양입니다. 설명서의 보기를 따르세요."),
    "int_type": marked("정수여야 합니다."),
    "int_parsing": marked("정수여야 합니다."),
    "int_from_float": marked("정수여야 합니다."),
    "float_type": marked("수여야 합니다."),
    "float_parsing": marked("수여야 합니다."),
    "bool_type": marked("true 또는 false 여야 합니다."),
    "bool_parsing": marked("true 또는 false 여야 합니다."),
    "list_type": marked("목록이어야 합니다."),
    "dict_type": marked("객체여야 합니다."),
    "model_type": marked("객체여야 합니다."),
    "model_attributes_type": marked("객체(JSON object)여야 합니다."),
    "too_short": marked("{min_length}개 이상이어야 합니다."),
    "too_long": marked("{max_length}개를 넘습니다. 나누어 보내세요."),
    "greater_than_equal": marked("{ge} 이상이어야 합니다."),
    "less_than_equal": marked("{le} 이하여야 합니다."),
    "greater_than": marked("{gt}보다 커야 합니다."),
    "literal_error": marked("쓸 수 있는 값: {expected}."),
    "enum": marked("쓸 수 있는 값: {expected}."),
    "date_from_datetime_parsing": marked("2024-03-29 같은 날짜여야 합니다."),
    "date_parsing": marked("2024-03-29 같은 날짜여야 합니다."),
    "date_type": marked("2024-03-29 같은 날짜여야 합니다."),
    "date_from_datetime_inexact": marked("시각 없이 2024-03-29 같은 날짜여야 합니다."),
}
_OTHERWISE = marked("쓸 수 없는 값입니다 ({msg}).")
_NUL = marked("널 문자(U+0000)가 있습니다. 지우고 보내세요.")


def numbered(error: Exception) -> str:
    """Log an unforeseen error under a number, and return it; one that is raised on has its number already."""
    notes: list[str] = getattr(error, "__notes__", [])
    name = next((note for note in notes if note.startswith("error ")), None)
    if name is None:
        name = f"error {secrets.token_hex(4)}"
        error.add_note(name)
        log.error(name, exc_info=error)
    return name.removeprefix("error ")


def detail(error: Mapping[str, Any], say: Callable[[str], str] = str) -> str:
    """Return what is wrong with a value and what it should be; ``say`` translates."""
    kind, context = error["type"], error.get("ctx") or {}
    if kind == "value_error":
        return str(context.get("error", error["msg"]))
    if kind == "string_pattern_mismatch" and "\x00" in str(error["input"]):
        return say(_NUL)
    if "expected" in context:
        context = {**context, "expected": context["expected"].replace(" or ", ", ")}  # pydantic's English
    return say(_SAYS.get(kind, _OTHERWISE)).format_map({"msg": error["msg"], **context})
