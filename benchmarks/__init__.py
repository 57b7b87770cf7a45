"""Timings, run by hand; what they found is kept in reports/benchmarks."""
