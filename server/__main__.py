"""`python -m server`: the same as `inkling`, for where the script is not on PATH."""

from server.commands import main

main(prog_name="inkling")
