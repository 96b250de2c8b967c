# SPDX-License-Identifier: Apache-2.0
"""docs/openapi.yaml against the daemon as it runs: every GET route and every kind of refusal is asked for, and each answer has
what the description requires, of the types it says, and nothing that it does not know. Bodies that the description forbids
are refused with the code it lists."""

import http.client
import json
import os
import re
import socket
import unittest

import lingtan

try:
    import yaml
except ImportError:
    yaml = None

SITE = """id = "api"; name = "大院"; fast_ms = 200; normal_ms = 500;
nodes = ( { id = "b1"; name = "1号楼"; kind = "building"; area_m2 = 100.0; }, { id = "b1-f1"; parent = "b1"; kind = "floor"; } );
lines = ( { id = "l"; transport = "tcp"; host = "127.0.0.1"; port = 1;
    devices = ( { id = "one"; profile = "chint-ddsu666"; unit = 1; node = "b1-f1"; } ); } );
"""
DEAD_LINE = """
    { id = "gone"; transport = "tcp"; host = "127.0.0.1"; port = 1; response_timeout_ms = 100;
      devices = ( { id = "two"; profile = "chint-dtsu666"; unit = 1; } ); },"""
# properties that need not be there
OPTIONAL = {"/components/schemas/Error/properties/error": {"exception", "retry_in_s", "given", "faults"},
            "/paths//api/v1/reload/post/responses/200/content/application/json/schema/properties/changes/items": {"line", "why"},
            "/paths//api/v1/devices/{id}/get/responses/200/content/application/json/schema/allOf[1]": {"clock"},
            "/components/schemas/LiveDevice": {"clock"}}
TYPES = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


class Description:
    def __init__(self):
        with open(os.path.join(lingtan.SOURCE, "docs", "openapi.yaml"), encoding="utf-8") as file:
            self.root = yaml.safe_load(file)

    def resolve(self, thing):
        while "$ref" in thing:
            place = self.root
            for name in thing["$ref"].removeprefix("#/").split("/"):
                place = place[name]
            thing = place
        return thing

    def merged(self, schema):
        """allOf in one: all properties, all that are required."""
        schema = self.resolve(schema)
        if "allOf" not in schema:
            return schema
        whole = {"type": "object", "properties": {}, "required": []}
        for part in map(self.merged, schema["allOf"]):
            whole["properties"].update(part.get("properties", {}))
            whole["required"] += part.get("required", [])
        return whole

    def faults(self, value, schema, where="$"):
        """What of the value the schema does not allow."""
        schema = self.merged(schema)
        if value is None and schema.get("nullable"):
            return []
        if "oneOf" in schema:
            fits = [one for one in schema["oneOf"] if not self.faults(value, one, where)]
            return [] if fits else [f"{where}: {value!r} is none of {schema['oneOf']}"]
        kind = schema.get("type")
        if kind is None:
            return []
        if not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
            return [f"{where}: {value!r} is no {kind}"]
        return getattr(self, f"{kind}_faults", lambda *_: [])(value, schema, where)

    def string_faults(self, value, schema, where):
        faults = []
        if "enum" in schema and value not in schema["enum"]:
            faults.append(f"{where}: {value!r} is none of {schema['enum']}")
        if len(value) < schema.get("minLength", 0):
            faults.append(f"{where}: {value!r} is too short")
        if schema.get("format") == "date-time" and not TIME.fullmatch(value):
            faults.append(f"{where}: {value!r} is no time in UTC")
        return faults

    def array_faults(self, value, schema, where):
        return [fault for i, item in enumerate(value) for fault in self.faults(item, schema["items"], f"{where}[{i}]")]

    def object_faults(self, value, schema, where):
        properties = schema.get("properties", {})
        more = schema.get("additionalProperties", not properties)
        faults = [f"{where}: lacks {name}" for name in schema.get("required", []) if name not in value]
        for name, item in value.items():
            if name in properties:
                faults += self.faults(item, properties[name], f"{where}.{name}")
            elif isinstance(more, dict):
                faults += self.faults(item, more, f"{where}.{name}")
            elif not more:
                faults.append(f"{where}: {name} is not described")
        return faults

    def response(self, path, method, status):
        responses = self.root["paths"][path][method]["responses"]
        if str(status) not in responses and "default" not in responses:
            return None
        return self.resolve(responses.get(str(status), responses.get("default")))

    def objects(self, thing, where=""):
        """All schemas of objects with properties, with their places."""
        if isinstance(thing, dict):
            if isinstance(thing.get("properties"), dict) and thing.get("type") == "object":
                yield where, thing
            for name, inner in thing.items():
                yield from self.objects(inner, f"{where}/{name}")
        elif isinstance(thing, list):
            for i, inner in enumerate(thing):
                yield from self.objects(inner, f"{where}[{i}]")


class LocalConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=20)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect(self.path)


