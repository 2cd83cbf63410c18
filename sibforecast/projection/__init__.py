"""Assumptions in, every line and the rolled-forward fund out."""
