"""What our own stages cost, against what the machine can do and against size."""
