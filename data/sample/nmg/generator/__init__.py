"""What writes the illustrative sample, room by room."""
