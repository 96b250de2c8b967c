#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Sparkplug B carries Int8 and Int16 in a field for 32 bits without a sign. A power of -5 (feeding in) as Int8, Int16, Int32 and Int64
# goes from pysparkplug 0.6.1 (Python) to sparkplug-payload 1.0.3 (Eclipse Tahu's, npm): 251, 65531, -5, -5. The one fills 8 or
# 16 bits, the other reads 32. Nothing is refused: a little feed-in is a large demand. The other way the Python one raises an
# error for Int8. Each understands itself, and a test with one of them finds nothing.
# Python 3.11, Node.js 20. Fails when the two understand each other.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install pysparkplug==0.6.1
(cd "$work" && npm install --silent --no-audit --no-fund --ignore-scripts sparkplug-payload@1.0.3 >/dev/null)

cat >"$work/node.js" <<'END'
const { get } = require("sparkplug-payload");

const payloads = get("spBv1.0");
const types = ["Int8", "Int16", "Int32", "Int64"];
const show = (bytes) => payloads.decodePayload(bytes).metrics.map((metric) => String(metric.value)).join(" ");
const metrics = types.map((type) => ({ name: type, type, value: -5, timestamp: 1782909015123 }));
const bytes = Buffer.from(payloads.encodePayload({ timestamp: 1782909015123, seq: 0, metrics }));
console.log(process.argv[2] === "encode" ? bytes.toString("hex") : show(Buffer.from(process.argv[2], "hex")));
END
cat >"$work/ask.py" <<'END'
import subprocess
import sys

from pysparkplug import DataType, DData, Metric


def node(argument):
    return subprocess.run(["node", sys.argv[1], argument], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def values(data):
    try:
        return " ".join(str(metric.value) for metric in DData.decode(data).metrics)
    except OverflowError as error:
        return str(error)


types = DataType.INT8, DataType.INT16, DataType.INT32, DataType.INT64
metrics = tuple(Metric(timestamp=1782909015123, name=kind.name, datatype=kind, value=-5) for kind in types)
python = DData(timestamp=1782909015123, seq=0, metrics=metrics).encode(include_dtypes=True)
other = node("encode")
print("Python to Python:", values(python))
print("Python to Node:", node(python.hex()))
print("Node to Node:", node(other))
print("Node to Python:", values(bytes.fromhex(other)))
END
seen=$("$work/venv/bin/python3" "$work/ask.py" "$work/node.js")
printf '%s\n' "$seen"
[ "$seen" = "Python to Python: -5 -5 -5 -5
Python to Node: 251 65531 -5 -5
Node to Node: -5 -5 -5 -5
Node to Python: Int8 overflow with value 4294967291" ]
