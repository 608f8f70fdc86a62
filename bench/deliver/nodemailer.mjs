// nodemailer's pool: the same mail with its own name and links for each reader. In, on stdin:
// {outside, port, connections, mails, mail: {sender, subject, html, text, slots}}. Out: what it took.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const WARM = 50; // mails that do not count
const { outside, port, connections, mails, mail } = JSON.parse(readFileSync(0, "utf8"));
const load = createRequire(`${outside}/`);
const { version } = load("nodemailer/package.json");
const pool = load("nodemailer").createTransport({
  pool: true, host: "127.0.0.1", port, secure: false, ignoreTLS: true,
  maxConnections: connections, maxMessages: Infinity,
});

const filled = (text, n) =>
  mail.slots.reduce((all, slot) => all.replaceAll(slot, `https://digest.example.org/${n}`), text);

const send = (n) =>
  pool.sendMail({
    from: mail.sender,
    to: { name: `Reader ${n}`, address: `reader${n}@example.org` },
    subject: mail.subject,
    headers: { "List-Unsubscribe": `<https://digest.example.org/${n}>` },
    html: filled(mail.html, n),
    text: filled(mail.text, n),
  });

const all = (count) => Promise.all(Array.from({ length: count }, (_, n) => send(n)));

await all(WARM);
const [start, before] = [performance.now(), process.cpuUsage()];
await all(mails);
const [end, cpu] = [performance.now(), process.cpuUsage(before)];
pool.close();
console.log(JSON.stringify({
  version, mails, seconds: (end - start) / 1e3, user: cpu.user / 1e6, system: cpu.system / 1e6,
}));
