"""Every line and every program of the cookbook is run, and prints what the cookbook says.

    python tests/docs/test_cookbook.py

writes what they print now into it, for a person to read over.
"""

from __future__ import annotations

import asyncio
import importlib.util
import re
import tempfile
from pathlib import Path
from types import ModuleType

from crawler.storage import embedded
from crawler.storage.store import connect


def _kitchen() -> ModuleType:
    spec = importlib.util.spec_from_file_location("kitchen", Path(__file__).with_name("kitchen.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Its dataclass looks its own module up.
    import sys

    sys.modules["kitchen"] = module
    spec.loader.exec_module(module)
    return module


kitchen = _kitchen()


def test_it_prints_what_it_says(mongo_uri, database):
    asyncio.run(kitchen.lay_in(mongo_uri, database))
    lines = kitchen.COOKBOOK.read_text(encoding="utf-8").splitlines()
    with connect(mongo_uri, None) as client:
        served = kitchen.serve(lines, mongo_uri, client[database])
    assert served == lines


def test_it_answers_fifteen_questions_each_in_three_ways():
    text = kitchen.COOKBOOK.read_text(encoding="utf-8")
    recipes = re.split(r"^## \d+\. ", text, flags=re.M)[1:]
    assert len(recipes) == 15
    for recipe in recipes:
        assert "\n$ scrapy " in recipe, recipe
        assert ".aggregate(pipeline)" in recipe, recipe
        assert "\nfind:" in recipe, recipe
        assert "\naggregate:" in recipe, recipe


def main() -> None:
    """Write today's outputs into the cookbook."""
    with tempfile.TemporaryDirectory() as directory:
        uri = embedded.ensure_running(Path(directory))
        try:
            asyncio.run(kitchen.lay_in(uri, "cookbook"))
            lines = kitchen.COOKBOOK.read_text(encoding="utf-8").splitlines()
            with connect(uri, None) as client:
                served = kitchen.serve(lines, uri, client["cookbook"])
            kitchen.COOKBOOK.write_text("\n".join(served) + "\n", encoding="utf-8")
        finally:
            embedded.stop(Path(directory))


if __name__ == "__main__":
    main()
