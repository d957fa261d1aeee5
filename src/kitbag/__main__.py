"""Run Kitbag as `python -m kitbag`."""

import sys

from kitbag.cli import main

sys.exit(main())
