"""A trained model as a folder on disk: labels, rate, graph, data, scores and licence together."""
