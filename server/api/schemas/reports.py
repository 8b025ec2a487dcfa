"""Reports of the extension about itself."""

from __future__ import annotations

from server.api.schemas.base import Base
from server.api.schemas.fields import Text, Whole


class ReportBody(Base):
    """What the extension could not read on a page: counts and names, nothing of the reader."""

    kind = Text(longest=16, required=True, one_of=("drift",))
    site = Text(longest=32, required=True, pattern="[a-z][a-z0-9_-]*")
    page_kind = Text(longest=32, required=True, pattern="[a-z][a-z0-9_-]*")
    seen = Whole(100_000, required=True)
    expected = Whole(100_000, required=True)
    version = Text(longest=32, required=True)
