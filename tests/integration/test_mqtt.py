# SPDX-License-Identifier: Apache-2.0
"""The daemon at a broker that demands TLS and a client certificate, in MQTT 5, with Home Assistant beside it: what is
announced fits what is published, and new certificates need no restart."""

import json
import os
import re
import shutil
import subprocess

import lingtan

SITE = os.path.join(lingtan.SOURCE, "conf", "sites", "xingzheng.conf")
MODEL = os.path.join(lingtan.SOURCE, "conf", "sites", "xingzheng.sim.conf")


def openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=60)


def make_authority(folder):
    os.makedirs(folder)
    openssl(folder, "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "ca.key")
    openssl(folder, "req", "-new", "-x509", "-key", "ca.key", "-subj", "/CN=ca", "-days", "30", "-out", "ca.pem")
    for name, extension in (("server", "subjectAltName=IP:127.0.0.1"), ("client", "extendedKeyUsage=clientAuth")):
        with open(os.path.join(folder, "extension"), "w", encoding="utf-8") as file:
            file.write(extension + "\n")
        openssl(folder, "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{name}.key")
        openssl(folder, "req", "-new", "-key", f"{name}.key", "-subj", f"/CN={name}", "-out", f"{name}.csr")
        openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                "-days", "30", "-extfile", "extension", "-out", f"{name}.pem")


class Mqtt(lingtan.ProgramTest):
    def setUp(self):
        super().setUp()
        for name in ("old", "new"):
            make_authority(os.path.join(self.folder, name))
        self.used = os.path.join(self.folder, "used")
        shutil.copytree(os.path.join(self.folder, "old"), self.used)
        subprocess.run(["chmod", "-R", "a+rX", self.folder], check=True)
        self.mosquitto = self.keep(lingtan.Mosquitto(self.folder))
        self.mosquitto.stop()
        self.tls_port = lingtan.free_port()
        with open(self.mosquitto.config, "a", encoding="utf-8") as file:
            file.write(f"max_queued_messages 100000\nlistener {self.tls_port} 127.0.0.1\nrequire_certificate true\n"
                       f"cafile {self.used}/ca.pem\ncertfile {self.used}/server.pem\nkeyfile {self.used}/server.key\n")
        self.mosquitto.start()
        self.simulator = self.keep(lingtan.Simulator(self.folder, SITE, MODEL))

    def section(self, key="client.key"):
        return (f'mqtt: {{ enabled = true; host = "127.0.0.1"; port = {self.tls_port}; protocol = "5"; tls = true; '
                f'ca_file = "{self.used}/ca.pem"; cert_file = "{self.used}/client.pem"; key_file = "{key}"; '
                'home_assistant = true; state_s = 5; };\n')

    def sink(self):
        return self.daemon.get("/api/v1/sinks")["sinks"][0]

    def test_announced_and_published(self):
        subscriber = self.keep(lingtan.Subscriber(self.mosquitto, "#"))
        self.daemon = self.keep(lingtan.Daemon(self.folder, self.simulator.site_path, sections=self.section(),
                                               environment={"CREDENTIALS_DIRECTORY": self.used}))
        devices = self.daemon.get("/api/v1/devices")["devices"]
        lingtan.wait_until(lambda: len({device for _, device, _ in subscriber.of("state")}) == len(devices), 60,
                           "a state of every device")
        lingtan.wait_until(lambda: self.sink()["state"] == "up" and self.sink()["backlog"] < 50, 30, "live")
        states = {device: payload for _, device, payload in subscriber.of("state")}
        wanted = {(device, name) for device, state in states.items()
                  for name in list(state["values"]) + list(state.get("quality", {}))}
        lingtan.wait_until(lambda: wanted <= set(self.announced(subscriber)), 30, "every point is announced")
        self.check_entities(self.announced(subscriber), states)
        self.check_rollover()
        self.assertEqual(self.daemon.stop(), 0)

    def announced(self, subscriber):
        """(device, point) -> its configuration."""
        found = {}
        for _, _, topic, payload in list(subscriber.messages):
            match = re.fullmatch(r"homeassistant/(?:binary_)?sensor/lingtan_xingzheng_([a-z0-9_-]+)/([a-z0-9_]+)/config", topic)
            if match and payload:
                found[match.groups()] = json.loads(payload)
        return found

    def check_entities(self, entities, states):
        self.assertEqual(len({entity["uniq_id"] for entity in entities.values()}), len(entities))
        for (device, point), entity in entities.items():
            self.assertEqual(entity["stat_t"], f"lingtan/xingzheng/{device}/state")
            self.assertIn(f"value_json['values']['{point}']", entity["val_tpl"])
            self.assertEqual(entity["dev"]["via_device"], "lingtan_xingzheng")
            self.assertTrue(entity["dev"]["mdl"])
            self.assertEqual(entity["avty_t"], "lingtan/xingzheng/status")
        self.assertTrue(any(entity.get("dev_cla") == "energy" for entity in entities.values()))
        self.assertTrue({device for device, _ in entities} >= set(states))

    def check_rollover(self):
        """The broker moves to another authority; the daemon follows when it is given the files."""
        for name in ("server.pem", "server.key"):
            shutil.copy(os.path.join(self.folder, "new", name), os.path.join(self.used, name))
        self.mosquitto.stop()
        self.mosquitto.start()
        lingtan.wait_until(lambda: "no CA that we trust" in (self.sink().get("reason") or ""), 60, "the reason")
        for name in ("ca.pem", "client.pem", "client.key"):
            shutil.copy(os.path.join(self.folder, "new", name), os.path.join(self.used, name))
        self.mosquitto.stop()
        self.mosquitto.start()
        lingtan.wait_until(lambda: self.sink()["state"] == "up", 60, "up with the new certificates")

    def test_check_tries_the_files(self):
        config = self.write("check.conf", f'site = "{self.simulator.site_path}";\ndevices = "{lingtan.DEVICES}";\n'
                            + self.section(f"{self.folder}/new/client.key"))
        done = subprocess.run([lingtan.LINGTAND, "--check", "--config", config], capture_output=True, text=True, timeout=60,
                              check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("mqtt.key_file: ", done.stderr)
        self.assertIn("is not the key of cert_file", done.stderr)


if __name__ == "__main__":
    lingtan.main()
