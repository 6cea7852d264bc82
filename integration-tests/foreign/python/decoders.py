"""python-socketio's and python-engineio's packets read those of a table as their values.

    python decoders.py 0 table.json
"""

import base64
import json
import sys

from engineio import packet as engine
from engineio import payload
from socketio import packet

from harness import done, equal, report


def main():
    with open(sys.argv[2], encoding="utf-8") as file:
        table = json.load(file)
    for row in table["packets"]:
        check(f"reads: {row['check']}", read_packet, row)
    for row in table["payloads"]:
        check(f"reads the payload: {row['check']}", read_payload, row)
    done()


def check(name, run, row):
    try:
        run(row)
        report(name)
    except Exception as error:
        report(name, error)


def read_packet(row):
    read = packet.Packet(encoded_packet=row["text"])
    equal(read.attachment_count, len(row["attachments"]))
    for number, attachment in enumerate(row["attachments"], 1):
        equal(bool(read.add_attachment(base64.b64decode(attachment))), number == len(row["attachments"]))
    equal(packet.packet_names[read.packet_type], row["type"])
    equal(read.namespace or "/", row["nsp"])
    equal(read.id, row["id"])
    equal(read.data, revived(row["data"]))


def read_payload(row):
    packets = payload.Payload(encoded_payload=row["body"]).packets
    equal([described(read) for read in packets], [expected(value) for value in row["packets"]])
    texts = [engine.Packet(encoded_packet=text) for text in row["texts"]]
    equal([described(read) for read in texts], [expected(value) for value in row["packets"]])


def described(read):
    return engine.packet_names[read.packet_type].lower(), read.data


def expected(value):
    data = revived(value.get("data", ""))
    if value["type"] == "open":
        data = json.loads(data)
    # What is JSON is read as such: python-engineio does so whatever the type.
    elif isinstance(data, str) and data[:1] in ("[", "{"):
        data = json.loads(data)
    return value["type"], data


def revived(value):
    if isinstance(value, list):
        return [revived(element) for element in value]
    if isinstance(value, dict):
        if isinstance(value.get("$bytes"), str):
            return base64.b64decode(value["$bytes"])
        return {key: revived(member) for key, member in value.items()}
    return value


main()
