"""What a launch command runs: `command` reads it, and a module each kind of launcher.

Nothing is loaded here: who reads what `npx` is asked for needs no other launcher.
"""
