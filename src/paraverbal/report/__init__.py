"""Results -> files for people: text tables, figures, a page, a model card. Nothing new is computed here."""
