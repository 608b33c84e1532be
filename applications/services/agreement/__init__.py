"""Services of agreements, from the draft to the end."""
