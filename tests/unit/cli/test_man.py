# SPDX-License-Identifier: Apache-2.0
"""The pages of man/ against the programs: every option of --help with its very words, no option more, and
lingtan.conf.5 as the option tables would make it."""

import importlib.util
import os
import re
import subprocess
import unittest

import lingtan

PAGES = {"lingtan.1": lingtan.LINGTAN, "lingtand.8": lingtan.LINGTAND, "lingtan-sim.1": lingtan.SIMULATOR}


def default_prefix(text):
    """Where the folders of this build differ from those in the pages, as after -DCMAKE_INSTALL_PREFIX=/usr."""
    return re.sub(r"[^\s(\"]*/(etc/lingtan|share/lingtan)", r"/usr/local/\1", text)


def words(text):
    return " ".join(text.split())


def options_of_help(program):
    """[(names, text)] of the lines that begin with an option, their continuation included."""
    text = subprocess.run([program, "--help"], check=True, capture_output=True, text=True).stdout
    found = []
    for line in default_prefix(text).splitlines():
        start = re.match(r"  (?:-\w, |    )--", line)
        if start:
            names = re.findall(r"(?<![\w-])--?[A-Za-z0-9][a-z-]*(?=[ ,]|$)", re.split(r"\s{2,}", line.strip())[0])
            rest = re.sub(r"^\s*(-\w, )?(--[a-z-]+( [A-Z]+| on\|off)?\s*)+", "", line)
            found.append([names, rest])
        elif found and re.match(r"\s{12,}\S", line):
            found[-1][1] += " " + line
        elif found and line and not line.startswith(" "):
            break
    return [(names, words(rest)) for names, rest in found]


def options_of_page(page):
    with open(os.path.join(lingtan.SOURCE, "man", page), encoding="utf-8") as file:
        text = file.read()
    items = re.split(r"^\.It ", text, flags=re.M)[1:]
    found = []
    for item in items:
        head, _, body = item.partition("\n")
        names = re.findall(r"Fl (\S+)", head)
        if names:
            body = words("\n".join(line for line in body.split("\n.")[0].splitlines()))
            found.append((["-" + name for name in names], body))
    return found


class Man(unittest.TestCase):
    def test_options(self):
        for page, program in PAGES.items():
            with self.subTest(page=page):
                told = options_of_help(program)
                self.assertGreater(len(told), 4)
                self.assertEqual(options_of_page(page), told)

    def test_commands(self):
        text = subprocess.run([lingtan.LINGTAN, "--help"], check=True, capture_output=True, text=True).stdout
        commands = re.findall(r"^  ([a-z]+) ?((?:[\[\]|A-Z.]+ ?)*) {2,}(.+)$", text, flags=re.M)
        self.assertEqual(len(commands), 14)
        with open(os.path.join(lingtan.SOURCE, "man", "lingtan.1"), encoding="utf-8") as file:
            page = file.read()
        for command in commands:
            name, _, meaning = command
            self.assertRegex(page, rf"(?m)^\.It Cm {name}\b.*\n{re.escape(meaning)}$")

    def test_conf_page(self):
        path = os.path.join(lingtan.SOURCE, "man", "make_conf_page.py")
        spec = importlib.util.spec_from_file_location("make_conf_page", path)
        maker = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(maker)
        text = subprocess.run([lingtan.LINGTAND, "--document-config"], check=True, capture_output=True, text=True).stdout
        with open(os.path.join(lingtan.SOURCE, "man", "lingtan.conf.5"), encoding="utf-8") as file:
            self.assertEqual(file.read(), maker.make(default_prefix(text)),
                             "make it anew: python3 man/make_conf_page.py build/dev/daemon/lingtand > man/lingtan.conf.5")


if __name__ == "__main__":
    lingtan.main()
