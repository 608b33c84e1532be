"""Commands, and what measures the inspection."""
