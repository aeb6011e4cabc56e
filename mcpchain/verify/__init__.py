"""Who stands for it? Each file answers of one kind of evidence, and asks nobody."""
