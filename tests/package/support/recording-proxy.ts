import { createServer, type IncomingHttpHeaders, request } from "node:http";
import type { AddressInfo } from "node:net";
import { ACCOUNT, REGION } from "./template.ts";

export type AwsCall = { action: string; arn: string };

export type RecordingProxy = {
  url: string;
  calls: AwsCall[];
  close(): Promise<void>;
};

/** Answers of services that the local AWS does not have, by IAM action; undefined is a 400. */
export type Answers = Readonly<
  Record<string, (input: Record<string, unknown>) => object | undefined>
>;

const S3_ACTIONS: Readonly<Record<string, { object: string; bucket: string }>> = {
  GET: { object: "s3:GetObject", bucket: "s3:ListBucket" },
  HEAD: { object: "s3:GetObject", bucket: "s3:ListBucket" },
  PUT: { object: "s3:PutObject", bucket: "s3:CreateBucket" },
  DELETE: { object: "s3:DeleteObject", bucket: "s3:DeleteBucket" },
};

const SERVICES: Readonly<Record<string, string>> = {
  AmazonSSM: "ssm",
  GraniteServiceVersion20100801: "cloudwatch",
  Kinesis_20131202: "kinesis",
};

/** The IAM action and resource that a call needs, read off the wire. */
const toCall = (
  method: string,
  url: string,
  headers: IncomingHttpHeaders,
  input: Record<string, unknown>,
  streamOf: ReadonlyMap<unknown, unknown>,
): AwsCall => {
  const target = headers["x-amz-target"];
  if (typeof target === "string") {
    const [service = "", operation = ""] = target.split(".");
    const prefix = SERVICES[service] ?? service;
    const resource =
      prefix === "ssm"
        ? `arn:aws:ssm:${REGION}:${ACCOUNT}:parameter${input.Name}`
        : prefix === "kinesis"
          ? `arn:aws:kinesis:${REGION}:${ACCOUNT}:stream/${input.StreamName ?? streamOf.get(input.ShardIterator)}`
          : "*";
    return { action: `${prefix}:${operation}`, arn: resource };
  }
  const path = decodeURIComponent(new URL(url, "http://s3").pathname).slice(1);
  const slash = path.indexOf("/");
  const isObject = slash >= 0 && slash < path.length - 1;
  const actions = S3_ACTIONS[method];
  return {
    action: (isObject ? actions?.object : actions?.bucket) ?? method,
    arn: `arn:aws:s3:::${path.replace(/\/$/, "")}`,
  };
};

/** Stands between a function and the local AWS, and notes the permission that every call needs. */
export const startRecordingProxy = async (
  target: string,
  answers: Answers = {},
): Promise<RecordingProxy> => {
  const calls: AwsCall[] = [];
  // Permission to read on is that of the stream which the iterator is of.
  const streamOf = new Map<unknown, unknown>();
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk) => chunks.push(chunk));
    incoming.on("end", () => {
      const body = Buffer.concat(chunks);
      const { method = "GET", url = "/", headers } = incoming;
      const input = headers["x-amz-target"] ? JSON.parse(body.toString() || "{}") : {};
      const call = toCall(method, url, headers, input, streamOf);
      calls.push(call);
      const answer = answers[call.action];
      if (answer !== undefined) {
        const output = answer(input);
        outgoing.writeHead(output === undefined ? 400 : 200, {
          "content-type": headers["content-type"] ?? "application/x-amz-json-1.1",
        });
        outgoing.end(JSON.stringify(output ?? { __type: "NotFound" }));
        return;
      }
      const forward = request(new URL(url, target), { method, headers }, (reply) => {
        outgoing.writeHead(reply.statusCode ?? 502, reply.headers);
        reply.pipe(outgoing);
        if (!call.action.startsWith("kinesis:Get")) return;
        const stream = input.StreamName ?? streamOf.get(input.ShardIterator);
        const parts: Buffer[] = [];
        reply.on("data", (part) => parts.push(part));
        reply.on("end", () => {
          const answered = JSON.parse(Buffer.concat(parts).toString() || "{}");
          streamOf.set(answered.ShardIterator ?? answered.NextShardIterator, stream);
        });
      });
      forward.on("error", () => outgoing.destroy());
      forward.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
};
