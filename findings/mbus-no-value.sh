#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# M-Bus meters say "no value" with hex digits in a decimal number (FFFFFFFF) and "no date" with a date of FFFF. One would expect
# nothing for these two, and the values around them. pyMeterBus 0.8.5 reads an energy of -15151515 Wh and the day 2027-15-31; jMBus
# 3.3.0 reads -16666665 Wh and 31 March 2128; neither complains. pymbusparser 0.5.3 (m-bus-parser) ends at the number: the
# good power behind it is lost. A counter that falls by fifteen million starts every alarm there is.
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
  <artifactId>no-value</artifactId>
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
import java.time.ZoneId;
import java.util.Date;
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
            if (record.getDataValue() instanceof Date date) {
                System.out.println(date.toInstant().atZone(ZoneId.systemDefault()).toLocalDate());
            } else {
                System.out.printf("%.0f %s%n", record.getScaledDataValue(), record.getUnit().getUnit());
            }
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
RECORDS = bytes.fromhex("042b64000000" "0c03ffffffff" "026cffff" "042b65000000")  # 100 W; energy, Wh; a date; 101 W
body = bytes.fromhex("0805") + HEADER + RECORDS
frame = bytes([0x68, len(body), len(body), 0x68]) + body + bytes([sum(body) & 0xFF, 0x16])

java = ["java", "-Duser.timezone=UTC", "-cp", f"{sys.argv[1]}/target/classes:{sys.argv[1]}/lib/*", "Decode", body[2:].hex()]
seen = {
    "jMBus": subprocess.run(java, capture_output=True, text=True, check=True).stdout.splitlines(),
    "pyMeterBus": [f"{record.parsed_value} {record.unit}" for record in meterbus.load(frame).records],
    "pymbusparser": [" ".join(str(part) for part in record["value"].values()) for record in pymbusparser.parse(frame)["records"]],
}
for name, values in seen.items():
    print(f"{name}: {'; '.join(values)}")
END
seen=$("$work/venv/bin/python3" "$work/decode.py" "$work")
printf '%s\n' "$seen"
[ "$seen" = "jMBus: 100 W; -16666665 Wh; 2128-03-31; 101 W
pyMeterBus: 100 W; -15151515 Wh; 2027-15-31 date; 101 W
pymbusparser: decimal 100" ]
