"""How long a test waits for what must come, so long that no busy machine makes it fail."""

PATIENCE = 120  # seconds
