"""Holds a call and its answer to an OpenAPI 3.0 description, strictly: what is not described is not allowed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "boolean": (bool,), "object": (dict,), "array": (list,),
    "number": (int, float),
}  # fmt: skip


class Description:
    def __init__(self, file: Path) -> None:
        self._whole = json.loads(file.read_text(encoding="utf-8"))

    def operation(self, method: str, path: str) -> tuple[dict[str, Any], dict[str, str]] | None:
        """The described operation and the values in its path. A path without holes goes first."""
        for template in sorted(self._whole["paths"], key=lambda text: "{" in text):
            pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)
            found = re.fullmatch(pattern, path)
            if found and method.lower() in self._whole["paths"][template]:
                return self._whole["paths"][template][method.lower()], found.groupdict()
        return None

    def faults_of_body(self, operation: dict[str, Any], body: Any) -> list[str]:
        described = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        if described is None:
            return [] if body is None else ["no body is described"]
        return list(self._faults(described, body, "body"))

    def faults_of_answer(self, operation: dict[str, Any], status: int, data: Any) -> list[str]:
        described = operation["responses"].get(str(status))
        if described is None:
            return [f"status {status} is not described"]
        schema = described.get("content", {}).get("application/json", {}).get("schema")
        return list(self._faults(schema, data, "answer")) if schema else []

    def _faults(self, schema: dict[str, Any], value: Any, where: str) -> Iterator[str]:
        schema = self._resolved(schema)
        if value is None:
            if not schema.get("nullable"):
                yield f"{where}: may not be null"
            return
        if "oneOf" in schema:
            if all(any(self._faults(one, value, where)) for one in schema["oneOf"]):
                yield f"{where}: fits none of the alternatives"
            return
        kind = schema.get("type", "object" if "properties" in schema else "")
        if kind and (not isinstance(value, _TYPES[kind]) or (kind == "integer" and isinstance(value, bool))):
            yield f"{where}: is no {kind}"
            return
        if "enum" in schema and value not in schema["enum"]:
            yield f"{where}: is none of {schema['enum']}"
        if isinstance(value, dict) and schema.get("properties"):
            yield from self._faults_of_parts(schema, value, where)
        if isinstance(value, list) and "items" in schema:
            for number, part in enumerate(value):
                yield from self._faults(schema["items"], part, f"{where}[{number}]")

    def _faults_of_parts(self, schema: dict[str, Any], value: dict[str, Any], where: str) -> Iterator[str]:
        for name in schema.get("required", ()):
            if name not in value:
                yield f"{where}.{name}: is missing"
        for name, part in value.items():
            if name not in schema["properties"]:
                yield f"{where}.{name}: is not described"
            else:
                yield from self._faults(schema["properties"][name], part, f"{where}.{name}")

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[1]
            return self._resolved(self._whole["components"]["schemas"][name])
        if "allOf" in schema:
            parts = [self._resolved(part) for part in schema["allOf"]]
            properties = {k: v for part in (*parts, schema) for k, v in part.get("properties", {}).items()}
            return {"type": "object", "properties": properties, "nullable": schema.get("nullable", False)}
        return schema
