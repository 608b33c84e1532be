"""Benchmarks: bulk data, load generator and the parts that are measured. Never part of production."""
