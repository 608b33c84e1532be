"""Acts on many applications at once, each row judged as a single act would judge it."""
