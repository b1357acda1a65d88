"""Predictions and rows -> Result."""
