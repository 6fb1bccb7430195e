import { DEMO_BUCKET, LOG_100K_KEY } from "../../../src/local/demo-data/objects.ts";
import { seedDemoData } from "../../../src/local/demo-data/seed.ts";
import { poll } from "../../support/poll.ts";
import type { Site } from "./site.ts";
import { test as base } from "./test.ts";

/** What `npm run demo-data` makes, for the last hours only. */
export type Demo = {
  /** Every page there is, by a name for the test's report. */
  readonly pages: readonly (readonly [name: string, path: string])[];
  readonly logs: number;
};

const HOURS = 6;

type QuarantineAnswer = { records: { bucket: string; key: string; id: string }[] };
type SummaryAnswer = { ledger: { streams: { in_flight: number | null }[] } };

const json = async <T>(url: string): Promise<T> => (await (await fetch(url)).json()) as T;

/** Fills a site and waits until everything has landed. */
export const seedSite = async (site: Site): Promise<Demo> => {
  const seeded = await seedDemoData(
    {
      s3: site.s3,
      kinesis: site.kinesis,
      ingestUrl: site.ingestUrl,
      logsBucket: "md-raw-logs",
      logsStream: "stage01-logs-stream",
      nowMs: Date.now(),
      say: () => undefined,
    },
    { hours: HOURS },
  );
  const quarantined = await poll(
    "the demo data has landed",
    async () => {
      const { records } = await json<QuarantineAnswer>(`${site.url}/api/quarantine?limit=500`);
      const { ledger } = await json<SummaryAnswer>(`${site.url}/api/stats/summary`);
      const isLanded = ledger.streams.every(({ in_flight }) => in_flight === 0);
      return isLanded && records.length >= seeded.quarantined ? records[0] : undefined;
    },
    60_000,
  );
  const now = Date.now();
  const ago = (hours: number) =>
    encodeURIComponent(new Date(now - hours * 3_600_000).toISOString());
  const stream = "/streams/stage01-logs-stream";
  const { bucket, key, id } = quarantined;
  const place = new URLSearchParams({ bucket, key, id });
  return {
    logs: seeded.logs,
    pages: [
      ["overview", "/"],
      ["streams", "/streams"],
      ["stream", stream],
      ["live tail", `${stream}?tab=live`],
      ["records", `${stream}?tab=records&position=TRIM_HORIZON`],
      ["shards", `${stream}?tab=shards`],
      ["consumers", `${stream}?tab=consumers`],
      ["charts", `${stream}?tab=charts`],
      ["buckets", "/buckets"],
      ["bucket", "/buckets/md-raw-logs"],
      ["hostile keys", `/buckets/${DEMO_BUCKET}`],
      ["partitions", "/buckets/md-raw-logs/partitions"],
      ["log viewer, one object", `/logs/${DEMO_BUCKET}?key=${LOG_100K_KEY}`],
      ["log viewer, a range", `/logs/md-raw-logs?from=${ago(2)}&to=${ago(0)}`],
      ["search", `/search?bucket=md-raw-logs&from=${ago(3)}&q=order`],
      ["quarantine", "/quarantine"],
      ["quarantined record", `/quarantine/record?${place}`],
      ["alerts", "/alerts"],
    ],
  };
};

/** `test` whose site is full of demo data. */
export const test = base.extend<{ demo: Demo }>({
  demo: [async ({ site }, use) => use(await seedSite(site)), { scope: "file" }],
});
