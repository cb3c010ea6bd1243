"use strict";
// Verifies an export of a Servanda ledger (docs/reference/ledger.md) with nothing but WebCrypto: no network, no library.
// Written from that page, not from Servanda's own code, so that an error of one is not an error of the other.

const utf8 = new TextEncoder();
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const isHash = (text) => typeof text === "string" && /^[0-9a-f]{64}$/.test(text);

/** Decodes base64 of one spelling only: a text that another text decodes to as well is refused. */
function unbase64(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  if (btoa(String.fromCharCode(...bytes)) !== text) throw new Error("base64");
  return bytes;
}

function joined(...parts) {
  const bytes = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

async function sha256(...parts) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", joined(...parts)));
}

/** Canonical JSON (RFC 8785), whose strings and numbers are written as JavaScript writes them. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.keys(value).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
}

/** The root of a Merkle tree (RFC 9162, 2.1) that grows leaf by leaf. */
class Tree {
  size = 0;
  #whole = []; // roots of whole subtrees, the largest first: [leaves, hash]

  async add(leaf) {
    this.#whole.push([1, leaf]);
    this.size += 1;
    while (this.#whole.length > 1 && this.#whole.at(-2)[0] === this.#whole.at(-1)[0]) {
      const [count, right] = this.#whole.pop();
      const [, left] = this.#whole.pop();
      this.#whole.push([2 * count, await sha256(Uint8Array.of(1), left, right)]);
    }
  }

