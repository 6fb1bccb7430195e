import { Agent, request } from "node:http";

/** One log of exactly `bytes` bytes, unlike any other by its number. */
export const makeLog = (index: number, bytes: number, sentAt: number): string => {
  const service = `service-${index % 4}`;
  const head = `{"timestamp":"${new Date(sentAt).toISOString()}","service":"${service}","level":"INFO","n":${index},"sent_at":${sentAt},"trace_id":"b16455fb098e4517aced3b69baaa4460","path":"/v1/pay/refund","status":200,"latency_ms":162.51,"message":"`;
  return `${head}${"m".repeat(Math.max(0, bytes - head.length - 2))}"}`;
};

export type PostResult = { status: number; accepted: number };

/** Posts bodies over keep-alive connections. */
export const createPoster = (url: string, connections: number) => {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const target = new URL("/api/ingest/batch", url);
  return {
    post: (body: Buffer): Promise<PostResult> =>
      new Promise((resolve, reject) => {
        const call = request(
          target,
          {
            agent,
            method: "POST",
            headers: { "content-type": "application/json", "content-length": body.length },
          },
          (response) => {
            const chunks: Buffer[] = [];
            response.on("data", (chunk: Buffer) => chunks.push(chunk));
            response.on("end", () => {
              const answer = JSON.parse(Buffer.concat(chunks).toString()) as { accepted?: number };
              resolve({ status: response.statusCode ?? 0, accepted: answer.accepted ?? 0 });
            });
          },
        );
        call.on("error", reject);
        call.end(body);
      }),
    close: () => agent.destroy(),
  };
};
