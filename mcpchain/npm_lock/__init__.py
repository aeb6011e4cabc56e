"""What the lock files of npm, pnpm, yarn and bun have in common.

All of them install from npm's registries, repositories, addresses and folders, and
each writes that down in its own way. Here is what they mean.
"""
