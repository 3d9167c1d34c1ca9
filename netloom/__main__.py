"""`python -m netloom`: the same as the command `netloom`."""

from netloom.cli import main

main()
