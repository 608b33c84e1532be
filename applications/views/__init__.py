"""Pages of applicants, partners, assessors and experts, and public pages."""
