"""The shape of the package: imports point one way and make no circle, no file is too long, no class name is used twice.

Imports inside functions and for type checkers count too. Rooms are the folders of `crawler/` and its top-level files.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import crawler

PACKAGE = Path(crawler.__file__).parent
MAX_LINES = 500
LAYERS = (
    ("text", "items", "settings", "errors", "output"),
    ("parsing", "samples"),
    ("sites",),
    ("storage", "platforms"),
    ("pipelines", "middlewares", "runs", "transfer", "discovery"),
    ("spiders",),
    ("schedule", "search"),
    ("commands", "web", "cli", "api"),
)
"""From the lowest to the highest: a room imports rooms of its own layer and of those below. A top-level file that is
not named here belongs to the highest."""
NOT_CODE = ("docs", "deploy")
"""Folders of examples and unit files; what is in them is run by itself."""
REPLICA_READERS = ("commands.demo",)
REPLICA_NEEDS = {"parsing", "sites", "text", "items", "settings", "errors"}

ALLOWED = {}
"""Faults that somebody is mending, and who; the list only gets shorter."""

MODULES = {
    ".".join(parts[:-1] if parts[-1] == "__init__" else parts): ast.parse(path.read_text("utf-8"), str(path))
    for path in sorted(PACKAGE.rglob("*.py"))
    if (parts := path.relative_to(PACKAGE).with_suffix("").parts)[0] not in NOT_CODE
}
"""The syntax tree of each module, by its name without `crawler.`; the package itself is ""."""


def imported(tree: ast.Module) -> Iterator[str]:
    """The full names of the modules that a module imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner.removeprefix("crawler.") in MODULES else str(node.module)


IMPORTS = {
    name: {other.removeprefix("crawler.") for other in imported(tree) if other.startswith("crawler.")} - {name}
    for name, tree in MODULES.items()
}


def room(module: str) -> str:
    return module.partition(".")[0]


def layer(module: str) -> int:
    return next((number for number, rooms in enumerate(LAYERS) if room(module) in rooms), len(LAYERS) - 1)


def upward_imports() -> Iterator[str]:
    for name, others in IMPORTS.items():
        for other in others:
            if room(name) == "replica":
                allowed = room(other) in REPLICA_NEEDS | {"replica"}
            elif room(other) == "replica":
                allowed = name in REPLICA_READERS
            else:
                allowed = layer(other) <= layer(name)
            if not allowed:
                yield f"{name} imports {other}"


def circles(graph: dict[str, set[str]], what: str) -> Iterator[str]:
    """Each circle: one import of it is removed before the next circle is looked for."""
    graph = {name: set(others) for name, others in graph.items()}
    while True:
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            used, user, *_ = path = error.args[1]
            yield f"{what} in a circle: {', '.join(sorted(set(path)))}"
            graph[user].discard(used)
        else:
            return


def rooms() -> dict[str, set[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for name, others in IMPORTS.items():
        found[room(name)] |= {room(other) for other in others} - {room(name)}
    return found


def repeated_classes() -> Iterator[str]:
    places: defaultdict[str, set[str]] = defaultdict(set)
    for name, tree in MODULES.items():
        for node in ast.walk(tree):
            # Scrapy wants every command to be a class called so.
            if isinstance(node, ast.ClassDef) and (room(name), node.name) != ("commands", "Command"):
                places[node.name].add(name)
    return (f"class {name} in {', '.join(sorted(found))}" for name, found in places.items() if len(found) > 1)


def test_imports_point_one_way() -> None:
    assert sorted(set(upward_imports()) - set(ALLOWED)) == []


def test_no_import_makes_a_circle() -> None:
    assert sorted({*circles(IMPORTS, "modules"), *circles(rooms(), "rooms")} - set(ALLOWED)) == []


def test_no_class_name_is_used_twice() -> None:
    assert sorted(set(repeated_classes()) - set(ALLOWED)) == []


def test_no_file_is_too_long() -> None:
    lines = {str(p.relative_to(PACKAGE)): len(p.read_text("utf-8").splitlines()) for p in PACKAGE.rglob("*.py")}
    assert {name: number for name, number in lines.items() if number > MAX_LINES} == {}


def test_the_package_imports_no_test() -> None:
    assert [name for name, tree in MODULES.items() for other in imported(tree) if other.split(".")[0] == "tests"] == []
