"""Timings, run by hand; each says whether it keeps what it found in reports/benchmarks."""
