import { setMaxListeners } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import type { FaultAction, Faults } from "../faults.ts";
import type { EmulatorService } from "../types.ts";
import {
  createBucket,
  deleteBucket,
  deleteConfig,
  getAcl,
  getBucketLocation,
  getConfig,
  headBucket,
  listBuckets,
  putConfig,
} from "./bucket-operations.ts";
import type { Call, Operation } from "./call.ts";
import { internalError, notImplemented, S3Error } from "./errors.ts";
import { listMultipartUploads, listObjects, listObjectsV2 } from "./list-operations.ts";
import {
  copyObject,
  deleteObject,
  deleteObjects,
  deleteObjectTagging,
  getObject,
  getObjectTagging,
  headObject,
  putObject,
  putObjectTagging,
} from "./object-operations.ts";
import { checkPresigned } from "./presigned.ts";
import { discardReply, newRequestId, type Reply, resetConnection, sendReply } from "./reply.ts";
import { openStore } from "./store.ts";
import { BUCKET_CONFIGS, CONFIG_OPERATIONS, operationOf, targetOf } from "./target.ts";
import {
  abortMultipartUpload,
  completeMultipartUpload,
  createMultipartUpload,
  listParts,
  uploadPart,
  uploadPartCopy,
} from "./upload-operations.ts";
import { errorDocument } from "./xml.ts";

export type S3ServiceOptions = {
  directory: string;
  faults: Faults;
  /** Milliseconds since the epoch. */
  now?: () => number;
  /** Of one PutObject or one part; 5 GiB, as on AWS, unless given. */
  maxObjectBytes?: number;
  /** Waits for the disk on every commit, so that a power cut loses nothing either. */
  syncToDisk?: boolean;
};

const MAX_OBJECT_BYTES = 5 * 1024 ** 3;
/** Of a refused upload, this much is read so that the client gets to see the answer. */
const MAX_DRAINED_BYTES = 64 * 1_048_576;

const OPERATIONS: Readonly<Record<string, Operation>> = {
  ListBuckets: listBuckets,
  CreateBucket: createBucket,
  HeadBucket: headBucket,
  DeleteBucket: deleteBucket,
  GetBucketLocation: getBucketLocation,
  GetBucketAcl: getAcl,
  GetObjectAcl: getAcl,
  ListObjects: listObjects,
  ListObjectsV2: listObjectsV2,
  ListMultipartUploads: listMultipartUploads,
  PutObject: putObject,
  GetObject: getObject,
  HeadObject: headObject,
  DeleteObject: deleteObject,
  DeleteObjects: deleteObjects,
  CopyObject: copyObject,
  GetObjectTagging: getObjectTagging,
  PutObjectTagging: putObjectTagging,
  DeleteObjectTagging: deleteObjectTagging,
  CreateMultipartUpload: createMultipartUpload,
  UploadPart: uploadPart,
  UploadPartCopy: uploadPartCopy,
  ListParts: listParts,
  CompleteMultipartUpload: completeMultipartUpload,
  AbortMultipartUpload: abortMultipartUpload,
  ...Object.fromEntries(
    BUCKET_CONFIGS.flatMap((name) => [
      [`Get${CONFIG_OPERATIONS[name]}`, getConfig(name)],
      [`Put${CONFIG_OPERATIONS[name]}`, putConfig(name)],
      [`Delete${CONFIG_OPERATIONS[name]}`, deleteConfig(name)],
    ]),
  ),
};

const toS3Error = (error: unknown): S3Error => {
  if (error instanceof S3Error) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT")
    return internalError("The disk that holds the local S3 is full.", error);
  return internalError(`The local S3 failed: ${message}`, error);
};

const errorReply = (error: S3Error, path: string, requestId: string): Reply => ({
  status: error.status,
  headers: { "content-type": "application/xml", ...error.headers },
  body: errorDocument({
    Code: error.code,
    Message: error.message,
    ...error.details,
    Resource: path,
    RequestId: requestId,
    HostId: requestId,
  }),
});

/** Reads on what a client still sends: one that is writing may never look at the answer. */
const drain = async (request: IncomingMessage): Promise<boolean> => {
  if (request.complete || request.readableEnded) return true;
  let bytes = 0;
  try {
    for await (const piece of request.iterator({ destroyOnReturn: false })) {
      bytes += piece.length;
      if (bytes > MAX_DRAINED_BYTES) return false;
    }
  } catch {
    return false;
  }
  return true;
};

/** An S3 server over one folder. See `openStore` for what it promises of the data. */
export const createS3Service = async (options: S3ServiceOptions): Promise<EmulatorService> => {
  const now = options.now ?? Date.now;
  const maxObjectBytes = options.maxObjectBytes ?? MAX_OBJECT_BYTES;
  const store = openStore(options.directory, { syncToDisk: options.syncToDisk ?? false, now });
  const closing = new AbortController();
  // Every delayed request listens; eleven of them are no leak.
  setMaxListeners(0, closing.signal);

  const faultFor = async (operation: string, resource: string): Promise<FaultAction> => {
    const fault = options.faults.decide({ service: "s3", operation, resource }) ?? {};
    if (fault.delayMs !== undefined)
      await wait(fault.delayMs, undefined, { signal: closing.signal }).catch(() => {});
    return fault;
  };

  const perform = async (request: IncomingMessage): Promise<Reply | "reset"> => {
    const { headers, method = "GET" } = request;
    const target = targetOf(request);
    const operation = operationOf(method, target, headers);
    const { bucket, key } = target;
    const fault = await faultFor(operation, key === "" ? bucket : `${bucket}/${key}`);
    if (fault.reset === true) return "reset";
    if (fault.code !== undefined)
      throw new S3Error(
        fault.status ?? 503,
        fault.code,
        fault.message ?? "Please reduce your request rate.",
      );
    checkPresigned(target.query, now());
    const run = OPERATIONS[operation];
    if (run === undefined) throw notImplemented(operation.replace(/^\?/, "the sub-resource "));
    const call: Call = { ...target, request, headers, store, now, maxObjectBytes };
    const reply = await run(call);
    if (fault.dropReply !== true) return reply;
    discardReply(reply);
    return "reset";
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const requestId = newRequestId();
    let reply: Reply | "reset";
    try {
      reply = await perform(request);
    } catch (error) {
      const path = request.url?.split("?", 1)[0] ?? "/";
      reply = errorReply(toS3Error(error), path, requestId);
    }
    if (reply === "reset") return resetConnection(request);
    if (request.destroyed && !request.complete) return discardReply(reply);
    const isDrained = await drain(request);
    if (!isDrained && request.httpVersionMajor === 1) response.setHeader("connection", "close");
    await sendReply(request, response, reply, requestId);
  };

  return {
    handle: async (request, response) => {
      try {
        await answer(request, response);
      } catch {
        // The client is gone, or the file is: what was begun cannot be ended well.
        response.destroy();
      }
    },
    close: async () => {
      closing.abort();
      store.close();
    },
  };
};
