#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The rules of the tree that a compiler does not check: layers, the one home of each library, banned functions,
licence lines, file lengths. Prints each breach as path:line: what, and exits 1 when there is one."""

import os
import re
import sys

SOURCE = os.environ.get("LINGTAN_SOURCE") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# Lower knows nothing of higher.
ORDER = ["base", "model", "config", "profile", "site", "net", "access", "collectors", "store", "hub", "sinks", "expr", "energy", "rules",
         "control", "http", "app"]
# Programs beside the daemon, and what they may use.
PROGRAMS = {"cli": {"base", "model", "config", "profile", "site", "net", "access", "collectors"}, "sim": {"base", "model", "config", "profile", "site"}}

# header pattern -> folders that may include it
HOMES = [
    (r"libconfig\.h", {"config"}),
    (r"sqlite3\.h", {"store"}),
    (r"microhttpd\.h", {"http"}),
    (r"curl/.*|mosquitto\.h|mqtt_protocol\.h|openssl/.*", {"net"}),
    (r"zlib\.h", {"net", "store"}),
    (r"systemd/.*", {"base"}),
    (r"modbus(/modbus)?\.h", {"collectors"}),
]

BANNED = re.compile(r"(?<![\w.>])(strcpy|strcat|sprintf|vsprintf|atoi|atol|atof|strtok|localtime|gmtime|system|alloca|gets)\s*\(")
CLOCKS = re.compile(r"(?<![\w.>])(clock_gettime|gettimeofday|time)\s*\(")
MARKS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
# Only the guard makes writes: nothing else calls the one function that can, nor sets the kind itself.
WRITES = re.compile(r"(?<!\w)(command_write\s*\(|COMMAND_WRITE_POINT\b)")
WRITERS = ("daemon/control/", "tests/", "daemon/model/command.c", "include/lingtan/command.h")
WRITE_CARRIERS = ("collectors/modbus/line/line_steps.c",)
LINES_MAX = 600
FOLDER_MAX = 25  # .c files of a folder of the programs
SOURCES = (".c", ".h")
LICENSED = (".c", ".h", ".py", ".sh", ".conf", ".ts", ".vue")


def part_of(path):
    """The folder of design that a path belongs to, or None for tests and the like."""
    pieces = path.split("/")
    if pieces[0] == "daemon":
        return pieces[1] if len(pieces) > 2 else "app"
    return pieces[0] if pieces[0] in ("collectors", "cli", "sim", "include") else None


def target_of(include):
    """The part that an #include "..." names."""
    pieces = include.split("/")
    if pieces[0] in ("collectors", "cli", "sim"):
        return pieces[0]
    return pieces[0] if len(pieces) > 1 else None


def may_use(part, target):
    if target is None or part == target:
        return True
    if part in PROGRAMS:
        return target in PROGRAMS[part]
    if part == "include":
        return False
    return target in ORDER and ORDER.index(target) < ORDER.index(part)


def check_include(path, number, line, breaches):
    part = part_of(path)
    local = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
    library = re.match(r"\s*#\s*include\s+<([^>]+)>", line)
    if part and local and not may_use(part, target_of(local.group(1))):
        breaches.append(f"{path}:{number}: {part} must not include {local.group(1)}: it stands higher or beside")
    if part and library:
        for pattern, homes in HOMES:
            if re.fullmatch(pattern, library.group(1)) and part not in homes:
                breaches.append(f"{path}:{number}: <{library.group(1)}> lives only in {', '.join(sorted(homes))}")
        if library.group(1) == "jansson.h" and part == "base":
            breaches.append(f"{path}:{number}: base knows no JSON")


def strip_strings(line):
    return re.sub(r'"(\\.|[^"\\])*"', '""', line)


def check_source(path, text, breaches):
    in_comment = False
    for number, line in enumerate(text.splitlines(), 1):
        check_include(path, number, line, breaches)
        code = strip_strings(line)
        if in_comment or code.lstrip().startswith(("/*", "*", "//")):
            in_comment = ("/*" in code or in_comment) and "*/" not in code
            continue
        code = re.sub(r"/\*.*?\*/", "", code)
        found = BANNED.search(code)
        if found:
            breaches.append(f"{path}:{number}: {found.group(1)}() is banned: see docs/ARCHITECTURE.md, style")
        found = CLOCKS.search(code)
        if found and path != "daemon/base/clock.c" and not path.startswith(("tests/", "bench/")):
            breaches.append(f"{path}:{number}: {found.group(1)}(): time comes from lingtan/clock.h alone")
        found = WRITES.search(code)
        may_write = path.startswith(WRITERS) or (path in WRITE_CARRIERS and "(" not in found.group(1)) if found else True
        if not may_write:
            breaches.append(f"{path}:{number}: {found.group(1)}: only daemon/control writes to devices")
        in_comment = "/*" in code and "*/" not in code
    if text.count("\n") > LINES_MAX:
        breaches.append(f"{path}:1: {text.count(chr(10))} lines, at most {LINES_MAX}: two jobs are two files")


def check_file(path, breaches):
    with open(os.path.join(SOURCE, path), encoding="utf-8") as file:
        text = file.read()
    if path.endswith(LICENSED) and "SPDX-License-Identifier: Apache-2.0" not in text[:400]:
        breaches.append(f"{path}:1: the SPDX line is missing")
    if path.endswith(SOURCES):
        check_source(path, text, breaches)
        for number, line in enumerate(text.splitlines(), 1):
            if MARKS.search(line):
                breaches.append(f"{path}:{number}: an unfinished mark: do it or file it")


def check_folder(folder, names, breaches):
    sources = [name for name in names if name.endswith(".c")]
    if part_of(os.path.join(folder, "x")) and len(sources) > FOLDER_MAX:
        breaches.append(f"{folder}:1: {len(sources)} .c files, at most {FOLDER_MAX}: two subjects are two folders")


def main():
    breaches = []
    count = 0
    for folder, folders, files in os.walk(SOURCE):
        folders[:] = [name for name in folders if name not in (".git", "build", "node_modules", "__pycache__")]
        check_folder(os.path.relpath(folder, SOURCE), files, breaches)
        for name in files:
            path = os.path.relpath(os.path.join(folder, name), SOURCE)
            if name.endswith(LICENSED):
                check_file(path, breaches)
                count += 1
    for breach in breaches:
        print(breach)
    print(f"{count} files checked, {len(breaches)} breaches")
    return 1 if breaches or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
