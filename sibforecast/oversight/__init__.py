"""The year in execution: what is reported, and what becomes of the budget."""
