"""`python -m api` is the command `penstock`."""

from api.cli import main

main()
