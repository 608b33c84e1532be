"""Consumer reports: writing, pictures, moderation."""
