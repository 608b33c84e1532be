"""Assessment: committee, conflicts of interest, rubrics, sheets and score runs."""
