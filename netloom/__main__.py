"""`python -m netloom`: the command."""

from netloom.cli.app import main

main()
