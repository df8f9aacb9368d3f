"""A resolver for tests: no name resolves, as on a machine without a network."""

from collections.abc import Sequence

from twisted.internet.defer import Deferred, fail
from twisted.internet.error import DNSLookupError

from crawler.middlewares.guard import PublicResolver


class DeadResolver(PublicResolver):
    """Fails for every name."""

    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> Deferred[str]:
        return fail(DNSLookupError(f"no results for hostname lookup: {name}"))
