"""What is saved: formats and their versions, plain arrays and JSON, files that are whole or not there (NumPy alone)."""
