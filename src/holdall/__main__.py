"""Run Holdall as `python -m holdall`."""

import sys

from holdall.cli import main

sys.exit(main())
