import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test, vi } from "vitest";
import { freePorts } from "../support/ports.ts";

const hasMoto =
  !process.env.CONTRACT_ENDPOINT &&
  spawnSync("moto_server", ["--help"], { stdio: "ignore", timeout: 60_000 }).status === 0;

type Case = { file: string; name: string; isFailed: boolean };

/** The lines `- case` below "Cases that fail", by file; `*` stands for any text. */
const documentedDifferences = async (): Promise<{ file: string; pattern: RegExp }[]> => {
  const text = await readFile("docs/contract-differences.md", "utf8");
  const [, cases = ""] = text.split(/^## Cases that fail.*$/m);
  let file = "";
  return cases.split("\n").flatMap((line) => {
    file = /^### `(\w+\/[\w-]+\.test\.ts)`/.exec(line)?.[1] ?? file;
    const name = /^- (.+)$/.exec(line)?.[1];
    if (name === undefined) return [];
    const escaped = name.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");
    return [{ file, pattern: new RegExp(`^${escaped}$`, "s") }];
  });
};

const startMoto = async (): Promise<{ server: ChildProcess; url: string }> => {
  const [port] = await freePorts(1);
  const server = spawn("moto_server", ["-H", "127.0.0.1", "-p", String(port)], {
    stdio: "ignore",
  });
  const url = `http://127.0.0.1:${port}`;
  await vi.waitFor(async () => expect((await fetch(`${url}/moto-api/`)).status).toBe(200), {
    timeout: 30_000,
    interval: 200,
  });
  return { server, url };
};

/** The contract suite against an endpoint, as a test run of its own. */
const runSuite = async (endpoint: string, report: string): Promise<Case[]> => {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("VITEST"));
  const args = ["run", "--project", "contract", "--reporter=json", `--outputFile=${report}`];
  // Left out: this file, the cases only ours can do, and the command-line clients, which are slow.
  for (const pattern of ["**/moto.test.ts", "**/ours-*.test.ts", "**/clients.test.ts"])
    args.push("--exclude", pattern);
  const run = spawn(
    process.execPath,
    ["node_modules/vitest/vitest.mjs", ...args, "--testTimeout=15000"],
    {
      stdio: "ignore",
      env: {
        ...Object.fromEntries(own),
        NODE_ENV: "test",
        CONTRACT_ENDPOINT: endpoint,
        CONTRACT_NAME: "moto",
      },
    },
  );
  await once(run, "exit");
  const { testResults } = JSON.parse(await readFile(report, "utf8")) as {
    testResults: {
      name: string;
      assertionResults: { fullName: string; status: string }[];
    }[];
  };
  return testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === "passed" || status === "failed")
      .map(({ fullName, status }) => ({
        file: name.replaceAll("\\", "/").split("tests/contract/")[1] ?? name,
        name: fullName,
        isFailed: status === "failed",
      })),
  );
};

test.skipIf(!hasMoto)(
  "moto differs from the contract only where docs/contract-differences.md says so",
  async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "contract-moto-"));
    const { server, url } = await startMoto();
    try {
      const cases = await runSuite(url, path.join(folder, "report.json"));
      const differences = cases.filter(({ isFailed }) => isFailed);
      console.log(
        `contract suite: ${cases.length} cases against moto (${differences.length} differ, all listed in docs/contract-differences.md unless this test fails)`,
      );
      const documented = await documentedDifferences();
      const undocumented = differences.filter(
        ({ file, name }) =>
          !documented.some((entry) => entry.file === file && entry.pattern.test(name)),
      );
      expect(cases.length).toBeGreaterThan(100);
      expect(undocumented.map(({ file, name }) => `${file}: ${name}`)).toEqual([]);
    } finally {
      server.kill("SIGTERM");
      await rm(folder, { recursive: true, force: true });
    }
  },
  240_000,
);
