import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { MIB, RECORD_MAX_BYTES } from "../../../shared/core/limits.ts";
import { type Logger, silentLogger } from "../../../shared/core/logger.ts";
import type { FaultAction, Faults } from "../faults.ts";
import type { EmulatorService } from "../types.ts";
import { internalFailure, KinesisError, serializationFailed } from "./errors.ts";
import { findOperation } from "./operations/index.ts";
import type { Answer, Context } from "./operations/operation.ts";
import { ClientGoneError, createBodyReader } from "./request-body.ts";
import type { ShardLogOptions } from "./shard-log.ts";
import { openStreamStore } from "./stream-store.ts";
import { createTokens } from "./tokens.ts";

const CONTENT_TYPE = "application/x-amz-json-1.1";
const TARGET_PREFIX = "Kinesis_20131202.";
const SYNC_INTERVAL_MS = 1_000;
const TRIM_INTERVAL_MS = 30_000;

export type KinesisServiceOptions = {
  directory: string;
  faults: Faults;
  /** `aws` holds every shard to its provisioned throughput. */
  throttle?: "off" | "aws";
  /** Bytes on disk per stream; past it the oldest records go before their retention period ends. */
  maxStreamBytes?: number;
  /** Largest record of new streams, data and partition key, in whole KiB. */
  maxRecordBytes?: number;
  /** How long CREATING, UPDATING and DELETING last. */
  stateChangeMs?: number;
  /**
   * When appended records are forced from the operating system to the disk. Whatever the choice,
   * nothing acknowledged is lost when this process is killed: the bytes are then the kernel's.
   * This is about the machine losing power. `interval`, the default, risks the last second and
   * costs no request anything, which suits a laptop; on AWS it is the service that is durable.
   * `always` answers after the disk has the bytes; `never` leaves it to the kernel.
   */
  fsync?: "never" | "interval" | "always";
  now?: () => number;
  account?: string;
  region?: string;
  log?: Logger;
  /** Injected where a test needs a disk that fails. */
  disk?: Pick<ShardLogOptions, "writeSync" | "ftruncateSync">;
};

/** Ends the connection the hard way; on HTTP/2 that is this request's stream alone. */
const reset = (request: IncomingMessage): void => {
  request.socket.destroy();
};

