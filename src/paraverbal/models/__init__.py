"""Batch -> logits and embedding, in torch. One family per file; `model.build` makes any of them from a recipe."""
