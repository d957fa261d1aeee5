"""Print what is made from `targets.toml`: the rows or, for a page, that page; see `make docs`."""

from __future__ import annotations

import sys
from pathlib import Path

from holdall.deploy.targets.handbook import read_table, render_page, render_rows

if __name__ == "__main__":
    pages = [Path(word).read_text(encoding="utf-8") for word in sys.argv[1:]]
    made = [render_page(page, read_table()) for page in pages] or [render_rows(read_table())]
    print(*made, sep="", end="")
