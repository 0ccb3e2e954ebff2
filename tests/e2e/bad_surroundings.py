"""Right files in a wrong world: secrets, answers of the provider, options, state."""

from __future__ import annotations

from e2e.bad_case import ENV, GOOD, REQUEST, Case, both, damage, fault, file, header, section

SECRETS = [
    Case("missing secret", header("secrets://env/NOT_SET"), "NOT_SET", "NOT_SET"),
    Case("missing file of a secret", header("secrets://file/none"), "none", "none"),
    Case("unknown resolver", header("secrets://vlt/x"), "vlt", "vlt"),
    Case(
        "missing key of the provider",
        both(file(GOOD), lambda world: world.variables.clear()),
        "VAPI_KEY",
        "VAPI_KEY",
    ),
    Case(
        "empty key of the provider",
        both(file(GOOD), lambda world: world.variables.update(VAPI_KEY="")),
        "VAPI_KEY|key",
        "VAPI_KEY|apiKey|key",
    ),
    Case(
        "key with a line break",
        both(file(GOOD), lambda world: world.variables.update(VAPI_KEY="ab\ncd")),
        "key",
        "key",
    ),
]
ANSWERS = [
    Case("401", fault("error status=401 forever=true"), "does not accept the API key", REQUEST),
    Case("402", fault("error status=402 forever=true"), "payment", REQUEST),
    Case("403", fault("error status=403 forever=true"), "does not allow", REQUEST),
    Case("404", fault("error status=404 forever=true"), "404", REQUEST),
    Case("500", fault("error status=500 forever=true"), "500", REQUEST),
    Case("503 with Retry-After", fault("error status=503 seconds=0.01 forever=true"), "503", REQUEST),
    Case("redirect", fault("error status=302 forever=true"), "redirect", REQUEST),
    Case("teapot", fault("error status=418 forever=true"), "418", REQUEST),
    Case("HTML instead of JSON", fault("html forever=true"), "HTML|JSON", REQUEST),
    Case("HTML with an error status", fault("html status=502 forever=true"), "502", REQUEST),
    Case("truncated body", fault("truncate GET * forever=true"), "GET /", REQUEST),
    Case("dropped connection", fault("drop forever=true"), "GET /", REQUEST),
    Case("a key that may only read", fault("read-only"), "does not allow", REQUEST),
    Case("400 to the write", fault("error POST * status=400 forever=true"), "400", REQUEST),
    Case("409 to the write", fault("error POST * status=409 forever=true"), "409", REQUEST),
    Case("413 to the write", fault("error POST * status=413 forever=true"), "413", REQUEST),
    Case("422 to the write", fault("error POST * status=422 forever=true"), "422", REQUEST),
    Case(
        "nobody listens",
        both(file(GOOD), lambda world: world.environment(baseUrl="http://127.0.0.1:9")),
        "reached",
        r"127\.0\.0\.1:9",
    ),
    Case(
        "no address at all",
        both(file(GOOD), lambda world: world.environment(baseUrl="ftp://x")),
        "ftp|address|URL|baseUrl",
        "ftp|baseUrl",
    ),
    Case("unknown provider", both(file(GOOD), lambda world: world.environment(type="vpi")), "vpi", "vpi"),
]
USAGE = [
    Case("unknown option", file(GOOD), "--bogus", "apply --help", ("apply", "--bogus")),
    Case("abbreviated option", file(GOOD), "--ye", "apply --help", ("apply", "--ye")),
    Case("unknown verb", file(GOOD), "Did you mean apply", "callsheet --help", ("aply",)),
    Case("unknown environment", file(GOOD), "nowhere", "dev", ("apply", "--yes", "-e", "nowhere")),
    Case(
        "unknown target", file(GOOD), "Assistant/z", "--target", ("apply", "--yes", "--target", "Assistant/z")
    ),
    Case("target that is no address", file(GOOD), "a b", "--target", ("apply", "--yes", "--target", "a b")),
    Case("unconfirmed", file(GOOD), "confirm", "--yes", ("apply",)),
    Case("plan file that is not there", file(GOOD), "none.plan", r"none\.plan", ("apply", "none.plan")),
    Case("plan file that is none", file(GOOD), "is no plan", r"a\.yaml", ("apply", "@assistants/a.yaml")),
    Case("destroy without a name", file(GOOD), "--env", "--env", ("destroy", "--confirm", "dev")),
    Case(
        "destroy with the wrong name",
        file(GOOD),
        "--confirm",
        "prod",
        ("destroy", "-e", "dev", "--confirm", "prod"),
    ),
    Case(
        "a state that is damaged", both(file(GOOD), lambda world: damage(world)), "state", r"state|snapshot"
    ),
    Case("a state backend that is not there", section("state: {backend: floppy}"), "floppy", ENV),
]
