"""What every API endpoint shares: tokens, permissions, pages, errors, contract."""
