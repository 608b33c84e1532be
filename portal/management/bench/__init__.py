"""What measurements share: stage, load and report; the parts are named in `BENCH_PARTS`."""
