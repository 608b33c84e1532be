"""Forms of a draft, made from the catalogue data where it declares them."""
