"""Rehearse: what the store pipeline would do, counted, and nothing stored."""

from __future__ import annotations

from crawler.pipelines.store import StorePipeline
from crawler.storage.rehearsal import RehearsedWriter


class RehearsePipeline(StorePipeline):
    """A `StorePipeline` that only looks things up."""

    make_writer = RehearsedWriter
