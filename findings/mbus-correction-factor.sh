#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An M-Bus meter that has no unit code of its own for a large or small value sends a code and a multiplier behind it: 86h 7Dh is kWh
# times 1000, ABh 73h is W times 0.001. pymbusparser 0.5.3 (m-bus-parser) multiplies. pyMeterBus 0.8.5 and jMBus 3.3.0 leave the
# multiplier out, without an error: 12345 MWh become 12345 kWh, and 12.345 W become 12345 W.
# Python 3.11, Java 17, Maven 3.8. Fails when one of them does otherwise.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install pyMeterBus==0.8.5 pymbusparser==0.5.3
mkdir -p "$work/src/main/java"
cat >"$work/pom.xml" <<'END'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>findings</groupId>
  <artifactId>correction-factor</artifactId>
  <version>0</version>
  <properties>
    <maven.compiler.source>17</maven.compiler.source>
    <maven.compiler.target>17</maven.compiler.target>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
  <dependencies>
    <dependency>
      <groupId>org.openmuc</groupId>
      <artifactId>jmbus</artifactId>
      <version>3.3.0</version>
    </dependency>
  </dependencies>
</project>
END
cat >"$work/src/main/java/Decode.java" <<'END'
import java.util.HashMap;
import java.util.HexFormat;
import org.openmuc.jmbus.DataRecord;
import org.openmuc.jmbus.VariableDataStructure;

public class Decode {
    public static void main(String[] arguments) throws Exception {
        byte[] body = HexFormat.of().parseHex(arguments[0]);
        VariableDataStructure data = new VariableDataStructure(body, 0, body.length, null, new HashMap<>());
        data.decode();
        for (DataRecord record : data.getDataRecords()) {
            System.out.printf("%.3f %s%n", record.getScaledDataValue(), record.getUnit().getUnit());
        }
    }
}
END
(cd "$work" && mvn -q -B compile dependency:copy-dependencies -DoutputDirectory=lib >/dev/null)

cat >"$work/decode.py" <<'END'
import subprocess
import sys

import meterbus
import pymbusparser

HEADER = bytes.fromhex("72" "78563412" "2423" "0102" "00000000")  # variable data, meter 12345678
RECORDS = bytes.fromhex("04867d39300000" "04ab7339300000")  # energy 12345 * 1000 kWh; power 12345 * 0.001 W
body = bytes.fromhex("0805") + HEADER + RECORDS
frame = bytes([0x68, len(body), len(body), 0x68]) + body + bytes([sum(body) & 0xFF, 0x16])

java = ["java", "-cp", f"{sys.argv[1]}/target/classes:{sys.argv[1]}/lib/*", "Decode", body[2:].hex()]
seen = {
    "jMBus": subprocess.run(java, capture_output=True, text=True, check=True).stdout.splitlines(),
    "pyMeterBus": [f"{record.parsed_value:.3f} {record.unit}" for record in meterbus.load(frame).records],
    "pymbusparser": [f"{float(record['value']['value']):.3f} {record['unit']}" for record in pymbusparser.parse(frame)["records"]],
}
for name, values in seen.items():
    print(f"{name}: {'; '.join(values)}")
END
seen=$("$work/venv/bin/python3" "$work/decode.py" "$work")
printf '%s\n' "$seen"
[ "$seen" = "jMBus: 12345000.000 Wh; 12345.000 W
pyMeterBus: 12345000.000 Wh; 12345.000 W
pymbusparser: 12345000000.000 W.h; 12.345 W" ]
