"""Every command and every program of the cookbook is run, and prints what the cookbook says."""

from __future__ import annotations

import asyncio
import re

from crawler.storage.store import connect
from tests.docs import cookbook


def test_it_prints_what_it_says(mongo_uri, database, tmp_path):
    asyncio.run(cookbook.load_articles(mongo_uri, database))
    lines = cookbook.COOKBOOK.read_text(encoding="utf-8").splitlines()
    with connect(mongo_uri, None) as client:
        rendered = cookbook.render(lines, mongo_uri, client[database], tmp_path)
    assert rendered == lines


def test_it_answers_fifteen_questions_each_in_three_ways():
    text = cookbook.COOKBOOK.read_text(encoding="utf-8")
    recipes = re.split(r"^## \d+\. ", text, flags=re.M)[1:]
    assert len(recipes) == 15
    for recipe in recipes:
        assert "\n$ scrapy " in recipe, recipe
        assert ".aggregate(pipeline)" in recipe, recipe
        assert "\nfind:" in recipe, recipe
        assert "\naggregate:" in recipe, recipe
