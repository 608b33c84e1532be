"""Assessment: the committee and the score arithmetic."""
