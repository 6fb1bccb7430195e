import http from "node:http";
import type { AddressInfo } from "node:net";

export type MillionKeys = {
  url: string;
  /** List calls for the big bucket since the last look. */
  takeCalls(): URLSearchParams[];
  /** Refuses every list call. */
  deny(isDenied: boolean): void;
  /** Holds back the answers to this prefix. */
  slow(prefix: string, ms: number): void;
  /** How many held answers went out. */
  slowAnswers(): number;
  close(): Promise<void>;
};

export const BIG_BUCKET = "big-bucket";
const KEYS = 1_000_000;

const keyAt = (index: number): string =>
  `logs/${String(index).padStart(7, "0")}${index % 1_000 === 7 ? "-needle" : ""}.jsonl`;

/** The first index whose key is what `isBehind` says; all behind it are, too. */
const firstIndex = (isBehind: (key: string) => boolean): number => {
  let low = 0;
  let high = KEYS;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBehind(keyAt(middle))) high = middle;
    else low = middle + 1;
  }
  return low;
};

const object = (key: string): string =>
  `<Contents><Key>${key}</Key><LastModified>2026-11-22T10:00:00.000Z</LastModified><ETag>"e"</ETag><Size>${key.length * 100}</Size><StorageClass>STANDARD</StorageClass></Contents>`;

const listing = (query: URLSearchParams): string => {
  const prefix = query.get("prefix") ?? "";
  const after = query.get("start-after") ?? "";
  const max = Number(query.get("max-keys") ?? 1_000);
  const isFolded = query.get("delimiter") === "/" && !prefix.includes("/");
  if (isFolded) {
    const isThere = "logs/".startsWith(prefix) && after < "logs/";
    return `<IsTruncated>false</IsTruncated>${isThere ? "<CommonPrefixes><Prefix>logs/</Prefix></CommonPrefixes>" : ""}`;
  }
  const start = firstIndex((key) => key > after && key >= prefix);
  const keys: string[] = [];
  for (let index = start; index < KEYS && keys.length <= max; index += 1) {
    const key = keyAt(index);
    if (!key.startsWith(prefix)) break;
    keys.push(key);
  }
  const isMore = keys.length > max;
  const page = keys.slice(0, max);
  const token = isMore ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : "";
  return `<IsTruncated>${isMore}</IsTruncated>${token}${page.map(object).join("")}`;
};

const xml = (body: string): string => `<?xml version="1.0" encoding="UTF-8"?>${body}`;

/** An S3 that holds one bucket of 1,000,000 keys, which it works out and does not keep. */
export const startMillionKeys = async (): Promise<MillionKeys> => {
  let calls: URLSearchParams[] = [];
  let isDenied = false;
  let slowPrefix: string | undefined;
  let slowMs = 0;
  let slowAnswers = 0;
  const server = http.createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://s3");
    const answer = (status: number, body: string) => {
      response.writeHead(status, { "content-type": "application/xml" });
      response.end(xml(body));
    };
    if (pathname !== `/${BIG_BUCKET}` && pathname !== `/${BIG_BUCKET}/`)
      return answer(404, "<Error><Code>NoSuchBucket</Code></Error>");
    calls.push(searchParams);
    if (isDenied) return answer(403, "<Error><Code>AccessDenied</Code></Error>");
    const body = `<ListBucketResult>${listing(searchParams)}</ListBucketResult>`;
    if (searchParams.get("prefix") !== slowPrefix) return answer(200, body);
    setTimeout(() => {
      slowAnswers += 1;
      answer(200, body);
    }, slowMs);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    takeCalls: () => calls.splice(0),
    deny: (value) => {
      isDenied = value;
    },
    slow: (prefix, ms) => {
      slowPrefix = prefix;
      slowMs = ms;
    },
    slowAnswers: () => slowAnswers,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      calls = [];
    },
  };
};
