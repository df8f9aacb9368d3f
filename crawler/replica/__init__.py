"""A miniature of the real sites on loopback, for the demo and the tests.

`server.Replica` serves it, `content.articles` is its truth, `middleware` leads a crawl to it.
"""
