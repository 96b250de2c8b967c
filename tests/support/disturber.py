# SPDX-License-Identifier: Apache-2.0
"""The hand on the disk and the clock under a daemon: what support/disturb.c, preloaded into it, obeys."""

import mmap
import os
import struct

import lingtan

LIBRARY = os.path.join(lingtan.BUILD, "tests", "support", "disturb.so")


class Disturber:
    def __init__(self, path, folder):
        """path: the file with which the daemon is told; folder: what is its disk."""
        self.path = path
        with open(path, "wb") as file:
            file.write(struct.pack("qiiii", 0, 0, 0, 0, 0) + os.fsencode(folder).ljust(4096, b"\0"))
        with open(path, "r+b") as file:
            self.control = mmap.mmap(file.fileno(), 0)

    def environment(self):
        options = os.environ.get("ASAN_OPTIONS", "")
        return {"LD_PRELOAD": LIBRARY, "LINGTAN_DISTURB": self.path, "ASAN_OPTIONS": options + ":verify_asan_link_order=0"}

    def set_clock(self, us):
        struct.pack_into("q", self.control, 0, us)

    def set_hang(self, hangs):
        struct.pack_into("i", self.control, 8, hangs)

    def set_error(self, error):
        struct.pack_into("i", self.control, 12, error)

    def set_synchronised(self, is_synchronised):
        """What the kernel says of its clock; its own word until then."""
        struct.pack_into("i", self.control, 16, 1 if is_synchronised else 2)
