"""`python -m server`: the same as `inkling`, when the script is not on PATH."""

from server.commands import main

main(prog_name="inkling")
