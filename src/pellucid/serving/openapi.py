"""OpenAPI is a description of what a server takes and gives, made for other programs to read."""

from __future__ import annotations

from typing import Any

from pellucid.example_rows import rounded
from pellucid.serving.answering import Answerer
from pellucid.serving.limits import Limits
from pellucid.version import __version__

REFUSALS = {
    400: "The body cannot be read as what its Content-Type says.",
    408: "The body came too slowly.",
    413: "The body is too large.",
    415: "The Content-Type is neither application/json nor text/csv.",
    421: "The Host is not this machine's own name, where it alone is served.",
    422: "A column is missing, a value is not of its kind, there are too many rows, and the like.",
    503: "Too much is asked at once, or the answer took too long: ask again later.",
}  # fmt: skip
"""What may be wrong with a request, by status."""


def document(answerer: Answerer, limits: Limits) -> dict[str, Any]:
    """The OpenAPI 3.1 document of a server, with the model's own columns.

    Examples
    --------
    >>> from pellucid import Network
    >>> from pellucid.serving.answering import answerer_of
    >>> made = document(answerer_of(Network([2, 1])), Limits())
    >>> made["openapi"], sorted(made["paths"])
    ('3.1.0', ['/docs', '/health', '/openapi.json', '/predict', '/schema'])
    """
    names = {f.name: f.to_json_schema() for f in answerer.fields}
    by_name = {"type": "object", "properties": names, "required": list(names)}
    by_place = {
        "type": "array",
        "items": {"type": "number"},
        "minItems": len(names),
        "maxItems": len(names),
    }
    schemas: dict[str, Any] = {
        "Row": by_name,
        "Rows": {
            "type": "array",
            "items": {"$ref": "#/components/schemas/Row"},
            "minItems": 1,
            "maxItems": limits.rows,
        },
        "Answers": _answers(answerer),
        "Error": _error(),
    }
    taken: list[dict[str, Any]] = [_ref("Rows")]
    if answerer.lists:
        taken.append(schemas["Rows"] | {"items": by_place})
    wrapped = [
        {
            "type": "object",
            "properties": {"rows": rows},
            "required": ["rows"],
            "additionalProperties": False,
        }
        for rows in taken
    ]
    refused = {"application/json": {"schema": _ref("Error")}}
    predict: dict[str, Any] = {
        "summary": f"Predict {answerer.target!r} for each row.",
        "description": "Columns that the model does not know are left out, with a note.",
        "operationId": "predict",
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"anyOf": wrapped + taken},
                    "example": {"rows": [example(answerer)]},
                },
                "text/csv": {"schema": {"type": "string"}, "example": csv_example(answerer)},
            },
        },
        "responses": {
            "200": _gives("The answers, in the order of the rows.", _ref("Answers"), csv=True),
            **{
                str(status): {"description": why, "content": refused}
                for status, why in REFUSALS.items()
            },
        },
    }
    if answerer.interval is not None:
        bounds = {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}
        predict["parameters"] = [
            {
                "name": "interval",
                "in": "query",
                "description": "The part of rows for which the number shall lie in its interval.",
                "schema": bounds | {"examples": [0.9]},
            }
        ]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{answerer.target} by {answerer.model}",
            "version": __version__,
            "description": f"{answerer.task} of {answerer.target!r}, by pellucid",
        },
        "paths": {
            "/predict": {"post": predict},
            "/schema": _page("schema", "Which columns are needed, and what is predicted."),
            "/health": _page("health", "Whether it runs, and how much it has done."),
            "/openapi.json": _page("openapi", "This document."),
            "/docs": _page("docs", "This document for people.", "text/html", {"type": "string"}),
        },
        "components": {"schemas": schemas},
    }


def example(answerer: Answerer) -> dict[str, Any]:
    """A row that the model takes."""
    return {field.name: _short(field.example) for field in answerer.fields}


def _short(value: Any) -> Any:
    """A number without more digits than an example needs."""
    if not isinstance(value, float):
        return value
    number = rounded(value)
    return int(number) if number.is_integer() and abs(number) < 1e9 else number


def csv_example(answerer: Answerer) -> str:
    """The same row as CSV."""
    import csv
    import io

    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(example(answerer))
    writer.writerow(example(answerer).values())
    return text.getvalue()


def _answers(answerer: Answerer) -> dict[str, Any]:
    numbers: dict[str, Any] = {"type": "array", "items": {"type": "number"}}
    one: dict[str, Any] = {"type": ["string", "number", "boolean", "array"]}
    if answerer.classes is not None:
        one = {"enum": answerer.classes}
    properties: dict[str, Any] = {
        "target": {"const": answerer.target},
        "predictions": {"type": "array", "items": one},
        "notes": {"type": "array", "items": {"type": "string"}},
    }
    needed = list(properties)
    if answerer.classes is not None:
        properties["classes"] = {"const": answerer.classes}
        properties["probabilities"] = {"type": "array", "items": numbers}
        needed += ["classes", "probabilities"]
    if answerer.interval is not None:
        pair = numbers | {"minItems": 2, "maxItems": 2}
        properties["intervals"] = {"type": "array", "items": pair}
    return {
        "type": "object",
        "properties": properties,
        "required": needed,
        "additionalProperties": False,
    }


def _error() -> dict[str, Any]:
    properties = {
        "status": {"type": "integer"},
        "message": {"type": "string"},
        "row": {"type": "integer", "minimum": 1},
        "column": {"type": "string"},
    }
    error = {"type": "object", "properties": properties, "required": ["status", "message"]}
    return {"type": "object", "properties": {"error": error}, "required": ["error"]}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _gives(what: str, schema: dict[str, Any], csv: bool = False) -> dict[str, Any]:
    content: dict[str, Any] = {"application/json": {"schema": schema}}
    if csv:
        content["text/csv"] = {"schema": {"type": "string"}}
    return {"description": what, "content": content}


def _page(
    name: str, what: str, kind: str = "application/json", schema: dict[str, Any] | None = None
) -> dict[str, Any]:
    """A GET that takes nothing."""
    content = {kind: {"schema": schema or {"type": "object"}}}
    response = {"description": what, "content": content}
    return {"get": {"summary": what, "operationId": name, "responses": {"200": response}}}
