"""Sampling results (抽检结果): tables and attached files to records, without a database and without the network."""
