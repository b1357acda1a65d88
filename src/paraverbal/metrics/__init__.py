"""Truth and prediction -> number, in plain NumPy."""
