"""Restore drills: a backup is restored, verified on the copy, and a receipt signed."""
