"""What other pages may show of KAMP."""
