#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An M-Bus date and time (type F) has a flag for summer time. 12:30 with the flag, read in Berlin, should be 12:30 of summer time,
# 10:30 UTC. jMBus 3.3.0 gives it without the flag, and 11:29 UTC with it: the hour of summer time is not taken off, a minute is.
# In Shanghai the flag costs the minute alone. The milliseconds, which no meter sends, are those of the moment of decoding, so that
# one record decoded twice has two times, and a check for "the same reading again" never holds.
# Java 17, Maven 3.8. Fails when the flag gives 10:30 UTC, or the milliseconds stay the same.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/src/main/java"
cat >"$work/pom.xml" <<'END'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>findings</groupId>
  <artifactId>summer-time</artifactId>
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
cat >"$work/src/main/java/Read.java" <<'END'
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.TreeSet;
import org.openmuc.jmbus.VariableDataStructure;

public class Read {
    static Instant read(String record) throws Exception {
        byte[] body = HexFormat.of().parseHex("72785634122423010200000000" + record);
        VariableDataStructure data = new VariableDataStructure(body, 0, body.length, null, new HashMap<>());
        data.decode();
        return ((Date) data.getDataRecords().get(0).getDataValue()).toInstant();
    }

    public static void main(String[] arguments) throws Exception {
        System.out.println("no flag: " + read("046d1e0c4137").truncatedTo(ChronoUnit.SECONDS));
        System.out.println("summer: " + read("046d1e8c4137").truncatedTo(ChronoUnit.SECONDS));
        TreeSet<Instant> times = new TreeSet<>();
        for (int i = 0; i < 5; i++) {
            times.add(read("046d1e0c4137"));
            Thread.sleep(3);
        }
        System.out.println("read five times: " + (times.size() == 1 ? "one time" : "more than one time"));
    }
}
END
(cd "$work" && mvn -q -B compile dependency:copy-dependencies -DoutputDirectory=lib >/dev/null)
seen=$(for zone in Europe/Berlin Asia/Shanghai; do
    echo "$zone"
    java "-Duser.timezone=$zone" -cp "$work/target/classes:$work/lib/*" Read
done)
printf '%s\n' "$seen"
[ "$seen" = "Europe/Berlin
no flag: 2026-07-01T10:30:00Z
summer: 2026-07-01T11:29:00Z
read five times: more than one time
Asia/Shanghai
no flag: 2026-07-01T04:30:00Z
summer: 2026-07-01T04:29:00Z
read five times: more than one time" ]
