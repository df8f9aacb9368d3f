"""Faults and attacks, each real, for `bench_faults.py`: every module gives rows of its table."""
