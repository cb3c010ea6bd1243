// Runs the foreign verifier in Node: prints what it finds of an export, or which one-byte changes of it pass.
//   node verifier.cjs VERIFY.JS EXPORT [CHECKPOINT|-] [KEY|-]          prints JSON
//   node verifier.cjs VERIFY.JS EXPORT - - mutate SEED                 prints the offsets of changes that pass
"use strict";
const fs = require("fs");
const [script, file, kept, key, mode, seed] = process.argv.slice(2);
require(script);
const text = (path) => (path === undefined || path === "-" ? null : fs.readFileSync(path, "utf8"));

async function accepts(bytes) {
  let content = "";
  try {
    content = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return false;
  }
  return (await globalThis.verifyExport(content, null, null)).problems.length === 0;
}

(async () => {
  const bytes = fs.readFileSync(file);
  if (mode !== "mutate") {
    console.log(JSON.stringify(await globalThis.verifyExport(bytes.toString("utf8"), text(kept), text(key))));
    return;
  }
  const passed = [];
  for (let at = 0; at < bytes.length; at += 1) {
    const other = Buffer.from(bytes);
    other[at] ^= 1 + ((Number(seed) * 7919 + at * 104729) % 255);
    if (await accepts(other)) passed.push(at);
  }
  if (await accepts(bytes.subarray(0, bytes.length - 1))) passed.push("cut");
  console.log(JSON.stringify({ tried: bytes.length + 1, passed }));
})();
