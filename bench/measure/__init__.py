# SPDX-License-Identifier: Apache-2.0
"""What bench/run is made of: shapes, the programs that are measured, the window in which they are, and the tables."""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.environ.setdefault("LINGTAN_SOURCE", ROOT)
os.environ.setdefault("LINGTAN_BUILD", os.path.join(ROOT, "build", "release"))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