const parseJson = (body: Buffer): unknown => {
  if (body.length === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch (cause) {
    throw serializationFailed(`The request body is not JSON: ${(cause as Error).message}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw serializationFailed("The request body must be a JSON object.");
  return value;
};

/** What fault rules match against; taken as it comes, before anything is checked. */
const resourceOf = (body: unknown, tokens: Context["tokens"]): string => {
  const { StreamName, StreamARN, ResourceARN, ShardIterator } = body as Record<string, unknown>;
  if (typeof StreamName === "string") return StreamName;
  for (const arn of [StreamARN, ResourceARN])
    if (typeof arn === "string") return arn.slice(arn.lastIndexOf("/") + 1);
  if (typeof ShardIterator !== "string") return "";
  return String(tokens.open(ShardIterator)?.[1] ?? "");
};

/**
 * Kinesis Data Streams over a directory: JSON protocol 1.1, no signature check. What it answers
 * with success survives `kill -9` of this process. One process per directory.
 */
export const createKinesisService = async (
  options: KinesisServiceOptions,
): Promise<EmulatorService> => {
  const { faults } = options;
  const log = options.log ?? silentLogger;
  const fsync = options.fsync ?? "interval";
  const now = options.now ?? Date.now;
  const account = options.account ?? "000000000000";
  const store = openStreamStore({
    directory: options.directory,
    isSynced: fsync !== "never",
    maxStreamBytes: options.maxStreamBytes ?? 1024 * MIB,
    stateChangeMs: options.stateChangeMs ?? 50,
    account,
    now,
    log,
    ...(options.disk && { disk: options.disk }),
  });
  const context: Context = {
    store,
    tokens: createTokens(store.signingKey),
    faults,
    isThrottled: options.throttle === "aws",
    account,
    region: options.region ?? "us-east-1",
    defaultMaxRecordKiB: Math.floor((options.maxRecordBytes ?? RECORD_MAX_BYTES) / 1024),
    now,
    settle: async (stream) => {
      if (fsync !== "always") return;
      try {
        await stream.sync();
      } catch (cause) {
        throw internalFailure(`The record may not be on disk: ${(cause as Error).message}`);
      }
    },
  };

  let isClosed = false;
  const timers: NodeJS.Timeout[] = [];
  const every = (intervalMs: number, work: () => Promise<void>): void => {
    let isRunning = false;
    const timer = setInterval(() => {
      if (isRunning) return;
      isRunning = true;
      work()
        .catch((error: unknown) => log.error({ err: error }, "Work on the streams' files failed."))
        .finally(() => {
          isRunning = false;
        });
    }, intervalMs);
    timers.push(timer.unref());
  };
  if (fsync === "interval")
    every(SYNC_INTERVAL_MS, async () => {
      for (const stream of store.list()) await stream.sync();
    });
  every(TRIM_INTERVAL_MS, async () => {
    for (const stream of store.list())
      if (stream.status(now()) !== "DELETING") stream.trimExpired(now());
  });

  const send = (
    request: IncomingMessage,
    response: ServerResponse,
    status: number,
    answer: Answer,
    headers: Readonly<Record<string, string>> = {},
  ): void => {
    if (response.headersSent || response.destroyed) return;
    const text = typeof answer === "object" ? JSON.stringify(answer) : (answer ?? "");
    const body = Buffer.from(text);
    response.writeHead(status, {
      "content-type": CONTENT_TYPE,
      "content-length": body.length,
      "x-amzn-requestid": randomUUID(),
      ...headers,
      ...(status === 413 && request.httpVersionMajor === 1 && { connection: "close" }),
    });
    response.end(body);
  };

  const sendError = (request: IncomingMessage, response: ServerResponse, error: unknown): void => {
    if (error instanceof ClientGoneError) return;
    const known =
      error instanceof KinesisError ? error : internalFailure("Internal service failure.");
    if (known !== error) log.error({ err: error }, "A Kinesis request failed unexpectedly.");
    const { code, message, status } = known;
    send(request, response, status, { __type: code, message }, { "x-amzn-errortype": code });
  };

  const operationName = (request: IncomingMessage): string => {
    const target = request.headers["x-amz-target"];
    return typeof target === "string" && target.startsWith(TARGET_PREFIX)
      ? target.slice(TARGET_PREFIX.length)
      : "";
  };

  const refuseCbor = (request: IncomingMessage): void => {
    if (String(request.headers["content-type"]).startsWith("application/x-amz-cbor"))
      throw serializationFailed(
        "The local emulator speaks JSON, not CBOR. Set AWS_CBOR_DISABLE=true, or aws.cborEnabled=false, for the SDK.",
      );
  };

  const fail = (fault: FaultAction | undefined): void => {
    if (fault?.code !== undefined)
      throw new KinesisError(fault.code, fault.message ?? "Injected fault.", fault.status ?? 400);
  };

  const answer = async (
    request: IncomingMessage,
    response: ServerResponse,
    body: Buffer,
  ): Promise<void> => {
    const name = operationName(request);
    refuseCbor(request);
    const run = findOperation(name);
    const input = parseJson(body);
    const resource = resourceOf(input, context.tokens);
    const fault = faults.decide({ service: "kinesis", operation: name, resource });
    if (fault?.delayMs) await wait(fault.delayMs);
    if (fault?.reset) return reset(request);
    fail(fault);
    if (isClosed) throw internalFailure("The emulator is closing.");
    const result = await run(input, context);
    if (fault?.dropReply) return reset(request);
    send(request, response, 200, result);
  };

  const withBody = createBodyReader();

  return {
    handle: async (request, response) => {
      request.on("error", () => {});
      response.on("error", () => {});
      try {
        await withBody(request, (body) => answer(request, response, body));
      } catch (error) {
        try {
          sendError(request, response, error);
        } catch (cause) {
          // The connection broke between the check and the write.
          log.debug({ err: cause }, "An answer could not be sent.");
        }
      }
    },
    close: async () => {
      isClosed = true;
      for (const timer of timers) clearInterval(timer);
      if (fsync !== "never")
        for (const stream of store.list())
          await stream
            .sync()
            .catch((error: unknown) => log.error({ err: error }, "The last sync failed."));
      await store.close();
    },
  };
};
