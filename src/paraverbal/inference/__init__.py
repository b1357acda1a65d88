"""A bundle in use: predictions for files, warnings, and the forms that results are written in."""
