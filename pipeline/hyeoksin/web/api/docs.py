"""``/api/v1/docs``: the description as one plain page, made from the OpenAPI schema; no script, nothing from outside."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from fastapi import APIRouter, Request
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from hyeoksin.web.api.limits import BIGGEST
from hyeoksin.web.api.problems import PROBLEMS

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
_METHODS = ("get", "post")


@router.get("/docs")
def docs(request: Request) -> HTMLResponse:
    """Show the description."""
    schema: dict[str, Any] = request.app.openapi()
    values = {
        "info": schema["info"],
        "groups": _groups(schema),
        "shapes": sorted(_shapes(schema)),
        "problems": PROBLEMS,
    }
    return HTMLResponse(_templates().get_template("api_docs.html").render(values))


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("hyeoksin.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _groups(schema: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the operations by group (tag), in the order of the routes."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, operations in schema["paths"].items():
        for method in (m for m in _METHODS if m in operations):
            operation = operations[method]
            groups.setdefault(operation["tags"][0], []).append(_operation(schema, method, path, operation))
    return groups


def _operation(
    schema: Mapping[str, Any], method: str, path: str, operation: Mapping[str, Any]
) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation["summary"],
        "description": operation.get("description", ""),
        "parameters": [
            (p["name"], p["in"], p.get("required", False), _type(p["schema"]), p.get("description", ""))
            for p in operation.get("parameters", ())
            if p["name"] != "X-API-Key"
        ],
        "body": None if body is None else _reference(body),
        "example": None if body is None else _pretty(_example(schema, body)),
        "answers": [
            (status, answer.get("description", ""), _answer_type(answer))
            for status, answer in operation["responses"].items()
        ],
    }


def _answer_type(answer: Mapping[str, Any]) -> str:
    content = answer.get("content", {}).get("application/json", {})
    return _type(content["schema"]) if "schema" in content else ""


def _shapes(schema: Mapping[str, Any]) -> Iterator[tuple[str, str, list[tuple[str, str, bool, str]]]]:
    """Yield name, description and fields of every object."""
    for name, shape in schema["components"]["schemas"].items():
        required = shape.get("required", ())
        fields = [
            (field, _type(value), field in required, value.get("description", ""))
            for field, value in shape.get("properties", {}).items()
        ]
        yield name, shape.get("description", ""), fields


def _reference(part: Mapping[str, Any]) -> str:
    return str(part.get("$ref", "")).rpartition("/")[2]


def _type(part: Mapping[str, Any]) -> str:
    """Return a type as a reader may understand it."""
    if "$ref" in part:
        return _reference(part)
    if "anyOf" in part:
        return " | ".join(dict.fromkeys(_type(p) for p in part["anyOf"]))
    if "enum" in part:
        return " | ".join(json.dumps(v, ensure_ascii=False) for v in part["enum"])
    kind = str(part.get("type", ""))
    if kind == "array":
        return f"{_type(part.get('items', {}))}[]"
    bounds = [
        f"{mark} {part[key]}"
        for key, mark in (("minimum", "≥"), ("maximum", "≤"), ("minLength", "≥"), ("maxLength", "≤"))
        if part.get(key) not in (None, 0, BIGGEST)
    ]
    return " ".join([part.get("format", kind), *bounds])


def _example(schema: Mapping[str, Any], part: Mapping[str, Any]) -> Any:
    """Return an example of a value, from the examples of its parts."""
    shape = schema["components"]["schemas"][_reference(part)] if "$ref" in part else part
    if "examples" in shape:
        return shape["examples"][0]
    if "anyOf" in shape and "properties" not in shape:
        return _example(schema, shape["anyOf"][0])
    if shape.get("type") == "array":
        return [_example(schema, shape["items"])]
    if "properties" in shape:
        required = shape.get("required", ())
        return {
            name: _example(schema, value)
            for name, value in shape["properties"].items()
            if name in required or "examples" in value
        }
    return shape.get("default", {"integer": 1, "boolean": True}.get(shape.get("type", ""), "…"))


def _pretty(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
