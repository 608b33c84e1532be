"""From frames to measurements, before any model is involved."""
