"""`python -m netloom`: the command."""

from netloom.cli import main

main()
