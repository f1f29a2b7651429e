"""The static partial evaluator: config files on an abstract machine that never guesses.

A config is executed statement by statement on values that may be unknown. Where the machine
needs a truth that nothing in the repository tells (an environment variable, the platform), it
splits the *world* in two and evaluates each; what comes out is a value per world, or `Unknown`
with its reason. Nothing of the project is ever run.
"""