  async root() {
    if (this.size === 0) return sha256();
    let [, hash] = this.#whole.at(-1);
    for (const [, left] of this.#whole.slice(0, -1).reverse()) hash = await sha256(Uint8Array.of(1), left, hash);
    return hash;
  }
}

/** A public key from its line; null if it is none. */
async function readKey(line) {
  const parts = /^(servanda\/[0-9a-f]{32})\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(line.trim());
  if (parts === null) return null;
  try {
    const key = unbase64(parts[3]);
    const hash = hex((await sha256(utf8.encode(`${parts[1]}\n`), key)).slice(0, 4));
    return key.length === 33 && key[0] === 1 && hash === parts[2] ? { origin: parts[1], hash, raw: key.slice(1) } : null;
  } catch {
    return null;
  }
}

/** A checkpoint from its note; null if it is none. */
function readCheckpoint(note) {
  const form = /^(servanda\/[0-9a-f]{32})\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n\n— (\S+) ([A-Za-z0-9+/]+=*)\n$/;
  const parts = form.exec(note);
  if (parts === null || parts[1] !== parts[4]) return null;
  try {
    const signed = unbase64(parts[5]);
    if (signed.length !== 68) return null;
    return {
      origin: parts[1], size: Number(parts[2]), root: hex(unbase64(parts[3])),
      key: hex(signed.slice(0, 4)), signature: signed.slice(4),
      signs: utf8.encode(`${parts[1]}\n${parts[2]}\n${parts[3]}\n`),
    };
  } catch {
    return null;
  }
}

/** Whether one of some keys has signed a checkpoint. */
async function isSigned(checkpoint, keys) {
  for (const key of keys.filter((each) => each.hash === checkpoint.key)) {
    const imported = await crypto.subtle.importKey("raw", key.raw, { name: "Ed25519" }, false, ["verify"]);
    if (await crypto.subtle.verify("Ed25519", imported, checkpoint.signature, checkpoint.signs)) return true;
  }
  return false;
}

/** The values of the lines of an export. Every byte counts: a line is canonical JSON and ends with a line feed. */
function readLines(text, problems) {
  const lines = text.split("\n");
  if (lines.pop() !== "") problems.push(["cut"]);
  return lines.map((line, index) => {
    try {
      const value = JSON.parse(line);
      if (canonical(value) === line && value !== null && typeof value === "object") return value;
    } catch {
      // falls through: a line that cannot be read was altered
    }
    problems.push(["line", index + 1]);
    return {};
  });
}

/** Verifies one entry, and returns its leaf. */
async function verifyEntry(entry, number, before, problems) {
  const { header, leaf, salt, body, ended_on: endedOn } = entry;
  const known = ["body", "ended_on", "header", "leaf", "salt"];
  if (canonical(Object.keys(entry).sort()) !== canonical(known) || header === null || typeof header !== "object") {
    problems.push(["entry", number]);
    return new Uint8Array(32);
  }
  const computed = await sha256(Uint8Array.of(0), utf8.encode(canonical(header)));
  if (hex(computed) !== leaf) problems.push(["leaf", number]);
  if (header.number !== number) problems.push(["number", number]);
  if (header.prev !== before) problems.push(["order", number]);
  if (body !== null) {
    const whole = typeof salt === "string" && /^[0-9a-f]{32}$/.test(salt) && endedOn === null;
    const commitment = whole ? hex(await sha256(unhex(salt), utf8.encode(canonical(body)))) : "";
    if (commitment !== header.body) problems.push(["body", number]);
  } else if (salt !== null || typeof endedOn !== "string" || !isHash(header.body)) problems.push(["body", number]);
  return computed;
}

/** The public keys that the ledger's own entries name; those of the first line must be the same. */
async function namedKeys(first, entries, problems) {
  const lines = entries.filter((e) => e.header?.kind === "ledger.key" && e.body).map((e) => e.body.public);
  if (canonical(first.keys ?? null) !== canonical(lines)) problems.push(["keys"]);
  const keys = await Promise.all(lines.map((line) => readKey(String(line))));
  if (keys.some((key) => key === null || key.origin !== first.origin)) problems.push(["keys"]);
  return keys.filter((key) => key !== null);
}

/** Every body that is gone has an entry that says when it ended, and the other way round. */
function verifyEndings(entries, problems) {
  const endings = new Map();
  for (const e of entries) if (e.header?.kind === "ledger.body_ended" && e.body) endings.set(e.body.entry, e.body.on);
  let count = 0;
  entries.forEach((entry, index) => {
    const gone = entry.body === null;
    count += gone ? 1 : 0;
    if (gone ? endings.get(index + 1) !== entry.ended_on : endings.has(index + 1)) problems.push(["ended", index + 1]);
  });
  return count;
}

/**
 * Verifies an export (text), with a checkpoint that was kept elsewhere and a public key, each text or null.
 * Returns `problems`, a list of [what, number of the entry or line], and what is proved.
 */
async function verifyExport(text, keptNote, keyLine) {
  const problems = [];
  const lines = readLines(text, problems);
  const first = lines.shift() ?? {};
  const last = lines.pop() ?? {};
  if (first.format !== 1 || canonical(Object.keys(first).sort()) !== '["format","keys","origin"]') problems.push(["form"]);
  if (canonical(Object.keys(last)) !== '["checkpoint"]') problems.push(["form"]);
  const stored = typeof last.checkpoint === "string" ? readCheckpoint(last.checkpoint) : null;
  if (last.checkpoint !== null && stored === null) problems.push(["checkpoint"]);
  const kept = keptNote === null ? null : readCheckpoint(keptNote);
  if (keptNote !== null && kept === null) problems.push(["kept.form"]);
  const trusted = keyLine === null ? null : await readKey(keyLine);
  if (keyLine !== null && trusted === null) problems.push(["key.form"]);

  const tree = new Tree();
  const roots = new Map([[0, hex(await tree.root())]]);
  let before = "0".repeat(64);
  for (const entry of lines) {
    const leaf = await verifyEntry(entry, tree.size + 1, before, problems);
    before = hex(leaf);
    await tree.add(leaf);
    if (tree.size === stored?.size || tree.size === kept?.size) roots.set(tree.size, hex(await tree.root()));
  }
  const named = await namedKeys(first, lines, problems);
  const keys = trusted === null ? named : named.filter((key) => key.hash === trusted.hash && hex(key.raw) === hex(trusted.raw));
  if (trusted !== null && keys.length === 0) problems.push(["key.other"]);
  const ended = verifyEndings(lines, problems);
  const proved = { origin: first.origin, size: tree.size, ended, signed: 0, kept: 0, key: stored?.key ?? null };
  for (const [checkpoint, name] of [[stored, "signed"], [kept, "kept"]]) {
    if (checkpoint === null) continue;
    if (checkpoint.origin !== first.origin) problems.push([`${name}.other`]);
    else if (!(await isSigned(checkpoint, keys))) problems.push([`${name}.signature`]);
    else if (roots.get(checkpoint.size) !== checkpoint.root) problems.push([`${name}.root`, checkpoint.size]);
    else proved[name] = checkpoint.size;
  }
  proved.from = lines[0]?.header?.at ?? null;
  proved.to = lines.at(-1)?.header?.at ?? null;
  if (proved.signed === 0 && proved.kept === 0) problems.push(["unsigned"]);
  return { problems, proved };
}

globalThis.verifyExport = verifyExport;
