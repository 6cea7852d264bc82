// The official parsers read the packets of a table as their values, and write the same bytes.
//
//     node decoders.mjs 0 table.json
import { readFileSync } from "node:fs";
import { decodePacket, decodePayload, encodePacket, encodePayload } from "engine.io-parser";
import { Decoder, Encoder, PacketType } from "socket.io-parser";
import { check, done, equal, options } from "./harness.mjs";

const table = JSON.parse(readFileSync(options[0], "utf8"));

for (const row of table.packets) {
  await check(`reads: ${row.check}`, async () => {
    equal(decode([row.text, ...row.attachments.map(bytes)]), [packet(row)]);
  });
  if (row.same) {
    await check(`writes: ${row.check}`, async () => {
      equal(new Encoder().encode(packet(row)), [row.text, ...row.attachments.map(bytes)]);
    });
  }
}

for (const { check: name, packets, texts, body } of table.payloads) {
  const values = packets.map(revived);
  await check(`reads the payload: ${name}`, async () => {
    equal(decodePayload(body, "nodebuffer"), values.map(filled));
    equal(texts.map((text) => decodePacket(text, "nodebuffer")), values.map(filled));
  });
  await check(`writes the payload: ${name}`, async () => {
    equal(await new Promise((resolve) => encodePayload(values, resolve)), body);
    for (const [index, value] of values.entries()) {
      equal(await new Promise((resolve) => encodePacket(value, false, resolve)), texts[index]);
    }
  });
}

done();

/** What a decoder makes of messages. */
function decode(messages) {
  const packets = [];
  const decoder = new Decoder();
  decoder.on("decoded", (packet) => packets.push(packet));
  messages.forEach((message) => decoder.add(message));
  return packets.map(({ attachments, ...packet }) => packet);
}

/** The packet of a row as the parser knows it: whether it is binary shows in its data. */
function packet({ type, nsp, id, data }) {
  const packet = { type: PacketType[type.replace("BINARY_", "")], nsp };
  if (id !== null) {
    packet.id = id;
  }
  if (data !== null) {
    packet.data = revived(data);
  }
  return packet;
}

/** A packet of Engine.IO that is read has data, if only an empty text, unless it is one character long. */
function filled({ type, data }) {
  return data === undefined || data === "" ? { type } : { type, data };
}

function revived(value) {
  if (Array.isArray(value)) {
    return value.map(revived);
  }
  if (value === null || typeof value !== "object") {
    return value;
  }
  if (typeof value.$bytes === "string") {
    return bytes(value.$bytes);
  }
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, revived(member)]));
}

function bytes(text) {
  return Buffer.from(text, "base64");
}
