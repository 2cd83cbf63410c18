"""Studies over projections: roll-up, causes, sharing."""
