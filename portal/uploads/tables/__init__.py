"""Uploaded tables: CSV and XLSX read into lines of text with the addresses a spreadsheet shows."""
