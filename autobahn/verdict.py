"""Counts what the Autobahn suite found; ends with 1 when a case failed, or when cases are missing."""

import collections
import json
import sys

PASSED = {"OK", "NON-STRICT", "INFORMATIONAL"}
CASES = 301  # in 1-7, 9 and 10

with open(sys.argv[1]) as file:
    ((agent, cases),) = json.load(file).items()

failed = []
for case, result in sorted(cases.items(), key=lambda item: [int(part) for part in item[0].split(".")]):
    if result["behavior"] not in PASSED or result["behaviorClose"] not in PASSED:
        failed.append(case)
        print(f"case {case}: {result['behavior']}, close: {result['behaviorClose']}")

for kind, number in collections.Counter(result["behavior"] for result in cases.values()).items():
    print(f"{number:4} {kind}")
print(f"{agent}: {len(cases) - len(failed)} passed, {len(failed)} failed")
if len(cases) < CASES:
    print(f"only {len(cases)} of {CASES} cases ran")
sys.exit(bool(failed) or len(cases) < CASES)
