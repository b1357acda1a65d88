"""Waveform -> features, in NumPy alone, so that the core can compute them."""
