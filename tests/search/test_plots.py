"""Plots: the font that Chinese is drawn in."""

from __future__ import annotations

from pathlib import Path

import pytest
from matplotlib import font_manager

from crawler.errors import QueryError
from crawler.search.plots import chinese_font


def test_a_font_that_was_removed_counts_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # matplotlib keeps its list of fonts between runs.
    gone = font_manager.FontEntry(fname=str(tmp_path / "simhei.ttf"), name="SimHei")
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [gone])
    try:
        name = chinese_font()
    except QueryError:
        name = "none"
    assert name != "SimHei"
