// argv: the folder in whose node_modules MJML is. stdin: {"runs": 30, "rounds": 5, "mails": [MJML, …]}
// stdout: {"version": "…", "mails": [{"milliseconds": …, "html": "…"}, …]}; timed as in measure.py.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const WARM = 30; // until V8 has compiled what is hot
const required = createRequire(`${process.argv[2]}/package.json`);
const mjml2html = required("mjml");
const { version } = required("mjml/package.json");
const { runs, rounds, mails } = JSON.parse(readFileSync(0, "utf-8"));

async function medianOf(mail, count) {
  const times = [];
  for (let run = 0; run < count; run++) {
    const start = performance.now();
    await mjml2html(mail);
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[count >> 1];
}

const measured = [];
for (const mail of mails) {
  const { html, errors } = await mjml2html(mail);
  if (errors.length) throw new Error(errors[0].formattedMessage);
  await medianOf(mail, WARM);
  const medians = [];
  for (let round = 0; round < rounds; round++) medians.push(await medianOf(mail, runs));
  measured.push({ milliseconds: Math.min(...medians), html });
}
console.log(JSON.stringify({ version, mails: measured }));
