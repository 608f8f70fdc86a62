// stdin: {"clients": {name: [client, …]}, "mails": {name: html}}
// stdout: {mail: {client: {feature: "none" | "partial"}}}, by what caniemail.com knows.
import { readFileSync } from "node:fs";
import { caniemail } from "caniemail";
// The package's own list leaves out Outlook.com, of which its data knows all. The list is open.
import { clientNames } from "./node_modules/caniemail/dist/clients.js";

clientNames.push("outlook.outlook-com");

// It does not look inside @media: what stands there is read once more, as a sheet of its own.
const NESTED = /@media[^{]*\{((?:[^{}]*\{[^{}]*\})*)\s*\}/g;

// It takes `line-height` for `height`, and so on: a property counts where it stands by itself.
function isUsed(title, html) {
  const property = title.match(/^([a-z-]+)( property)?$/)?.[1];
  return !property || new RegExp(`(?<![\\w-])${property}\\s*:`).test(html);
}

// {variant of a client: {feature: support}}
function findings(html, variants) {
  const nested = [...html.matchAll(NESTED)].map((rule) => rule[1]).join("\n");
  const found = Object.fromEntries(variants.map((variant) => [variant, {}]));
  for (const source of nested ? [{ html }, { css: nested }] : [{ html }]) {
    const { errors, warnings } = caniemail({ clients: variants, ...source }).issues;
    for (const [variant, issues] of [...warnings, ...errors]) {
      for (const { title, support } of issues) found[variant][title] = support;
    }
  }
  return found;
}

// Of a feature that one variant of a client knows in part and another not at all, the worse.
function worst(variants, found, html) {
  const all = variants.flatMap((variant) => Object.entries(found[variant]));
  const used = all.filter(([title]) => isUsed(title, html));
  return Object.fromEntries(used.sort(([, a], [, b]) => (a === "none") - (b === "none")));
}

const { clients, mails } = JSON.parse(readFileSync(0, "utf8"));
const report = {};
for (const [name, html] of Object.entries(mails)) {
  const found = findings(html, Object.values(clients).flat());
  report[name] = {};
  for (const [client, variants] of Object.entries(clients)) {
    report[name][client] = worst(variants, found, html);
  }
}
process.stdout.write(JSON.stringify(report));
