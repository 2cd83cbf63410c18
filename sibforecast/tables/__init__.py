"""Data sets: reading, checking, naming what is wrong, and a workbook to fill in."""
