"""The demo's suppliers and reports."""
