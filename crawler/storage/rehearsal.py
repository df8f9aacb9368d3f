"""What a writer would do, without a write."""

from __future__ import annotations

from crawler.storage.batch import Batches
from crawler.storage.outcome import Document, Entry, plan
from crawler.storage.writer import ArticleWriter


class RehearsedBatches(Batches):
    """Tells the outcome of each document and stores none. One that concerns an article that the same batch would write
    is judged by what is stored now."""

    async def write(self, entries: list[Entry], rejects: list[Document], seconds: float) -> None:
        """As `Batches.write`."""
        stored, twins = await self._store.retrying(
            lambda: self._look_up([entry.document for entry in entries]), seconds
        )
        while entries:
            steps, later = plan(entries, stored, twins)
            for step in steps:
                self._on_outcome("article", step.outcome, step.document)
            entries[:] = later
        for reject in rejects:
            self._on_outcome("reject", reject["reason"], reject)
        rejects.clear()


class RehearsedWriter(ArticleWriter):
    """An `ArticleWriter` that stores nothing."""

    batches = RehearsedBatches
