"""The law as formulas: knows no data, no forecast, no file."""
