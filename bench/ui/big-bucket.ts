import { createServer, request } from "node:http";

/** Its keys are in the layout of the pipeline: 1,000 services, 1,000 objects each. */
export const BIG_BUCKET = "md-big";
const SERVICES = 1_000;
const OBJECTS = 1_000;

const keyAt = (index: number): string => {
  const service = String(Math.floor(index / OBJECTS)).padStart(4, "0");
  const object = String(index % OBJECTS).padStart(4, "0");
  return `service=s${service}/year=2026/month=11/day=22/hour=10/part-${object}.jsonl`;
};

/** The index of the first key behind `after`, by halving. */
const firstAfter = (after: string): number => {
  let [low, high] = [0, SERVICES * OBJECTS];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keyAt(middle) > after) high = middle;
    else low = middle + 1;
  }
  return low;
};

const object = (key: string): string =>
  `<Contents><Key>${key}</Key><LastModified>2026-11-22T10:00:00.000Z</LastModified><ETag>"0"</ETag><Size>2048</Size><StorageClass>STANDARD</StorageClass></Contents>`;

/** A page of ListObjectsV2, computed: no key of the million is ever held. */
const listPage = (query: URLSearchParams): string => {
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter") ?? "";
  const maxKeys = Math.min(1_000, Number(query.get("max-keys") ?? 1_000));
  const after = query.get("continuation-token") ?? query.get("start-after") ?? "";
  const items: string[] = [];
  let last = "";
  let isTruncated = false;
  let index = firstAfter(after > prefix ? after : prefix.slice(0, -1));
  while (index < SERVICES * OBJECTS) {
    const key = keyAt(index);
    if (!key.startsWith(prefix)) {
      if (key > prefix) break;
      index += 1;
      continue;
    }
    if (items.length === maxKeys) {
      isTruncated = true;
      break;
    }
    const cut = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
    if (cut < 0) {
      items.push(object(key));
      last = key;
      index += 1;
    } else {
      const folder = key.slice(0, cut + 1);
      if (folder !== after)
        items.push(`<CommonPrefixes><Prefix>${folder}</Prefix></CommonPrefixes>`);
      last = `${folder}\uffff`;
      index = firstAfter(last);
    }
  }
  const next = isTruncated ? `<NextContinuationToken>${last}</NextContinuationToken>` : "";
  return `<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>${BIG_BUCKET}</Name><Prefix>${prefix}</Prefix><KeyCount>${items.length}</KeyCount><MaxKeys>${maxKeys}</MaxKeys><IsTruncated>${isTruncated}</IsTruncated>${items.join("")}${next}</ListBucketResult>`;
};

/** An S3 endpoint that has a bucket of 1,000,000 keys, and hands everything else on to `upstream`. */
export const startBigBucket = async (port: number, upstream: string) => {
  let listCalls = 0;
  const server = createServer((incoming, answer) => {
    const url = new URL(incoming.url ?? "/", "http://localhost");
    if (url.pathname.replaceAll("/", "") === BIG_BUCKET) {
      listCalls += 1;
      answer.writeHead(200, { "content-type": "application/xml" }).end(listPage(url.searchParams));
      return;
    }
    const { method = "GET", headers } = incoming;
    const onward = request(upstream + (incoming.url ?? ""), { method, headers }, (back) => {
      answer.writeHead(back.statusCode ?? 502, back.headers);
      back.pipe(answer);
    });
    onward.on("error", () => answer.writeHead(502).end());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    takeListCalls: (): number => {
      const calls = listCalls;
      listCalls = 0;
      return calls;
    },
    close: async (): Promise<void> => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
};
