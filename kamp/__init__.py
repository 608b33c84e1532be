"""KAMP: showcases of AI in manufacturing, and the X-ray inspection to try on one's own clips."""
