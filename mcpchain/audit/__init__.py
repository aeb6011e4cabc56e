"""Find out what is known against a component."""
