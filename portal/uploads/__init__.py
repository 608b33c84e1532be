"""Files people send: storage, and what may be in them."""
