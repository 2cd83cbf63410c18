"""The year in execution: where each fund stands, what must be adjusted, how the year is settled and scored."""
