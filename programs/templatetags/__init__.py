"""Words the programme pages share."""
