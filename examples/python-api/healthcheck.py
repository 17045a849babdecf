"""Ends with 0 where the service answers."""

import os
import sys
import urllib.request

with urllib.request.urlopen(f"http://127.0.0.1:{os.environ['PORT']}/health", timeout=3) as answer:
    sys.exit(0 if answer.status == 200 else 1)
