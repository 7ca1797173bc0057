"""The jobs: thin mains from arguments to a pipeline."""
