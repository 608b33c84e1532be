"""Management commands of the voucher programme."""
