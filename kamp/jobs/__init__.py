"""Background work of KAMP. Only workers import these modules: they load image and learning libraries."""
