"""A folder of weights and what lies around them, as one model."""
