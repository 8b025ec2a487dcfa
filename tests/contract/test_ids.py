"""The server and the extension read the same paper in whatever is written: in the table, and in mutations of it."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from server.errors import BadPaperId
from server.paper_ids import canonical

ROOT = Path(__file__).parents[2]
TABLE = [case["written"] for case in json.loads((Path(__file__).parent / "ids.json").read_text())]
READ = """const { paperId } = await import(process.argv[1]);
let text = "";
for await (const piece of process.stdin.setEncoding("utf8")) text += piece;
process.stdout.write(JSON.stringify(JSON.parse(text).map(paperId)));"""

IDS = ["2401.12345", "0704.0001", "9912.00001v3", "hep-th/9901001", "math.GT/0309136v2", "cond-mat.str-el/0309136"]
BEFORE = ["", "arXiv:", "arXiv preprint arXiv:", "CoRR abs/", "doi:10.48550/arXiv.", "https://doi.org/10.48550/arXiv."]
HOSTS = ["arxiv.org", "www.arxiv.org", "export.arxiv.org", "ar5iv.labs.arxiv.org", "ar5iv.org", "www.alphaxiv.org"]
HOSTS += ["huggingface.co", "hf.co", "hf.com", "doi.org", "example.org", "notarxiv.org"]
FOLDERS = ["abs", "pdf", "html", "papers", "en/papers", "overview", "resources", "src", "e-print", "list", "10.48550"]
AFTER = [
    "",
    "v2",
    " v2",
    ".pdf",
    ".md",
    "/",
    "%20",
    "?context=cs",
    "#abstract",
    " [cs.LG] 20 Jan 2024",
    " (cs.LG)",
    ".",
]
AROUND = ["{}", "[{}]", "({})", "<{}>", '"{}"', " {}\n", "{}{}", "“{}”", "\ufeff{}\u00a0"]
# What the two languages hold to be a space, a digit, a letter or the end of a line, each in its own way.
ODD = list("\x00\t\n\v\f\r\x1c\x1f\x85 \u00a0\u180e\u200b\u2028\u2060\u3000\ufeff٣３ſKİı．／：\U0001f600%\\/.:?#[]()@v")


def composed(dice: random.Random) -> str:
    """Return an id in some form that people or programs write."""
    paper, after = dice.choice(IDS), dice.choice(AFTER)
    address = f"{dice.choice(['https://', 'http://', '//', ''])}{dice.choice(HOSTS)}/{dice.choice(FOLDERS)}/"
    before = dice.choice([*BEFORE, address, address, address])
    return dice.choice(AROUND).replace("{}", before + paper + after)


def mutated(dice: random.Random, written: str) -> str:
    """Return it with one thing changed: a character added, lost, doubled, escaped, or in the other case."""
    at = dice.randrange(len(written) + 1)
    head, one, tail = written[:at], written[at : at + 1], written[at + 1 :]
    odd = dice.choice(ODD)
    escaped = "".join(f"%{byte:02{dice.choice('xX')}}" for byte in one.encode())
    lost_or_added = [head + tail, head + odd + one + tail, head + odd + tail, head + one * 2 + tail]
    written_otherwise = [head + escaped + tail, head + one.swapcase() + tail, written.upper(), tail + head]
    return dice.choice(lost_or_added + written_otherwise)


def forms(seed: int, count: int) -> list[str]:
    """Return ids as written, half of them sound, the others changed in one to three places."""
    dice = random.Random(seed)
    found = []
    for _ in range(count):
        written = dice.choice([composed(dice), dice.choice(TABLE)])
        for _ in range(dice.choice([0, 0, 1, 2, 3])):
            written = mutated(dice, written)
        found.append(written)
    return found


def here(written: str) -> str | None:
    try:
        return canonical(written)
    except BadPaperId:
        return None


def in_the_extension(written: list[str]) -> list[str | None]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    module = (ROOT / "extension" / "src" / "paper-ids.js").as_uri()
    command = [node, "--input-type=module", "-e", READ, module]
    done = subprocess.run(command, input=json.dumps(written), capture_output=True, text=True, check=True)
    found: list[str | None] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("seed", range(4))
def test_both_sides_read_the_same_paper_in_whatever_is_written(seed: int) -> None:
    written = forms(seed, 4_000)
    ours = [here(one) for one in written]
    differ = [row for row in zip(written, ours, in_the_extension(written), strict=True) if row[1] != row[2]]
    assert not differ, differ[:10]
    # Otherwise they would agree about nothing: each outcome is common, and each id is among what is found.
    assert min(ours.count(None), len(ours) - ours.count(None)) > len(ours) / 5
    assert {"2401.12345", "0704.0001", "9912.00001", "hep-th/9901001", "math/0309136", "cond-mat/0309136"} <= set(ours)
