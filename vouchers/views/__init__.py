"""The pages of the panel, by desk: public, member, supplier."""
