"""Recipe + features -> weights and history."""
