#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No circle among the files of a folder: who calls whom, as the linker sees it. Reads the object files of the build with nm,
prints each circle as folder: file > file > file, and exits 1 when there is one."""

import os
import subprocess
import sys

BUILD = os.environ["LINGTAN_BUILD"]
SOURCE = os.environ["LINGTAN_SOURCE"]


def objects():
    """folder -> {file: (symbols it defines, symbols it wants)}, of the libraries' object files whose source is still there."""
    folders = {}
    for place, _, names in os.walk(BUILD):
        if "/CMakeFiles/lingtan_" not in place or "/tests/" in place:
            continue
        for name in names:
            if name.endswith(".c.o"):
                part, inner = place.split("/CMakeFiles/lingtan_")
                folder = os.path.normpath(os.path.join(os.path.relpath(part, BUILD), *inner.split("/")[1:]))
                if os.path.exists(os.path.join(SOURCE, folder, name[:-2])):
                    folders.setdefault(folder, {})[name[:-4]] = symbols(os.path.join(place, name))
    return folders


def symbols(path):
    """Symbols that others can use (functions and data), and those that the file takes from others."""
    defined, wanted = set(), set()
    for line in subprocess.run(["nm", path], check=True, capture_output=True, text=True).stdout.splitlines():
        kind, name = line.split()[-2:]
        if kind == "U":
            wanted.add(name)
        elif kind.isupper():
            defined.add(name)
    return defined, wanted


def arrows(files):
    """file -> the files of the folder whose symbols it takes."""
    home = {symbol: name for name, (defined, _) in files.items() for symbol in defined}
    return {name: {home[symbol] for symbol in wanted if symbol in home} for name, (_, wanted) in files.items()}


def circles(graph):
    """Groups of files each of which reaches every other (Tarjan's strongly connected components)."""
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in graph[node]:
            if other not in index:
                visit(other)
            if other in stack:
                low[node] = min(low[node], low[other])
        if low[node] == index[node]:
            group = [stack.pop()]
            while group[-1] != node:
                group.append(stack.pop())
            if len(group) > 1:
                found.append(sorted(group))

    for node in graph:
        if node not in index:
            visit(node)
    return found


def main():
    folders = objects()
    count = 0
    for folder, files in sorted(folders.items()):
        graph = arrows(files)
        groups = circles(graph)
        for group in groups:
            print(f"{folder}: a circle of {', '.join(group)}")
            for name in group:
                print(f"    {name} > {', '.join(sorted(graph[name] & set(group)))}")
            count += 1
    print(f"{len(folders)} folders, {count} circles")
    return 1 if count or not folders else 0


if __name__ == "__main__":
    sys.exit(main())
