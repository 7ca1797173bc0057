"""Looking at a finished corpus: in the terminal, as one HTML file, and in a local viewer."""
