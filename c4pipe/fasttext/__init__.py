"""fastText classifiers, read from their files and asked without the library: of languages and of scores."""
