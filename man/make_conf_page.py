#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes lingtan.conf.5 from what `lingtand --document-config` prints: make_conf_page.py PATH_OF_LINGTAND > lingtan.conf.5

The option tables of the code are the one source; a test compares the page in the tree with a new one."""

import re
import subprocess
import sys

HEAD = r""".\" SPDX-License-Identifier: Apache-2.0
.\" Made by man/make_conf_page.py from the option tables; change those, not this page.
.Dd November 23, 2026
.Dt LINGTAN.CONF 5
.Os
.Sh NAME
.Nm lingtan.conf
.Nd configuration of the energy daemon lingtand
.Sh DESCRIPTION
.Nm
and the files that it names - the site and the profiles of devices - are written in the language of libconfig:
.Bd -literal
site = "sites/mine.conf";
http: { port = 8080; };
// a comment; strings in quotes, 64-bit integers with an L
.Ed
.Pp
Options that are left out have their default.
Unknown options, values out of range and things that do not fit together are all listed at once, each with file and line, by
.Ql lingtand --check ,
and nothing is started then.
Passwords stand in files of their own, never here.
"""

TAIL = r""".Sh FILES
.Bl -tag -width Ds
.It Pa /usr/local/etc/lingtan/lingtan.conf
The main file.
.It Pa /usr/local/etc/lingtan/sites/
Sites.
.It Pa /usr/local/share/lingtan/devices/
Profiles of devices.
.El
.Sh SEE ALSO
.Xr lingtan 1 ,
.Xr lingtand 8
"""

TITLES = {"lingtan": "THE MAIN FILE", "site": "THE SITE FILE", "profile": "PROFILES OF DEVICES"}


def escape(text):
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text).replace("`", "").replace("**", "")
    text = text.replace("\\|", "|").replace("\\", "\\e").replace('"', "\\(dq")
    return "\\&" + text if text[:1] in (".", "'") else text


def heading(name):
    if name in TITLES:
        return f".Sh {TITLES[name]}\n"
    return f".Ss {name}\n"


def sentences(text):
    """mdoc wants each sentence on a line of its own."""
    return re.sub(r"(?<=[a-z)0-9])\. (?=[A-Z0-9])", ".\n", text)


def option(cells):
    name, wants, default, meaning = [cell.strip() for cell in cells]
    wants = escape(wants[:1].upper() + wants[1:])
    if "must be given" in default:
        wants += "; must be given"
    elif default != "its defaults":
        wants += f"; default {escape(default)}"
    return f".It Li {escape(name)}\n{sentences(escape(meaning))}\n{wants}.\n"


def make(markdown):
    out = [HEAD]
    in_list = False
    for line in markdown.splitlines():
        cells = re.split(r"(?<!\\)\|", line)[1:-1]
        if line.startswith("|") and len(cells) == 4:
            if cells[0].strip() in ("option", "---"):
                continue
            if not in_list:
                out.append(".Bl -tag -width Ds\n")
                in_list = True
            out.append(option(cells))
            continue
        if in_list:
            out.append(".El\n")
            in_list = False
        if line.startswith("## "):
            out.append(heading(line[3:].strip()))
        elif line and not line.startswith(("#", "<!--", "|")):
            out.append(sentences(escape(line)) + "\n")
    if in_list:
        out.append(".El\n")
    return "".join(out) + TAIL


def main():
    done = subprocess.run([sys.argv[1], "--document-config"], check=True, capture_output=True, text=True)
    sys.stdout.write(make(done.stdout))


if __name__ == "__main__":
    main()
