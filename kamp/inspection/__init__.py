"""The inspection itself: arrays in, numbers out; no Django."""
