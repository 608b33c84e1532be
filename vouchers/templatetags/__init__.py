"""Template tags of the voucher programme."""
