"""What languages are called: the codes of mC4, and all other names that people and models have for them."""
