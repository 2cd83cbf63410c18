"""The year in execution: what is reported, where each fund stands, what must be adjusted, how the year is settled and scored."""
