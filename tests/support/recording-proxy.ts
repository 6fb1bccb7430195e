import { Agent, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

/** A PUT that went through, in the order of its arrival. */
export type RecordedPut = {
  /** Path without the query. */
  path: string;
  /** Of a part object. */
  shardId: string | undefined;
  arrivedAtMs: number;
  status: number | undefined;
};

export type RecordingProxy = { url: string; puts: RecordedPut[]; close(): Promise<void> };

/**
 * Passes everything on to `target`, and remembers each PUT of whoever uses it. A PUT for which
 * `hold` gives a promise is passed on when that resolves, whatever became of its sender.
 */
export const startRecordingProxy = async (
  target: string,
  hold: (put: RecordedPut) => Promise<void> | undefined = () => undefined,
): Promise<RecordingProxy> => {
  const puts: RecordedPut[] = [];
  const agent = new Agent({ keepAlive: true });
  const server = createServer(async (incoming, outgoing) => {
    const { method, url = "/", headers } = incoming;
    const shardId = headers["x-amz-meta-shard"]?.toString();
    const [path = ""] = url.split("?");
    const put: RecordedPut = { path, shardId, arrivedAtMs: Date.now(), status: undefined };
    if (method === "PUT") puts.push(put);
    const held = method === "PUT" ? hold(put) : undefined;
    const body: Buffer[] = [];
    if (held !== undefined) {
      for await (const chunk of incoming) body.push(chunk);
      await held;
    }
    const passed = request(new URL(url, target), { method, headers, agent }, (answer) => {
      put.status = answer.statusCode;
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on("error", () => outgoing.destroy());
    if (held !== undefined) {
      passed.end(Buffer.concat(body));
      return;
    }
    outgoing.on("close", () => {
      if (!outgoing.writableFinished) passed.destroy();
    });
    incoming.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    puts,
    close: () => {
      server.closeAllConnections();
      agent.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
};
