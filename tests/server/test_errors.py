"""Each error of the project has its place in the one table of HTTP answers."""

from __future__ import annotations

from server import errors
from server.api.errors import STATUS


def test_every_error_of_the_project_has_a_status() -> None:
    def below(kind: type[errors.InklingError]) -> set[type[errors.InklingError]]:
        return {kind}.union(*(below(child) for child in kind.__subclasses__()))

    homeless = {
        kind.__name__
        for kind in below(errors.InklingError) - {errors.InklingError, errors.BrokenArtefact}
        if not any(issubclass(kind, known) for known, _ in STATUS)
    }
    assert homeless == set()
