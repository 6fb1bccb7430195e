// Health check of the containers: node health.mjs <url> [field=value]. Exits 0 when the address
// answers 200 and, where a field is given, the JSON answer has it; else says why and exits 1.
import http from "node:http";

const [address, expected] = process.argv.slice(2);
const fail = (reason) => {
  process.stderr.write(`${reason}\n`);
  process.exit(1);
};
const [field, value] = expected?.split("=") ?? [];
// The dashboard refuses Host headers that are names, except localhost.
const request = http.get(address, { headers: { host: "localhost" }, timeout: 4_000 }, (answer) => {
  let body = "";
  answer.setEncoding("utf8");
  answer.on("data", (text) => {
    body += text;
  });
  answer.on("end", () => {
    if (answer.statusCode !== 200) fail(`${address} answered ${answer.statusCode}`);
    if (field === undefined) return;
    const found = JSON.parse(body)[field];
    if (found !== value) fail(`${field} is ${found}, not ${value}`);
  });
});
request.on("timeout", () => fail(`${address} does not answer`));
request.on("error", (error) => fail(`${address}: ${error.message}`));
