"""What the imported schema modules declare: classes, and the dictionary form with the lines of its parts."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pocketvex.findings import Finding, Location
from pocketvex.load.wire import described
from pocketvex.schema.declare import FieldDeclaration, as_values, declared

if TYPE_CHECKING:
    import ast

Lines = dict[str, tuple[int, dict[str, int]]]
"""By the name of a collection: its line, and those of its fields."""


def collect(modules: list[ModuleType]) -> dict[str, Any]:
    """The declarations of all modules, ready for `wire.to_wire`."""
    problems: list[Finding] = []
    classes = [as_values(cls) for cls in declared]
    for values in classes:
        for field in values["fields"]:
            _describe_model(values["name"], field, problems)
    seen: set[int] = set()
    written = []
    for module in modules:
        value = vars(module).get("schema")
        if value is None or isinstance(value, ModuleType) or id(value) in seen:
            continue  # `import schema`, or the schema of another module
        seen.add(id(value))
        written.append(_written(module, value, problems))
    return {"classes": classes, "written": [w for w in written if w], "problems": problems}


def _written(module: ModuleType, value: object, problems: list[Finding]) -> dict[str, Any] | None:
    file = module.__file__ or ""
    line, lines = lines_of(file)
    if not isinstance(value, Mapping | list | tuple):
        message = f"`schema` is {described(value)}: it takes {{'collections': […]}} or a list of collections"
        problems.append(Finding("", message, Location(file, line)))
        return None
    for field in _declarations(value):
        _describe_model("", field.options, problems, field.source)
    return {"at": Location(file, line), "value": value, "lines": lines}


def _declarations(value: object, depth: int = 0) -> list[FieldDeclaration]:
    """The fields that are written with `field.…` inside of a dictionary."""
    if isinstance(value, FieldDeclaration):
        return [value]
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    return [found for item in items for found in _declarations(item, depth + 1)] if depth < 6 else []


def _describe_model(
    collection: str, options: dict[str, Any], problems: list[Finding], source: Location | None = None
) -> None:
    """Replace the model of a JSON field by its description: the class itself cannot leave."""
    model = options.get("model")
    if model is None or isinstance(model, dict):
        return
    from pydantic import TypeAdapter

    try:
        options["model"] = TypeAdapter(model).json_schema()
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        path = ".".join(filter(None, [collection, str(options.get("name", ""))]))
        message = f"{described(model)} is not a model or a type that JSON can hold: {reason}"
        problems.append(Finding(path, message, options.get("source") or source))
        options["model"] = None


def lines_of(file: str) -> tuple[int, Lines]:
    """The line of `schema = …` in a file, and the lines of the collections and fields that it names."""
    import ast

    try:
        with open(file, "rb") as source:
            tree = ast.parse(source.read())
    except (OSError, ValueError, SyntaxError):
        return 0, {}
    start = 0
    for statement in tree.body:
        targets = (
            statement.targets if isinstance(statement, ast.Assign)
            else [statement.target] if isinstance(statement, ast.AnnAssign) else []
        )  # fmt: skip
        if any(isinstance(target, ast.Name) and target.id == "schema" for target in targets):
            start = statement.lineno
    lines: Lines = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            entries = _entries(node)
            fields = entries.get("fields") or entries.get("schema")
            name = _text(entries.get("name"))
            if name and (fields is not None or "type" in entries) and name not in lines:
                lines[name] = (entries["name"].lineno, _field_lines(fields))
    return start, lines


def _field_lines(fields: ast.expr | None) -> dict[str, int]:
    import ast

    if isinstance(fields, ast.Dict):
        return {name: value.lineno for name, value in _entries(fields).items()}
    found: dict[str, int] = {}
    for item in getattr(fields, "elts", ()):
        if isinstance(item, ast.Dict):
            entry = _entries(item).get("name")
            if entry is not None and (name := _text(entry)):
                found.setdefault(name, entry.lineno)
    return found


def _entries(node: ast.Dict) -> dict[str, ast.expr]:
    return {name: value for key, value in zip(node.keys, node.values, strict=True) if (name := _text(key))}


def _text(node: ast.expr | None) -> str:
    value = getattr(node, "value", None)
    return value if isinstance(value, str) else ""
