"""The comparison with scikit-learn is code that is run on both, and tables of its outcome."""
