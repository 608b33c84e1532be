"""Inspection by computer vision: clips in, verdicts out, without Django; see docs/kamp.md."""
