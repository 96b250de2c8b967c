#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# j2mod 3.3.0 serves as many Modbus TCP clients as its slave was given threads; 5, as in its examples. A sixth is not refused:
# it connects, its request is taken, and nothing comes back, although the unit is well. It is answered as soon as one of the
# five leaves. From outside a full server looks like a unit that is not there: "connection refused" never comes.
# Java 17, Maven 3.8. Fails when the sixth is refused, closed or answered.
set -euo pipefail
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
mkdir -p "$work/src/main/java"
cat >"$work/pom.xml" <<'END'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>findings</groupId>
  <artifactId>sixth-client</artifactId>
  <version>0</version>
  <properties>
    <maven.compiler.source>17</maven.compiler.source>
    <maven.compiler.target>17</maven.compiler.target>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
  <dependencies>
    <dependency>
      <groupId>com.ghgande</groupId>
      <artifactId>j2mod</artifactId>
      <version>3.3.0</version>
    </dependency>
  </dependencies>
</project>
END
cat >"$work/src/main/java/Serve.java" <<'END'
import com.ghgande.j2mod.modbus.procimg.SimpleProcessImage;
import com.ghgande.j2mod.modbus.procimg.SimpleRegister;
import com.ghgande.j2mod.modbus.slave.ModbusSlave;
import com.ghgande.j2mod.modbus.slave.ModbusSlaveFactory;
import java.net.InetAddress;

public class Serve {
    public static void main(String[] arguments) throws Exception {
        SimpleProcessImage image = new SimpleProcessImage(1);
        image.addRegister(0, new SimpleRegister(1000));
        int port = Integer.parseInt(arguments[0]);
        ModbusSlave slave = ModbusSlaveFactory.createTCPSlave(InetAddress.getLoopbackAddress(), port, 5, false);
        slave.addProcessImage(1, image);
        slave.open();
        Thread.currentThread().join();
    }
}
END
(cd "$work" && mvn -q -B compile dependency:copy-dependencies -DoutputDirectory=lib >/dev/null)

cat >"$work/ask.py" <<'END'
import socket
import subprocess
import sys
import time

REQUEST = bytes([0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 1])


def answer(client, seconds=3):
    client.settimeout(seconds)
    try:
        reply = client.recv(260)
    except TimeoutError:
        return "silence"
    except OSError:
        return "reset"
    return f"value {int.from_bytes(reply[9:11], 'big')}" if reply else "closed"


def main():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server = subprocess.Popen(["java", "-cp", f"{sys.argv[1]}/target/classes:{sys.argv[1]}/lib/*", "Serve", str(port)],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        time.sleep(1)  # for the thread of that one to be free again
        clients = [socket.create_connection(("127.0.0.1", port), 5) for _ in range(6)]
        seen = []
        for client in clients:
            client.sendall(REQUEST)
            seen.append(answer(client))
        clients[0].close()
        seen.append(answer(clients[5], 5))
    finally:
        server.kill()
    for i, words in enumerate(seen[:6], 1):
        print(f"client {i}: connected, {words}")
    print(f"client 6 after client 1 has left: {seen[6]}")
    return seen != ["value 1000"] * 5 + ["silence", "value 1000"]


sys.exit(main())
END
python3 "$work/ask.py" "$work"
