"""Who is assigned to what: ties between people and firms, and the solver."""
