"""Names of languages: the codes of mC4, and the other names that people and models use."""
