"""What may be done with companies and applications, and who writes it down."""
