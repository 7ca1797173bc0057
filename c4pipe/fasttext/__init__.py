"""fastText classifiers, read from their files and run without the library: for languages and for scores."""
