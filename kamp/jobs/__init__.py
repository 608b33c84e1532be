"""Background work of KAMP; only workers import it: it loads image and learning libraries."""
