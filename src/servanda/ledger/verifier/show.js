"use strict";
// The page around verify.js: takes files, and says in words what is proved.

const WORDS = JSON.parse(document.getElementById("words").textContent);
const language = navigator.language.startsWith("fr") ? "fr" : "en";
const say = (key, values = {}) => WORDS[language][key].replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
const dropped = { export: null, kept: null, key: null };

async function take(files) {
  for (const file of files) {
    let text = "";
    try {
      text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await file.arrayBuffer());
    } catch {
      text = "\ufffd"; // no text: it is looked at as an export, and refused
    }
    const kind = !text.startsWith("servanda/") ? "export" : text.includes("\n— ") ? "kept" : "key";
    dropped[kind] = text;
    document.getElementById(`name-${kind}`).textContent = file.name;
  }
  show(dropped.export === null ? null : await verifyExport(dropped.export, dropped.kept, dropped.key));
}

function show(result) {
  const out = document.getElementById("result");
  out.replaceChildren();
  if (result === null) return out.append(line("p", say("nothing")));
  const { problems, proved } = result;
  out.className = problems.length ? "bad" : "good";
  out.append(line("h2", `${problems.length ? "✗" : "✓"} ${say(problems.length ? "none" : "good")}`));
  const list = document.createElement("ul");
  for (const [what, number] of problems.slice(0, 20)) list.append(line("li", say(`fault.${what}`, { number })));
  if (problems.length === 0) {
    const day = (at) => (at === null ? "–" : new Date(at).toLocaleString(language === "fr" ? "fr" : "en-GB", { timeZone: "UTC", dateStyle: "long", timeStyle: "short" }));
    list.append(line("li", say("size", { count: proved.size, first: day(proved.from), last: day(proved.to) })));
    if (proved.signed) list.append(line("li", say("signed", { count: proved.signed, key: proved.key })));
    if (proved.kept) list.append(line("li", say("kept", { count: proved.kept })));
    if (proved.ended) list.append(line("li", say("ended", { count: proved.ended })));
    const upTo = Math.max(proved.signed, proved.kept);
    if (proved.size > upTo) list.append(line("li", say("newer", { number: upTo, count: proved.size - upTo })));
    if (!proved.kept) list.append(line("li", say("advice")));
  }
  return out.append(list);
}

function line(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

document.documentElement.lang = language;
for (const part of document.querySelectorAll("[data-say]")) part.textContent = say(part.dataset.say);
document.title = say("title");
document.getElementById("files").addEventListener("change", async ({ target }) => {
  await take([...target.files]);
  target.value = ""; // so that the same name can be chosen again
});
for (const name of ["dragover", "drop"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    if (name === "drop") take(event.dataTransfer.files);
  });
}
