"""What a corpus is: the plan of its stages, its catalogue of rules and reasons, its counts."""
