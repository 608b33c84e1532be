"""Form fields and how forms are rendered."""
