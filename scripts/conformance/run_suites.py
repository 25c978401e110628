"""Runs both suites against a running server and compares what they find with deviations.json.

Before, a schema of the organisation's own is declared, so that it is tried like the standard's. It has those
attributes that scim2-tester can make up and compare; docs/conformance.md says which it cannot.

Usage: run_suites.py BASE_URL, with FURLOUGH_BOOTSTRAP_SCIM_TOKEN and FURLOUGH_BOOTSTRAP_ADMIN_KEY in the environment.
Exit code 0: every finding is explained, and every explanation still has a finding. 1 otherwise.
"""

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server, filling


CUSTOM = {
    "id": "urn:ietf:params:scim:schemas:extension:Conformance:2.0:User",
    "name": "Conformance",
    "description": "For conformance suites.",
    "resourceTypes": ["User", "Group"],
    "attributes": [
        {"name": "text", "description": "Text."},
        {"name": "whole", "type": "integer", "description": "A whole number."},
        {"name": "flag", "type": "boolean", "description": "Yes or no."},
        {"name": "link", "type": "reference", "description": "A link."},
        {
            "name": "parts",
            "type": "complex",
            "description": "Parts.",
            "subAttributes": [
                {"name": "city", "description": "A city."},
                {"name": "floor", "type": "integer", "description": "A floor."},
            ],
        },
    ],
}


# Texts that must be a date: no schema of RFC 7643 §7 can say so, and scim2-tester makes up texts where it knows no example.
EXAMPLES = {"hiredate": "2026-04-01", "birthday": "1990-04-01"}


def give_examples():
    known = filling.get_random_example_value

    def example(path):
        name = str(path).rsplit(":", 1)[-1].replace("_", "").lower()
        return EXAMPLES.get(name) or known(path)

    filling.get_random_example_value = example


def declare_schema(server):
    headers = {"Authorization": f"Bearer {os.environ['FURLOUGH_BOOTSTRAP_ADMIN_KEY']}"}
    with Client(base_url=server, headers=headers) as http:
        answer = http.post("/api/v1/organizations/default/schemas", json=CUSTOM)
    if answer.status_code != 201:
        raise SystemExit(f"the schema was not declared: {answer.text}")


def run_tester(base, token):
    """What scim2-tester says: a list of (outcome, check, detail)."""
    with Client(base_url=base, headers={"Authorization": f"Bearer {token}"}) as http:
        results = check_server(SyncSCIMClient(http))
    good = (Status.SUCCESS, Status.COMPLIANT, Status.ACCEPTABLE)
    for result in results:
        outcome = "pass" if result.status in good else "skip" if result.status is Status.SKIPPED else "fail"
        title = result.title if result.resource_type is None else f"{result.title} {result.resource_type}"
        yield outcome, title, result.reason or ""


def run_sanity(base, token):
    """The same of scim-sanity, which is a command."""
    command = [str(Path(sys.executable).with_name("scim-sanity")), "probe", base, "--token", token]
    done = subprocess.run(
        [*command, "--i-accept-side-effects", "--json-output"], capture_output=True, text=True, timeout=300, check=False
    )
    if not done.stdout.strip():
        yield "fail", "scim-sanity", done.stderr
        return
    for result in json.loads(done.stdout)["results"]:
        outcome = result["status"] if result["status"] in ("pass", "skip") else "fail"
        yield outcome, result["name"], result.get("message", "")


def main():
    base = f"{sys.argv[1]}/scim/v2"
    token = os.environ["FURLOUGH_BOOTSTRAP_SCIM_TOKEN"]
    deviations = json.loads(Path(__file__).with_name("deviations.json").read_text())
    give_examples()
    declare_schema(sys.argv[1])
    open_ends = 0
    used = set()
    for suite, run in (("scim2-tester", run_tester), ("scim-sanity", run_sanity)):
        counts = {"pass": 0, "skip": 0, "explained": 0, "fail": 0}
        print(f"\n{suite} {version(suite)}")
        for outcome, check, detail in run(base, token):
            explained = [
                at
                for at, known in enumerate(deviations)
                if known["suite"] == suite and known["check"] == check and known["says"] in detail
            ]
            if outcome == "fail" and explained:
                outcome = "explained"
                used.update(explained)
            counts[outcome] += 1
            print(f"  {outcome:9}  {check}  {' '.join(detail.split())[:200]}")
        print("  " + ", ".join(f"{count} {name}" for name, count in counts.items()))
        open_ends += counts["fail"]
    for at, known in enumerate(deviations):
        if at not in used:
            print(f"\nexplained, but not found any more: {known['suite']} {known['check']} {known['says']}")
            open_ends += 1
    print(f"\n{'Nothing but what is explained.' if open_ends == 0 else f'{open_ends} to look at.'}")
    return 0 if open_ends == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
