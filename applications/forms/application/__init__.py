"""What an application says, in words."""
