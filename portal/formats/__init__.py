"""How Django writes dates by itself, by language."""
