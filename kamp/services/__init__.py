"""The only writers of showcases, datasets, models and inspections."""
