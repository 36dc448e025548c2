"""Write requirements.txt from a compiled closure: the same lines, behind one for Windows.

The first README of this project tells Windows users to run `pip install -r requirements.txt --no-deps uvloop`. uvloop does
not exist for Windows, so that command failed there. `deploy/windows` holds an empty wheel under its name which only
Windows takes (by its tag); with it the command does what it was meant to do: install everything else.
"""

import sys
from pathlib import Path

HEAD = "--find-links deploy/windows\n"

closure = Path(sys.argv[1]).read_text(encoding="utf-8")
Path("requirements.txt").write_text(HEAD + closure, encoding="utf-8")