@unittest.skipUnless(yaml, "python3-yaml is not installed")
class OpenApi(lingtan.ProgramTest):
    def setUp(self):
        super().setUp()
        self.described = Description()
        self.simulator = self.keep(lingtan.Simulator(self.folder, self.write("api.conf", SITE), self.write("model.conf", "")))
        with open(self.simulator.site_path, encoding="utf-8") as file:
            site = file.read()
        site = self.write("more.conf", re.sub(r"lines\s*[=:]\s*\(", lambda found: found.group() + DEAD_LINE, site, count=1))
        self.daemon = self.keep(lingtan.Daemon(self.folder, site, mqtt_port=1, influx_port=1))
        lingtan.wait_until(lambda: self.daemon.get("/api/v1/status")["counts"]["devices_online"] == 1, 30, "a device online")
        lingtan.wait_until(lambda: self.daemon.get("/api/v1/status")["store"]["durable"] > 3, 30, "something on disk")

    def ask(self, method, target, body=None, local=False, headers=None):
        connection = LocalConnection(self.daemon.socket) if local else http.client.HTTPConnection(
            "127.0.0.1", self.daemon.port(), timeout=20)
        headers = headers if headers is not None else ({"Content-Type": "application/json"} if body is not None else {})
        connection.request(method.upper(), target, body, headers)
        reply = connection.getresponse()
        text = reply.read().decode()
        connection.close()
        return reply.status, reply.getheader("Content-Type", ""), text

    def check(self, path, method, target, status, code=None, **more):
        got, kind, text = self.ask(method, target, **more)
        what = f"{method} {target}: {got} {text[:300]}"
        self.assertEqual(got, status, what)
        response = self.described.response(path, method, status)
        self.assertIsNotNone(response, f"{what}: this status is not described")
        schemas = {name: media["schema"] for name, media in response["content"].items()}
        media = kind.split(";", maxsplit=1)[0]
        self.assertIn(media, schemas, what)
        if media == "application/json":
            value = json.loads(text)
            self.assertEqual(self.described.faults(value, schemas[media]), [], what)
            self.assertEqual(value.get("error", {}).get("code") if status >= 400 else None, code, what)

    def test_every_answer_is_as_described(self):
        targets = {
            "/api/v1/devices/{id}": ["/api/v1/devices/one", "/api/v1/devices/two"],
            "/api/v1/lines/{id}": ["/api/v1/lines/l", "/api/v1/lines/gone"],
            "/api/v1/live": ["/api/v1/live", "/api/v1/live?device=two", "/api/v1/live?node=b1"],
            "/api/v1/points": ["/api/v1/points", "/api/v1/points?device=one"],
            "/api/v1/history": [f"/api/v1/history?device=one&point={point}&limit=5" for point in ("active_power", "voltage_a")]
            + ["/api/v1/history?device=one&point=active_power&pixels=50", "/api/v1/history?device=one&point=active_power&to=7200000&pixels=3"],
        }
        for path, methods in self.described.root["paths"].items():
            if "get" in methods and path != "/api/v1/live/stream":
                for target in targets.get(path, [path]):
                    with self.subTest(target):
                        self.check(path, "get", target, 200)
                        self.check(path, "get", target, 200, local=True)
        body = json.dumps({"line": "l", "unit": 1, "address": 0x2000, "quantity": 2})
        self.check("/api/v1/read", "post", "/api/v1/read", 200, body=body)
        self.check("/api/v1/bad-registers/{id}", "post", "/api/v1/bad-registers/one", 200, body="{}", local=True)
        self.check("/api/v1/store/acknowledge", "post", "/api/v1/store/acknowledge", 200, body="{}", local=True)

    def test_the_stream(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.daemon.port(), timeout=20)
        connection.request("GET", "/api/v1/live/stream")
        reply = connection.getresponse()
        schemas = self.described.root["components"]["schemas"]
        seen = {}
        while len(seen) < 2:
            self.assertRegex(reply.readline().decode(), r"^id: [0-9a-f]{8}-\d+\n$")
            event = reply.readline().decode().strip().removeprefix("event: ")
            data = json.loads(reply.readline().decode().removeprefix("data: "))
            reply.readline()
            seen[event] = data
            self.assertEqual(self.described.faults(data, schemas[{"snapshot": "Snapshot", "batch": "Batch"}[event]]), [])
        connection.close()

    def test_refusals(self):
        read = "/api/v1/read"
        device = "/api/v1/devices/{id}"
        history = "/api/v1/history"
        acknowledge = "/api/v1/store/acknowledge"
        question = {"line": "l", "unit": 1, "address": 0x2000}
        viewer = self.daemon.make_token("wall", "viewer")
        for path, method, target, status, code, more in [
                (device, "get", "/api/v1/devices/none", 404, "unknown_device", {}),
                (device, "get", "/api/v1/devices/one?x=1", 400, "unknown_parameter", {}),
                (device, "get", "/api/v1/devices/one", 403, "foreign_host", {"headers": {"Host": "example.org"}}),
                (device, "get", "/api/v1/devices/one", 403, "proxied", {"headers": {"Via": "1.1 proxy"}}),
                (device, "get", "/api/v1/devices/one", 403, "foreign_origin", {"headers": {"Origin": "http://example.org"}}),
                (device, "get", f"/api/v1/devices/{'x' * 3000}", 414, "url_too_long", {}),
                (device, "get", "/api/v1/devices/one", 401, "wrong_token", {"headers": {"Authorization": "Bearer lt_00"}}),
                ("/api/v1/bad-registers/{id}", "post", "/api/v1/bad-registers/one", 403, "role_too_low",
                 {"body": "{}", "headers": {"Content-Type": "application/json", "Authorization": f"Bearer {viewer}"}}),
                ("/api/v1/lines/{id}", "get", "/api/v1/lines/none", 404, "unknown_line", {}),
                ("/api/v1/live", "get", "/api/v1/live?device=none", 400, "unknown_device", {}),
                ("/api/v1/live", "get", "/api/v1/live?device=", 400, "unknown_device", {}),
                ("/api/v1/live", "get", "/api/v1/live?node=none", 400, "unknown_node", {}),
                ("/api/v1/live", "get", "/api/v1/live?node=b1&node=b1", 400, "repeated_parameter", {}),
                (history, "get", history, 400, "missing_parameter", {}),
                (history, "get", history + "?device=&point=", 400, "missing_parameter", {}),
                (history, "get", history + "?device=one&point=none", 404, "unknown_point", {}),
                (history, "get", history + "?device=one&point=active_power&limit=0", 400, "bad_parameter", {}),
                (history, "get", history + "?device=one&point=active_power&pixels=0", 400, "bad_parameter", {}),
                (history, "get", history + "?device=one&point=active_power&from=", 400, "bad_parameter", {}),
                (read, "post", read, 415, "not_declared_json", {"body": "{}", "headers": {}}),
                (read, "post", read, 400, "bad_body", {"body": "{"}),
                (read, "post", read, 413, "body_too_large", {"body": " " * 70000}),
                (read, "post", read, 404, "unknown_line", {"body": json.dumps({**question, "line": "none"})}),
                (read, "post", read, 502, "modbus_exception", {"body": json.dumps({**question, "unit": 77})}),
                (read, "post", read, 502, "modbus_exception", {"body": json.dumps({**question, "address": 0xF000})}),
                (read, "post", read, 503, "line_down", {"body": json.dumps({**question, "line": "gone"})}),
                ("/api/v1/bad-registers/{id}", "post", "/api/v1/bad-registers/one", 403, "socket_only", {"body": "{}"}),
                ("/api/v1/bad-registers/{id}", "post", "/api/v1/bad-registers/none", 404, "unknown_device",
                 {"body": "{}", "local": True}),
                (acknowledge, "post", acknowledge, 400, "unknown_alarm", {"body": '{"alarms": ["x"]}', "local": True}),
                (acknowledge, "post", acknowledge, 400, "alarm_ends_by_itself",
                 {"body": '{"alarms": ["disk_full"]}', "local": True}),
        ]:
            with self.subTest(f"{code} {target[:60]}"):
                self.check(path, method, target, status, code, **more)
        self.simulator.control("line l silent")
        self.check(read, "post", read, 504, "no_reply", body=json.dumps(question))
        for method, target, status, code in [("get", "/nothing", 404, "unknown_path"), ("put", "/metrics", 405, "method_not_allowed"),
                                             ("get", "/api/v1/devices/", 404, "unknown_path")]:
            got, _, text = self.ask(method, target)
            self.assertEqual((got, json.loads(text)["error"]["code"]), (status, code))
            self.assertEqual(self.described.faults(json.loads(text), self.described.root["components"]["schemas"]["Error"]), [])

    def test_bodies_that_it_forbids_are_refused(self):
        """Every property of the body of a read, at and beyond its bounds."""
        body = self.described.root["paths"]["/api/v1/read"]["post"]["requestBody"]
        schema = body["content"]["application/json"]["schema"]
        good = {"line": "l", "unit": 1, "address": 0x2000}
        for name, wants in schema["properties"].items():
            wants = self.described.resolve(wants)
            bad = [None, [], {}, True, 1.5] + ([""] if wants.get("minLength") else []) + ([7] if wants["type"] == "string" else ["7"])
            bad += [wants[bound] + step for bound, step in (("minimum", -1), ("maximum", 1)) if bound in wants]
            for value in bad:
                with self.subTest(f"{name} = {value!r}"):
                    self.assertNotEqual(self.described.faults({**good, name: value}, schema) or bound_faults(value, wants), [])
                    self.check("/api/v1/read", "post", "/api/v1/read", 400, "bad_body", body=json.dumps({**good, name: value}))
        for lacking in schema["required"]:
            left = {name: value for name, value in good.items() if name != lacking}
            self.check("/api/v1/read", "post", "/api/v1/read", 400, "bad_body", body=json.dumps(left))

    def test_every_schema_says_what_is_always_there(self):
        for where, schema in self.described.objects(self.described.root):
            if "requestBody" not in where:
                self.assertEqual(set(schema.get("required", [])), set(schema["properties"]) - OPTIONAL.get(where, set()), where)


def bound_faults(value, wants):
    return [value] if not wants.get("minimum", value) <= value <= wants.get("maximum", value) else []


if __name__ == "__main__":
    lingtan.main()
