"""Array -> changed array. What is drawn can be read before it is applied."""
