import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createPoster, makeLog } from "./support/load.ts";
import {
  cpuSeconds,
  machine,
  median,
  memoryOf,
  runPart,
  startPart,
  stopPart,
} from "./support/processes.ts";

// Question: how many logs a second does one core take from HTTP body to Kinesis' answer?
// 512-byte logs in batches of 100 over 8 connections; ingest alone on core 0, the local Kinesis and
// the load generator on core 1. What the second core cannot feed shows as idle time of the first,
// so the CPU time per log is the figure to compare.

const ROUNDS = 5;
const SECONDS = 6;
const BATCH = 100;
const LOG_BYTES = 512;
const CONNECTIONS = 8;
const PORTS = { aws: 24_566, ingest: 28_004 };

const bodies = Array.from({ length: 64 }, (_, batch) => {
  const logs = Array.from({ length: BATCH }, (_, i) =>
    makeLog(batch * BATCH + i, LOG_BYTES, Date.now()),
  );
  return Buffer.from(`{"logs":[${logs.join(",")}],"metadata":{}}`);
});

type Variant = { name: string; env: NodeJS.ProcessEnv };
const variants: Variant[] = [
  { name: "packed", env: {} },
  { name: "one log a record", env: { RECORD_PACK_BYTES: "0" } },
];

const measure = async ({ env }: Variant) => {
  const directory = mkdtempSync(path.join(tmpdir(), "bench-ingest-"));
  const shared = {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${PORTS.aws}`,
    LOCAL_AWS_DIR: directory,
    INGEST_PORT: String(PORTS.ingest),
    ...env,
  };
  const aws = await startPart("emulator", shared, 1);
  runPart("setup", shared);
  const ingest = await startPart("ingest", shared, 0);
  const poster = createPoster(`http://127.0.0.1:${PORTS.ingest}`, CONNECTIONS);
  try {
    const load = async (seconds: number): Promise<number> => {
      const until = performance.now() + seconds * 1000;
      let accepted = 0;
      let next = 0;
      const worker = async () => {
        while (performance.now() < until) {
          next += 1;
          const body = bodies[next % bodies.length] ?? Buffer.alloc(0);
          const result = await poster.post(body);
          if (result.status !== 200) throw new Error(`HTTP ${result.status}`);
          accepted += result.accepted;
        }
      };
      await Promise.all(Array.from({ length: CONNECTIONS }, worker));
      return accepted;
    };
    await load(2);
    const pid = ingest.pid ?? 0;
    const cpuBefore = cpuSeconds(pid);
    const startedAt = performance.now();
    const accepted = await load(SECONDS);
    const seconds = (performance.now() - startedAt) / 1000;
    const cpu = cpuSeconds(pid) - cpuBefore;
    return {
      logsPerSecond: accepted / seconds,
      cpuMicrosPerLog: (cpu * 1e6) / accepted,
      coreShare: cpu / seconds,
      rssMb: memoryOf(pid).rssMb,
    };
  } finally {
    poster.close();
    await stopPart(ingest);
    await stopPart(aws);
    rmSync(directory, { recursive: true, force: true });
  }
};

console.log(
  `${machine()}; ${LOG_BYTES}-byte logs, ${BATCH} a request, ${CONNECTIONS} connections, ${ROUNDS} rounds of ${SECONDS} s`,
);
const results = new Map<string, Awaited<ReturnType<typeof measure>>[]>();
for (let round = 0; round < ROUNDS; round += 1) {
  for (const variant of round % 2 === 0 ? variants : variants.toReversed())
    results.set(variant.name, [...(results.get(variant.name) ?? []), await measure(variant)]);
}
for (const [name, runs] of results) {
  const column = (pick: (run: (typeof runs)[number]) => number) => runs.map(pick);
  const rates = column((run) => run.logsPerSecond);
  const cpu = column((run) => run.cpuMicrosPerLog);
  console.log(
    `${name.padEnd(18)} median ${Math.round(median(rates))} logs/s, ${median(cpu).toFixed(1)} µs CPU a log (${Math.round(1e6 / median(cpu))} logs/s a core), core used ${Math.round(100 * median(column((run) => run.coreShare)))} %, RSS ${Math.round(median(column((run) => run.rssMb)))} MB`,
  );
  console.log(
    `${"".padEnd(18)} raw logs/s ${rates.map(Math.round).join(" ")}; raw µs ${cpu.map((v) => v.toFixed(1)).join(" ")}`,
  );
}
