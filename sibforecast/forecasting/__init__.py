"""Drivers of the years to come, and the outturn of the year under way."""
