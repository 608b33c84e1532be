"""Background jobs: rows that workers claim, and the message that wakes them."""
